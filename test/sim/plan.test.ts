import { expect, it } from 'vitest';
import { forecast } from '../support/sim/forecast.ts';

const SEED = Number(process.env['SIM_SEED'] ?? '1');
const CLOUDS = 1000;

it(`what plan says is what happens, in ${String(CLOUDS)} random clouds under random policies`, async () => {
  const failures: string[] = [];
  const words = new Set<string>();
  for (let seed = SEED; seed < SEED + CLOUDS; seed += 1) {
    const { differences, said } = await forecast(seed);
    for (const word of said) words.add(word);
    if (differences.length > 0) failures.push(`seed ${String(seed)}: ${differences.join('; ')}`);
  }
  expect(failures).toEqual([]);
  // A forecast in which nothing is skipped would prove little.
  const codes = ['NH301', 'NH305', 'NH306', 'NH310', 'NH311', 'NH312'];
  expect([...words]).toEqual(
    expect.arrayContaining(['no profile', 'a', 'b', 'evacuate', ...codes]),
  );
});
