import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../src/domain/known.ts';
import { carriedReserve } from '../../src/domain/reserve-return.ts';
import { evacuating, H1, H2, instance, peer, PENDING, service, T0, vm } from '../support/domain.ts';
import {
  aggregate,
  beside,
  claim,
  claiming,
  deeds,
  endings,
  R1,
  R2,
  reserving,
  spare,
  standing,
  turn,
} from '../support/reserves.ts';

const waiting = evacuating([PENDING]);
const LATER = T0 + 1_000_000;

describe('the checklist: reserved hosts', () => {
  it('checklist 35: reserved host by aggregate', () => {
    const policy = reserving({ match: 'aggregate' });
    const aggregates = known([aggregate(1, [H1, R2])], T0);
    const { next } = turn(waiting, { ...beside(spare(R1), spare(R2)), aggregates }, policy);
    expect(standing(next)).toEqual([`${R2} claimed`]);
  });

  it('checklist 35: reserved host by AZ', () => {
    const seen = beside(spare(R1, { zone: 'z2' }), spare(R2));
    expect(standing(turn(waiting, seen).next)).toEqual([`${R2} claimed`]);
  });

  it('checklist 35: none, or exhausted: the evacuation goes on without', () => {
    const none = turn(waiting, beside());
    expect(none.next.reserve?.none?.code).toBe('NH216');
    expect(deeds(none)).toEqual(['evacuate to anywhere']);
    const exhausted = turn(waiting, beside(service(R1), service(R2)));
    expect(deeds(exhausted)).toEqual(['evacuate to anywhere']);
  });

  it('checklist 35: already claimed', () => {
    const peers = known([peer(H2, { reserves: { [R1]: 'taken' } })], T0);
    const decision = turn(waiting, { ...beside(spare(R1)), peers });
    expect(standing(decision.next)).toEqual([]);
    expect(deeds(decision)).toEqual([]);
  });

  const aiming = reserving({ target: true });
  const sent = turn(claiming([claim('taken')]), beside(service(R1)), aiming);
  const after = (cause: 'wrong-state' | 'forbidden' | null) => ({
    ...beside(service(R1)),
    inventory: known([instance(vm(1))], T0 + 20),
    answers: [
      {
        instance: vm(1),
        attempt: 1,
        outcome:
          cause === null
            ? ({ kind: 'uncertain', why: '500' } as const)
            : ({ kind: 'refused', refusal: { cause, status: 409, message: 'no' } } as const),
      },
    ],
  });

  it('checklist 35: forced target', () => {
    expect(deeds(sent)).toEqual([`evacuate to ${R1}`]);
  });

  it('checklist 35: 409/500 with target -> retry w/o', () => {
    const conflict = turn(sent.next, after('wrong-state'), aiming, T0 + 20);
    expect(deeds(conflict)).toEqual(['evacuate to anywhere']);
    // A 500 may have had its effect: Nova is watched first, then it goes without the target.
    const watched = turn(sent.next, after(null), aiming, T0 + 20);
    expect(deeds(watched)).toEqual([]);
    const later = { ...after(null), answers: [], migrations: known([], LATER) };
    const again = turn(watched.next, later, aiming, LATER);
    const last = turn(again.next, later, aiming, LATER + 600_000);
    expect([...deeds(again), ...deeds(last)]).toEqual(['evacuate to anywhere']);
  });

  it('checklist 35: 403 -> no', () => {
    const { next, ...decision } = turn(sent.next, after('forbidden'), aiming, T0 + 20);
    expect(deeds(decision)).toEqual([]);
    const again = turn(next, after('forbidden'), aiming, T0 + 600_000);
    expect(deeds(again)).toEqual([`evacuate to ${R1}`]);
  });

  it('checklist 36: reserved host returned only if empty; API error -> keep', () => {
    const taken = claiming([claim('taken', { asked: T0, opened: true })], {
      phase: 'settled',
      instances: {},
    });
    const look = (count: number | null) => ({
      ...beside(service(R1)),
      reserveGuests: new Map([[R1, count === null ? unknown('503') : known(count, LATER)]]),
    });
    expect(deeds(turn(taken, look(0), reserving(), LATER))).toEqual([`disabled ${R1}`]);
    for (const count of [1, null]) {
      expect(deeds(turn(taken, look(count), reserving(), LATER))).toEqual([]);
    }
  });
});

describe("the peers' bugs with reserved hosts", () => {
  it('M4: a retry takes no other reserved host while the first is claimed', () => {
    const taken = claiming([claim('taken')]);
    const again = { ...evacuating([PENDING]), ...carriedReserve(taken, T0) };
    const { next } = turn(again, beside(service(R1), spare(R2)));
    expect(standing(next)).toEqual([`${R1} taken`]);
  });

  it('M4: a failure that was none gives its reserved host back', () => {
    const closed = claiming([claim('taken', { asked: T0 })], { phase: 'closed', instances: {} });
    const empty = { ...beside(service(R1)), reserveGuests: new Map([[R1, known(0, LATER)]]) };
    expect(deeds(turn(closed, empty, reserving(), LATER))).toEqual([`disabled ${R1}`]);
  });

  it('M8: two failures at once take two reserved hosts, or one goes on without', () => {
    const mine = claiming([claim('claimed')]);
    const rival = peer(H2, { markedAt: T0 - 1, phase: 'settled', reserves: { [R1]: 'claimed' } });
    const peers = known([rival], T0);
    const two = turn(mine, { ...beside(spare(R1), spare(R2)), peers });
    expect(standing(two.next)).toEqual([`${R2} claimed`]);
    const one = turn(mine, { ...beside(spare(R1)), peers });
    expect(endings(one.next)).toEqual(['NH333']);
    expect(deeds(one)).toEqual(['evacuate to anywhere']);
  });
});
