import { parseArgs } from 'node:util';
import { runWorld } from '../support/sim/scenario.ts';

/**
 * Runs seeded worlds without the test runner: `npm run sim -- --seed 1 --worlds 10000` for a long
 * search, or `npm run sim -- --seed 4711 --trace` for one of them with all that its workers said.
 */
const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const worlds = Number(values.worlds);
let failed = 0;
const startMs = performance.now();
for (let seed = first; seed < first + worlds; seed += 1) {
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const { problems } = await runWorld(seed, values.trace ? { trace: say } : {});
  if (problems.length === 0) continue;
  failed += 1;
  say(`seed ${String(seed)}: ${problems.join('; ')}`);
}
const seconds = (performance.now() - startMs) / 1000;
process.stdout.write(
  `${String(worlds - failed)} worlds passed, ${String(failed)} failed, ${seconds.toFixed(1)} s\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
