import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/domain/evacuation.ts';
import { lookPause } from '../../src/domain/look-pause.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { ACCEPTED, evacuating, H2, T0 } from '../support/domain.ts';

const LANDED: Progress = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' };
const { pollMinMs, pollMaxMs } = DEFAULT_POLICY.pace;

describe('the looks at the migrations', () => {
  it('never come closer or rarer than the limits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.nat({ max: 400 }),
        fc.nat({ max: 3_600_000 }),
        (flying, landed, elapsed) => {
          const all = [
            ...Array.from({ length: flying }, () => ACCEPTED),
            ...Array.from({ length: landed }, () => LANDED),
          ];
          const pause = lookPause(evacuating(all), DEFAULT_POLICY, T0 + elapsed);
          expect(pause).toBeGreaterThanOrEqual(pollMinMs);
          expect(pause).toBeLessThanOrEqual(pollMaxMs);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('a steady evacuation of 200 instances costs a bounded number of looks', () => {
    const everyMs = 500;
    let looks = 0;
    for (let now = everyMs; now < 200 * everyMs; looks += 1) {
      const landed = Math.floor(now / everyMs);
      const all = Array.from({ length: 200 }, (_, i) => (i < landed ? LANDED : ACCEPTED));
      now += lookPause(evacuating(all), DEFAULT_POLICY, T0 + now);
    }
    // One look for each would be 200; the budget is a tenth of it and a few at the beginning.
    expect(looks).toBeLessThan(60);
  });
});
