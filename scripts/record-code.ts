import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheOf, compileFile } from '../src/adapters/code-cache.ts';
import { createSystemClock } from '../src/adapters/system.ts';
import type * as agentParts from '../src/compose-agent-parts.ts';
import type { Log } from '../src/engine/ports.ts';
import { NO_SETTINGS } from '../src/surfaces/agent-settings.ts';

/**
 * Keeps what V8 compiles of dist/agent-parts.cjs while an agent does its work, beside that file. V8
 * compiles a function when it first runs, so the parts are used here as an agent uses them: a store is
 * opened, a simulated cloud is asked for its hosts. Redis is not there and need not be: its client tries.
 */
const [dist = 'dist'] = process.argv.slice(2);
const clock = createSystemClock();
const silent = (): void => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };

const file = compileFile(join(dist, 'agent-parts.cjs'));
const parts = file.run() as typeof agentParts;
const directory = mkdtempSync(join(tmpdir(), 'nova-ha-build-'));
const cloud = spawn(process.execPath, [join(dist, 'simulator.cjs')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const line = await new Promise<string>((resolve) => {
    cloud.stdout.setEncoding('utf8').once('data', resolve);
  });
  const { authUrl } = JSON.parse(line) as { readonly authUrl: string };
  const config = join(directory, 'config.yaml');
  for (const store of [
    `{kind: file, directory: "${directory}/store"}`,
    '{kind: redis, redis: {url: "redis://127.0.0.1:1"}}',
  ]) {
    writeFileSync(config, `state_directory: ${directory}\nstore: ${store}\n`);
    const settings = {
      ...NO_SETTINGS,
      config,
      authUrl,
      username: 'admin',
      password: 'secret',
      tenantName: 'admin',
      regionName: 'RegionOne',
    };
    const opened = await parts.openAgentStore(settings, clock, log);
    if (opened.kind === 'ok') {
      await opened.value.list();
      await opened.value.close();
    }
    const nova = await parts.openAgentCloud(settings, clock, log);
    if (nova.kind === 'ok') {
      const fleet = await nova.value.fleet();
      const [service] = fleet.kind === 'known' ? fleet.value.services.values() : [];
      const change = { status: 'disabled', reason: 'nova-ha: build', forcedDown: true } as const;
      if (service !== undefined && 'id' in service)
        await nova.value.compute.changeService(service.id, change);
      await nova.value.close();
    }
  }
} finally {
  cloud.kill('SIGTERM');
  rmSync(directory, { recursive: true, force: true });
}
writeFileSync(cacheOf(join(dist, 'agent-parts.cjs')), file.code());
process.exit(0);
