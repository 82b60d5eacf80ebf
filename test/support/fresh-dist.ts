import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { built } from './built-agent.ts';

/** Fails with one clear sentence unless the built program is there and not older than its sources. */
export function expectFreshDist(): void {
  const program = built('nova-ha.cjs');
  const builtMs = statSync(program).mtimeMs;
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const newer = readdirSync(source, { recursive: true, encoding: 'utf8' }).find(
    (name) => name.endsWith('.ts') && statSync(join(source, name)).mtimeMs > builtMs,
  );
  if (newer !== undefined)
    throw new Error(`${program} is older than src/${newer}: run npm run build first`);
}
