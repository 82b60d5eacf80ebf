import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/domain/evacuation.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import { lookPause } from '../../src/domain/look-pause.ts';
import type { Migration } from '../../src/domain/migration.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { formatInstant } from '../../src/domain/time.ts';
import { ACCEPTED, evacuating, H2, row, T0 } from '../support/domain.ts';

const LANDED: Progress = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' };
const NOBODY = unknown('not asked');
const { pollMinMs, pollMaxMs } = DEFAULT_POLICY.pace;
const novaTime = (at: number): string => formatInstant(at).slice(0, 19);
const records = (count: number, buildMs: number): Known<readonly Migration[]> =>
  known(
    Array.from({ length: count }, (_, i) =>
      row(i + 1, 'done', {
        createdAt: novaTime(T0 + i * 97),
        updatedAt: novaTime(T0 + i * 97 + buildMs),
      }),
    ),
    T0,
  );

describe('the looks at the migrations', () => {
  it('never come closer or rarer than the limits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.nat({ max: 400 }),
        fc.nat({ max: 3_600_000 }),
        fc.option(fc.nat({ max: 600_000 })),
        (flying, landed, elapsed, buildMs) => {
          const all = [
            ...Array.from({ length: flying }, () => ACCEPTED),
            ...Array.from({ length: landed }, () => LANDED),
          ];
          const seen = buildMs === null ? NOBODY : records(24, buildMs);
          const pause = lookPause(evacuating(all), seen, DEFAULT_POLICY, T0 + elapsed);
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
      now += lookPause(evacuating(all), NOBODY, DEFAULT_POLICY, T0 + now);
    }
    // One look for each would be 200; the budget is a tenth of it and a few at the beginning.
    expect(looks).toBeLessThan(60);
  });

  it.each([300, 3000, 4500])(
    'come when a batch should be there: builds of %i ms cost few looks and little waiting',
    (buildMs) => {
      const total = 1000;
      const atOnce = 24;
      let waiting = total;
      let ended = 0;
      let looks = 0;
      let flying: number[] = [];
      let now = T0;
      for (; ended < total; looks += 1) {
        const over = flying.filter((since) => since + buildMs <= now).length;
        flying = flying.filter((since) => since + buildMs > now);
        ended += over;
        const sent = Math.min(waiting, atOnce - flying.length);
        waiting -= sent;
        flying.push(...Array.from({ length: sent }, () => now));
        const all: Progress[] = [
          ...flying.map((since) => ({ ...ACCEPTED, since })),
          ...Array.from({ length: ended }, () => LANDED),
        ];
        const seen = over === 0 ? NOBODY : records(over, buildMs);
        now += lookPause(evacuating(all), seen, DEFAULT_POLICY, now);
      }
      const idealMs = (total / atOnce) * buildMs;
      expect(now - T0).toBeLessThan(idealMs * 1.25 + 5000);
      expect(looks).toBeLessThan(60);
    },
  );

  it('what is long overdue is looked at ever more rarely', () => {
    const flights = [{ ...ACCEPTED, since: T0 }, LANDED];
    const pauseAt = (age: number): number =>
      lookPause(evacuating(flights), records(24, 1000), DEFAULT_POLICY, T0 + age);
    expect(pauseAt(1100)).toBeLessThan(pauseAt(3000));
    expect(pauseAt(3000)).toBeLessThan(pauseAt(8000));
  });
});
