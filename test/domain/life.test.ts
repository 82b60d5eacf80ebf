import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNWATCHED, type Life } from '../../src/domain/evacuation.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Service } from '../../src/domain/host.ts';
import { known } from '../../src/domain/known.ts';
import { livenessOf, watchLife, type Liveness } from '../../src/domain/life.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { formatInstant } from '../../src/domain/time.ts';
import {
  ALIVE,
  evacuating,
  fleet,
  H1,
  H2,
  instance,
  isolated,
  observation,
  PENDING,
  service,
  T0,
  VM,
} from '../support/domain.ts';

/** A look: how many seconds after the failure, and of when the service record is then. */
type Look = readonly [at: number, updatedAt: number, change?: Partial<Service>];

const novaTime = (second: number): string =>
  `${formatInstant(T0 + 1000 * second).slice(0, 19)}.000000`;

function after(looks: readonly Look[], from: Life = UNWATCHED): readonly [Life, Liveness] {
  let life = from;
  let liveness: Liveness = 'dead';
  for (const [at, second, change] of looks) {
    const seen = isolated(H1, { updatedAt: novaTime(second), ...change });
    life = watchLife(life, seen, false, T0 + 1000 * at);
    liveness = livenessOf(life, seen, DEFAULT_POLICY);
  }
  return [life, liveness];
}

const verdict = (...looks: readonly Look[]): Liveness => after(looks)[1];

/** Reports as nova-compute makes them, each seen a second later. */
const reports = (from: number, count: number, every = 10): readonly Look[] =>
  Array.from({ length: count }, (_, n) => [from + every * n + 1, from + every * n]);

const note = (disabledReason: string): Partial<Service> => ({ disabledReason });

describe('signs of life', () => {
  it('are reports: they go on, forward and evenly', () => {
    expect(verdict([0, 0])).toBe('dead');
    expect(verdict([0, 0], ...reports(7, 1))).toBe('doubtful');
    expect(verdict([0, 0], ...reports(7, 3))).toBe('doubtful');
    expect(verdict([0, 0], ...reports(7, 4))).toBe('alive');
    expect(verdict([0, 0], ...reports(300, 4))).toBe('alive');
  });

  it.each([2, 5, 10, 20, 30])('are seen with a report every %i s', (every) => {
    expect(verdict([0, 0], ...reports(7, 3 + Math.ceil(20 / every), every))).toBe('alive');
  });

  it('may be missed by a look, and come a little late', () => {
    expect(verdict([0, 0], [8, 7], [28, 27], [38, 37], [49, 48])).toBe('alive');
  });

  it('are seen by looks that come at any time', () => {
    const gap = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.array(gap, { minLength: 60, maxLength: 60 }), (gaps) => {
        let at = 0;
        const looks = gaps.map((pause): Look => [(at += pause), Math.floor(at / 10) * 10]);
        expect(after(looks)[0].moves).toBeGreaterThan(0);
        expect(after(looks)[1]).toBe('alive');
      }),
    );
  });

  it('our own change starts the watch anew', () => {
    const [life] = after([[0, 0], ...reports(7, 4)]);
    expect(watchLife(life, isolated(), true, T0)).toBe(UNWATCHED);
  });

  it.each<readonly [string, readonly Look[]]>([
    [
      'writes notes',
      [
        [8, 7, note('anna')],
        [48, 47, note('ticket 7')],
        [68, 67, note('gone')],
      ],
    ],
    [
      'enables and disables it',
      [
        [8, 7, { status: 'enabled' }],
        [20, 19, note('anna')],
      ],
    ],
    [
      'un-forces it and forces it down',
      [
        [8, 7, { forcedDown: false }],
        [20, 19],
      ],
    ],
  ])('nobody gives one who %s', (_, looks) => {
    expect(verdict([0, 0], ...looks)).toBe('dead');
  });

  it('of a host that lives are not taken back by a note', () => {
    const looks: readonly Look[] = [[0, 0], ...reports(7, 3), [30, 29, note('anna')]];
    expect(verdict(...looks)).toBe('doubtful');
    const later = reports(37, 3).map(([at, second]): Look => [at, second, note('anna')]);
    expect(verdict(...looks, ...later)).toBe('alive');
    const requests: readonly Look[] = [
      [3, 2],
      [5, 4],
      [7, 6],
      [9, 8],
      [11, 10],
    ];
    expect(verdict([0, 0], ...requests, [48, 47, note('anna')])).toBe('doubtful');
  });

  it.each<readonly [string, readonly Look[]]>([
    [
      'twice in a second',
      [
        [8, 7],
        [9, 8],
      ],
    ],
    [
      'twice within a minute',
      [
        [8, 7],
        [48, 47],
      ],
    ],
    [
      'again and again, quickly',
      [
        [3, 2],
        [5, 4],
        [7, 6],
        [9, 8],
        [11, 10],
        [13, 12],
      ],
    ],
    [
      'in bursts',
      [
        [8, 7],
        [9, 8],
        [38, 37],
        [39, 38],
        [68, 67],
        [69, 68],
      ],
    ],
    ['each minute and a bit', reports(7, 9, 65)],
  ])('are doubted where somebody sends the same request %s', (_, looks) => {
    expect(verdict([0, 0], ...looks)).toBe('doubtful');
  });

  it('are doubted, not believed, where an older answer comes between', () => {
    expect(verdict([0, 40], [5, 0], [10, 40])).toBe('doubtful');
    expect(verdict([0, 40], [5, 0], [10, 40], [15, 0], [20, 40], [25, 0], [30, 40])).toBe(
      'doubtful',
    );
  });

  it('are forgotten a minute after the last, however many there were', () => {
    const once: readonly Look[] = [
      [0, 0],
      [8, 7],
    ];
    expect(verdict(...once, [68, 7])).toBe('doubtful');
    expect(verdict(...once, [69, 7])).toBe('dead');
    const often: readonly Look[] = [[0, 0], ...reports(7, 4)];
    expect(verdict(...often, [98, 37])).toBe('alive');
    expect(verdict(...often, [99, 37])).toBe('dead');
    expect(verdict(...often, [3600, 3599])).toBe('doubtful');
  });

  it('of a record that was written by an older build are counted anew', () => {
    const old = { updatedAt: novaTime(0), moves: 2, movedAt: T0 };
    expect(after([[10, 0]], old)[1]).toBe('doubtful');
    expect(after([[10, 10]], old)[1]).toBe('doubtful');
    expect(after(reports(10, 5), old)[1]).toBe('alive');
  });

  it('decide nothing for good while they are few, or when they have ended', () => {
    const later = { ...PENDING, notBefore: T0 + 7_200_000 };
    const look = (life: Life, now: number): string | undefined => {
      const own = isolated(H1, { updatedAt: life.updatedAt });
      const seen = observation({
        inventory: known([instance()], now),
        fleet: known(fleet([own, service(H2)]), now),
      });
      const { next } = decide(evacuating([later], { life }), seen, DEFAULT_POLICY, now);
      return next.instances[VM]?.progress.at;
    };
    expect(look(ALIVE, T0 + 60_000)).toBe('skipped');
    expect(look(ALIVE, T0 + 3_600_000)).toBe('pending');
    expect(look({ ...ALIVE, moves: 3 }, T0)).toBe('pending');
  });

  it('being up is no proof: un-forcing a host that has just died shows it up', () => {
    expect(livenessOf(UNWATCHED, service(), DEFAULT_POLICY)).toBe('doubtful');
    expect(livenessOf(ALIVE, isolated(), DEFAULT_POLICY)).toBe('alive');
  });
});
