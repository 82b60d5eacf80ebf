import { runWorld } from './scenario.ts';

/** A share of the seeds that the suite runs; `SIM_SEED` and `SIM_WORLDS` choose others. */
export interface Batch {
  readonly first: number;
  readonly worlds: number;
}

const SEED = Number(process.env['SIM_SEED'] ?? '1');
const WORLDS = Number(process.env['SIM_WORLDS'] ?? '2000');

/** The seeds of one of `parts` test files, so that every core gets its share. */
export function batchOf(part: number, parts: number): Batch {
  const worlds = Math.ceil(WORLDS / parts);
  const first = SEED + part * worlds;
  return { first, worlds: Math.max(0, Math.min(worlds, SEED + WORLDS - first)) };
}

/** Runs a batch; for each world in which a promise was broken the one line that replays it. */
export async function failuresOf({ first, worlds }: Batch): Promise<readonly string[]> {
  const failures: string[] = [];
  for (let seed = first; seed < first + worlds; seed += 1) {
    const { problems } = await runWorld(seed);
    if (problems.length === 0) continue;
    const replay = `npm run sim -- --seed ${String(seed)} --trace`;
    failures.push(`${replay}: ${problems.join('; ')}`);
  }
  return failures;
}
