import { describe, expect, it } from 'vitest';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import type { Service } from '../../src/domain/host.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import type { Observation } from '../../src/domain/observation.ts';
import type { ReserveClaim } from '../../src/domain/reserve.ts';
import { H1, H2, peer, service, T0 } from '../support/domain.ts';
import {
  aggregate,
  beside,
  claim,
  claiming,
  deeds,
  endings,
  R1,
  reserving,
  spare,
  standing,
  turn,
} from '../support/reserves.ts';

const policy = reserving();
/** Long after anything that enables it could come. */
const LATER = T0 + 2 * policy.retry.uncertainMs;
const settled = (
  at: ReserveClaim['at'] = 'taken',
  change: Partial<ReserveClaim> = {},
  record: Partial<Evacuation> = {},
): Evacuation =>
  claiming([claim(at, { asked: T0, opened: true, ...change })], {
    phase: 'settled',
    instances: {},
    ...record,
  });

const holding = (count: Known<number>, one: Service = service(R1)): Partial<Observation> => ({
  ...beside(one),
  reserveGuests: new Map([[R1, count]]),
});
const empty = (one?: Service): Partial<Observation> => holding(known(0, LATER), one);

describe('a reserved host whose evacuation is over', () => {
  it('is disabled with its own reason when it stayed empty, and free when that is seen', () => {
    const first = turn(settled(), empty(), policy, LATER);
    expect(standing(first.next)).toEqual([`${R1} returning`]);
    expect(first.actions.filter(({ do: what }) => what === 'change-reserve')).toEqual([
      {
        do: 'change-reserve',
        host: R1,
        service: service(R1).id,
        change: { status: 'disabled', disabledReason: 'reserved for failures' },
        expected: { status: 'enabled', disabledReason: null },
      },
    ]);
    const second = turn(first.next, empty(spare()), policy, LATER + 1000);
    expect(standing(second.next)).toEqual([`${R1} returning`]);
    expect(deeds(second)).toEqual([]);
    const last = turn(second.next, empty(spare()), policy, 2 * LATER - T0);
    expect(standing(last.next)).toEqual([]);
    expect(endings(last.next)).toEqual(['NH217']);
  });

  it('stays enabled with guests on it', () => {
    const { next, ...rest } = turn(settled(), holding(known(2, LATER)), policy, LATER);
    expect(endings(next)).toEqual(['NH218']);
    expect(deeds(rest)).toEqual([]);
  });

  it.each<[string, Partial<Observation>]>([
    ['its instances are not known', holding(unknown('503'))],
    ['nobody has looked', beside(service(R1))],
    ['Nova does not list it', { ...empty(), ...beside() }],
    ['its cell is away', { ...empty(), ...beside({ host: R1, state: 'unknown' } as never) }],
    [
      'another evacuation may send to it',
      { ...empty(), peers: known([peer(H2, { inFlight: 1 })], T0) },
    ],
  ])('is kept, and looked at again, while %s', (_name, seen) => {
    const { next, wakeAt, ...rest } = turn(settled(), seen, policy, LATER);
    expect(standing(next)).toEqual([`${R1} taken`]);
    expect(deeds(rest)).toEqual([]);
    expect(next.reasons.map(({ code }) => code)).toContain('NH219');
    expect(wakeAt).toBeGreaterThan(LATER);
  });

  it.each<[string, Partial<Observation>]>([
    ['the services are not known', { ...empty(), fleet: unknown('503') }],
    ['the other records are not known', { ...empty(), peers: unknown('503') }],
    ['the switches are not known', { ...empty(), switches: unknown('503') }],
  ])('is left alone while %s', (_name, seen) => {
    const { next } = turn(settled(), seen, policy, LATER);
    expect(standing(next)).toEqual([`${R1} taken`]);
  });

  it('is not disabled while a request that enables it may be on its way', () => {
    const decision = turn(settled(), empty(), policy, T0 + 1000);
    expect(deeds(decision)).toEqual([]);
    expect(standing(decision.next)).toEqual([`${R1} taken`]);
  });

  it('is enabled again, for good, when a guest came while it was given back', () => {
    const going = settled('returning', { since: LATER, undone: LATER });
    const came = turn(going, holding(known(1, LATER), spare()), policy, LATER + 1000);
    expect(standing(came.next)).toEqual([`${R1} reopening`]);
    const open = turn(came.next, holding(known(1, LATER), spare()), policy, LATER + 2000);
    expect(deeds(open)).toEqual([`enabled ${R1}`]);
    const wait = turn(open.next, holding(known(1, LATER)), policy, LATER + 3000);
    expect(standing(wait.next)).toEqual([`${R1} reopening`]);
    const over = turn(wait.next, holding(known(1, LATER)), policy, 3 * LATER - 2 * T0);
    expect(endings(over.next)).toEqual(['NH218']);
  });

  it('leaves the aggregates that it was added to, and no others', () => {
    const going = settled('returning', { since: LATER, undone: LATER, added: [2] });
    const aggregates = known([aggregate(1, [R1]), aggregate(2, [H1, R1])], LATER);
    const left = turn(going, { ...empty(spare()), aggregates }, policy, LATER + 1000);
    expect(deeds(left)).toEqual([`leave-aggregate 2 ${R1}`]);
    const blind = turn(going, { ...empty(spare()), aggregates: unknown('503') }, policy, 2 * LATER);
    expect(standing(blind.next)).toEqual([`${R1} returning`]);
    const gone = known([aggregate(1, [R1]), aggregate(2, [H1])], LATER);
    const done = turn(left.next, { ...empty(spare()), aggregates: gone }, policy, 2 * LATER);
    expect(endings(done.next)).toEqual(['NH217']);
  });

  it.each([
    ['disables it with words of his own', settled(), spare(R1, { disabledReason: 'mine' })],
    ['puts it back in reserve himself', settled(), spare()],
    [
      'enables it after we gave it back',
      settled('returning', { undone: LATER, shut: true }),
      service(R1),
    ],
  ])('is left as it is when an operator %s', (_name, record, one) => {
    const decision = turn(record, empty(one), policy, LATER + 1000);
    expect(endings(decision.next)).toEqual(['NH332']);
    expect(deeds(decision)).toEqual([]);
  });

  it('is not touched while an operator holds it, or while the way back is held', () => {
    const one = { reason: 'work', by: 'anna', since: T0, until: null } as const;
    for (const host of [R1, H1]) {
      const switches = known(
        [{ ...one, kind: 'maintenance', scope: { of: 'host', host } } as const],
        T0,
      );
      const decision = turn(settled(), { ...empty(), switches }, policy, LATER);
      expect(deeds(decision)).toEqual([]);
      expect(standing(decision.next)).toEqual([`${R1} taken`]);
    }
  });

  it('is its own record when it failed itself', () => {
    const failed = { ...empty(), peers: known([peer(R1)], T0) };
    expect(endings(turn(settled(), failed, policy, LATER).next)).toEqual(['NH334']);
  });

  it('stays enabled where the policy says so', () => {
    const keep = reserving({ giveBack: false });
    expect(endings(turn(settled(), empty(), keep, LATER).next)).toEqual(['NH218']);
  });

  it('is forgotten at once when nothing was done to it', () => {
    const { next } = turn(settled('claimed'), empty(spare()), policy, T0 + 1);
    expect(endings(next)).toEqual(['NH333']);
  });

  it('that never came up stays disabled, whoever is on it', () => {
    const never = settled('enabling', { opened: undefined } as never);
    const seen = holding(known(3, LATER), spare());
    expect(endings(turn(never, seen, policy, LATER).next)).toEqual(['NH217']);
  });

  it('keeps even a closed record at work, until it is given back', () => {
    const closed = settled('taken', {}, { phase: 'closed' });
    const { next, wakeAt } = turn(closed, empty(), policy, LATER);
    expect(next.phase).toBe('closed');
    expect(wakeAt).toBe(LATER + 1000);
    const over = turn(settled('claimed', {}, { phase: 'closed' }), empty(), policy, LATER);
    expect(over.wakeAt).toBeNull();
  });
});
