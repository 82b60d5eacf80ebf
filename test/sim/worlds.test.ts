import { describe, expect, it } from 'vitest';
import { runWorld } from '../support/sim/scenario.ts';

const first = Number(process.env['SIM_SEED'] ?? '1');
const worlds = Number(process.env['SIM_WORLDS'] ?? '100');

describe('seeded worlds', () => {
  it(`keeps every promise in ${String(worlds)} worlds`, async () => {
    const failures: string[] = [];
    for (let seed = first; seed < first + worlds; seed += 1) {
      const { problems } = await runWorld(seed);
      if (problems.length > 0) failures.push(`seed ${String(seed)}: ${problems.join('; ')}`);
    }
    expect(failures).toEqual([]);
  });
});
