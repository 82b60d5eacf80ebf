import { homedir } from 'node:os';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import { loadCloud } from '../../src/adapters/openstack/clouds.ts';
import { compose } from '../../src/compose.ts';
import { openConfig, readFile, reloadConfig } from '../../src/compose-config.ts';
import type { Config } from '../../src/config/config.ts';
import type { Doors, Parts } from '../../src/surfaces/cli/parts.ts';
import { createProcessIo } from '../../src/surfaces/cli/process-io.ts';
import { runCli } from '../../src/surfaces/cli/run.ts';
import { codeOf } from '../../src/surfaces/cli/session.ts';

/**
 * The command as it is, but for times below what the configuration allows: on the loopback no request
 * lingers in a proxy, and hundreds of ends of a worker must not cost half a minute each.
 */
const { env } = process;
const LEASE_MS = Number(env['IMPATIENT_LEASE_MS'] ?? 1000);
const UNCERTAIN_MS = Number(env['IMPATIENT_UNCERTAIN_MS'] ?? 3000);
const DEADLINE_MS = Number(env['IMPATIENT_DEADLINE_MS'] ?? 2000);

function hurried(config: Config): Config {
  const settings = {
    ...config.settings,
    'worker.lease': LEASE_MS,
    'retry.uncertain': UNCERTAIN_MS,
  };
  return { ...config, settings };
}

async function openCloud(parts: Parts): ReturnType<Parts['cloud']> {
  const plain = await parts.cloud();
  const loaded = loadCloud({ env, cwd: process.cwd(), home: homedir(), readFile, overrides: {} });
  if (plain.kind !== 'ok' || loaded.kind === 'error') return plain;
  const { compute } = createOpenStack({
    cloud: loaded.cloud,
    clock: parts.clock,
    log: parts.log,
    readDeadlineMs: DEADLINE_MS,
    writeDeadlineMs: DEADLINE_MS,
  });
  return { ...plain, compute };
}

const doors: Doors = {
  version: 'impatient',
  loadConfig: (options) => Promise.resolve(openConfig(options)),
  describe: () => Promise.resolve([]),
  reloadConfig: (config, options) => Promise.resolve(reloadConfig(config, options)),
  compose: async (config, options, role) => {
    const parts = await compose(hurried(config), options, role);
    return { ...parts, cloud: () => openCloud(parts) };
  },
};

process.exit(codeOf(await runCli(process.argv.slice(2), createProcessIo(process), doors)));
