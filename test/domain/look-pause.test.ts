import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Progress } from '../../src/domain/evacuation.ts';
import { asHost } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { lookPause, sendSpan } from '../../src/domain/look-pause.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import {
  ACCEPTED,
  evacuating,
  fleet,
  H2,
  isolated,
  observation,
  PENDING,
  service,
  T0,
} from '../support/domain.ts';

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

  it('the first arrivals do not make Nova look slower than it is', () => {
    // 24 in flight of 100, builds of about 4 s: one is done after 3.5 s, the others are soon.
    const all = Array.from({ length: 24 }, (_, i) => (i === 0 ? LANDED : ACCEPTED));
    const waiting = Array.from({ length: 76 }, () => PENDING);
    const pause = lookPause(evacuating([...all, ...waiting]), DEFAULT_POLICY, T0 + 3_500);
    expect(pause).toBeLessThan(2_000);
  });
});

describe('the requests of one turn', () => {
  const underWay = (landed: number, flying: number) =>
    evacuating([
      ...Array.from({ length: landed }, () => LANDED),
      ...Array.from({ length: flying }, () => ACCEPTED),
    ]);

  it('go at once while nothing is known of how fast Nova is', () => {
    expect(sendSpan(evacuating([PENDING]), 24, DEFAULT_POLICY, T0 + 60_000)).toBe(0);
  });

  it('are spread over the better part of the time in which as many arrive', () => {
    // 40 and half of 20 in 10 s: five a second.
    expect(sendSpan(underWay(40, 20), 10, DEFAULT_POLICY, T0 + 10_000)).toBe(1200);
  });

  it('are never spread over more than the longest pause', () => {
    expect(sendSpan(underWay(1, 0), 24, DEFAULT_POLICY, T0 + 3_600_000)).toBe(pollMaxMs);
  });

  it('are not spread where there are hosts enough', () => {
    const record = evacuating([LANDED, LANDED, ...Array.from({ length: 7 }, () => PENDING)], {
      phaseSince: T0 - 1000,
    });
    const spreadAmong = (hosts: number): number | undefined => {
      const names = Array.from({ length: hosts }, (_, n) => asHost(`other-${String(n)}`));
      const services = fleet([isolated(), ...names.map((name) => service(name))]);
      const seen = observation({ fleet: known(services, T0) });
      return decide(record, seen, DEFAULT_POLICY, T0).spreadMs;
    };
    expect(spreadAmong(3)).toBe(2100);
    expect(spreadAmong(4)).toBeUndefined();
  });
});
