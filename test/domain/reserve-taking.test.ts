import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../src/domain/known.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { unreadable } from '../../src/domain/summary.ts';
import {
  ACCEPTED,
  entry,
  evacuating,
  fleet,
  H1,
  H2,
  instance,
  isolated,
  mark,
  peer,
  PENDING,
  row,
  service,
  T0,
  vm,
} from '../support/domain.ts';
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

const codes = (next: { readonly reasons: readonly { readonly code: string }[] }) =>
  next.reasons.map(({ code }) => code);
/** Storms must not ask for the aggregates. */
const withoutKey = (policy: Policy): Policy => ({
  ...policy,
  storm: { ...policy.storm, aggregateKey: '' },
});
const NO_ROOM = { ...PENDING, why: because('NH401', { at: 'soon' }), notBefore: T0 + 30_000 };

describe('a reserved host that is wanted', () => {
  it('is claimed, then enabled, then taken; only then is anything sent', () => {
    const first = turn(evacuating([PENDING]), beside(spare()));
    expect(standing(first.next)).toEqual([`${R1} claimed`]);
    expect(deeds(first)).toEqual([]);
    expect(codes(first.next)).toEqual(['NH215']);
    expect(first.wakeAt).toBe(T0 + 10);

    const second = turn(first.next, beside(spare()), reserving(), T0 + 20);
    expect(standing(second.next)).toEqual([`${R1} enabling`]);
    expect(deeds(second)).toEqual([`enabled ${R1}`]);

    const third = turn(second.next, beside(service(R1)), reserving(), T0 + 60);
    expect(standing(third.next)).toEqual([`${R1} taken`]);
    expect(deeds(third)).toEqual(['evacuate to anywhere']);
    expect(third.next.reasons).toEqual([]);
  });

  it('is asked for again until Nova shows it enabled, for as long as there is patience', () => {
    const record = claiming([claim('enabling', { asked: T0 })]);
    const again = turn(record, beside(spare()), reserving(), T0 + 500);
    expect(deeds(again)).toEqual([`enabled ${R1}`]);
    const late = turn(record, beside(spare()), reserving(), T0 + 60_000);
    expect(standing(late.next)).toEqual([`${R1} returning`]);
    expect(endings(late.next)).toEqual(['NH336']);
    // The instances go without it.
    expect(deeds(late)).toEqual(['evacuate to anywhere']);
  });

  it('is waited for, but never longer than the patience, whatever is unknown', () => {
    for (const at of ['claimed', 'enabling'] as const) {
      const record = claiming([claim(at, { asked: T0 })]);
      const policy = withoutKey(reserving({ match: 'aggregate' }));
      const blind = { ...beside({ ...spare(), state: 'down' }), aggregates: unknown('503') };
      expect(deeds(turn(record, blind, policy, T0 + 59_000))).toEqual([]);
      expect(deeds(turn(record, blind, policy, T0 + 60_000))).toContain('evacuate to anywhere');
    }
    const early = { ...beside(spare()), aggregates: unknown('503') };
    const policy = withoutKey(reserving({ addToAggregates: true }));
    expect(codes(turn(evacuating([PENDING]), early, policy).next)).toEqual(['NH104']);
    const later = turn(evacuating([PENDING]), early, policy, T0 + 60_000);
    expect(deeds(later)).toEqual(['evacuate to anywhere']);
  });

  it('is not missed: without one the evacuation goes on, and says why', () => {
    const { next, ...decision } = turn(evacuating([PENDING]), beside());
    expect(next.reserve?.none?.code).toBe('NH216');
    expect(deeds(decision)).toEqual(['evacuate to anywhere']);
    const ready = turn(next, beside(spare()), reserving(), T0 + 20);
    expect(ready.next.reserve).toBeDefined();
  });

  it('is added to the aggregates of the failed host, with a note of it', () => {
    const policy = reserving({ addToAggregates: true });
    const aggregates = known([aggregate(1, [H1, R1]), aggregate(2, [H1]), aggregate(3, [H2])], T0);
    const seen = { ...beside(spare()), aggregates };
    const asked = turn(claiming([claim('claimed')]), seen, policy);
    expect(deeds(asked)).toEqual([`enabled ${R1}`, `join-aggregate 2 ${R1}`]);
    expect(asked.next.reserve?.claims[0]?.added).toEqual([2]);
    // Enabled, but not in there yet: Nova may refuse, so it is not waited for long.
    const half = turn(asked.next, { ...beside(service(R1)), aggregates }, policy, T0 + 1000);
    expect(deeds(half)).toEqual([`join-aggregate 2 ${R1}`]);
    const enough = turn(asked.next, { ...beside(service(R1)), aggregates }, policy, T0 + 6000);
    expect(standing(enough.next)).toEqual([`${R1} taken`]);
  });

  it('is not claimed while the evacuation is held, and let go when it comes to be', () => {
    const held = { switches: unknown('503') };
    const { next } = turn(claiming([claim('claimed')]), { ...beside(spare()), ...held });
    expect(standing(next)).toEqual([]);
    const asked = turn(claiming([claim('enabling')]), { ...beside(spare()), ...held });
    expect(standing(asked.next)).toEqual([`${R1} enabling`]);
    expect(deeds(asked)).toEqual([]);
  });

  it('is not wanted where the operator has named a destination', () => {
    const request = { instances: null, target: H2, force: false };
    const record = evacuating([PENDING], { mark: mark({ request }) });
    expect(deeds(turn(record, beside(spare())))).toEqual([`evacuate to ${H2}`]);
    const strict = { ...reserving(), destination: { host: H2, strict: true } };
    expect(deeds(turn(evacuating([PENDING]), beside(spare()), strict))).toEqual([
      `evacuate to ${H2}`,
    ]);
  });
});

describe('of two that want the same reserved host', () => {
  const wanting = (markedAt: number, at: 'claimed' | 'taken' = 'claimed') => ({
    ...beside(spare()),
    peers: known([peer(H2, { phase: 'settled', markedAt, reserves: { [R1]: at } })], T0),
  });
  const mine = claiming([claim('claimed')]);

  it('the one that failed later lets go', () => {
    const { next, ...decision } = turn(mine, wanting(T0 - 1));
    expect(standing(next)).toEqual([]);
    expect(endings(next)).toEqual(['NH333']);
    expect(deeds(decision)).toEqual(['evacuate to anywhere']);
  });

  it('the other one waits until it has let go, and acts only then', () => {
    const decision = turn(mine, wanting(T0 + 1));
    expect(standing(decision.next)).toEqual([`${R1} claimed`]);
    expect(deeds(decision)).toEqual([]);
    expect(deeds(turn(decision.next, beside(spare()), reserving(), T0 + 20))).toEqual([
      `enabled ${R1}`,
    ]);
  });

  it('the one that has acted keeps it, whoever failed first', () => {
    expect(endings(turn(mine, wanting(T0 + 1, 'taken')).next)).toEqual(['NH333']);
  });

  it('at the same instant the name decides, and a dead worker is not waited for', () => {
    expect(endings(turn(mine, wanting(T0)).next)).toEqual([]);
    expect(endings(turn(mine, wanting(T0), reserving(), T0 + 60_000).next)).toEqual(['NH333']);
  });

  it('takes another one when there is one', () => {
    const seen = { ...wanting(T0 - 1), ...beside(spare(R1), spare(R2)) };
    expect(standing(turn(mine, seen).next)).toEqual([`${R2} claimed`]);
  });

  it('claims nothing while a record cannot be read', () => {
    const hidden = { ...beside(spare()), peers: known([unreadable(H2, 'damaged')], T0) };
    expect(endings(turn(mine, hidden).next)).toEqual(['NH333']);
    const { next } = turn(evacuating([PENDING]), hidden);
    expect(standing(next)).toEqual([]);
    expect(next.reserve?.none?.code).toBe('NH216');
  });
});

describe('a reserved host is needed', () => {
  const needed = reserving({ when: 'needed' });

  it('when Nova found no room, and those who wait for it go at once then', () => {
    expect(deeds(turn(evacuating([PENDING]), beside(spare()), needed))).toEqual([
      'evacuate to anywhere',
    ]);
    const { next } = turn(evacuating([NO_ROOM]), beside(spare()), needed);
    expect(standing(next)).toEqual([`${R1} claimed`]);
    const record = claiming([claim('enabling')], { instances: { [vm(1)]: entry(NO_ROOM) } });
    const taken = turn(record, beside(service(R1)), needed);
    expect(deeds(taken)).toEqual(['evacuate to anywhere']);
  });

  it('when Placement shows too little, once', () => {
    const short = { forecast: { fits: 0, short: 1, unknown: 0 } };
    const { next } = turn(evacuating([PENDING], short), beside(spare()), needed);
    expect(standing(next)).toEqual([`${R1} claimed`]);
    const taken = claiming([claim('taken')], short);
    const more = reserving({ when: 'needed', hosts: 2 });
    expect(standing(turn(taken, beside(service(R1), spare(R2)), more).next)).toEqual([
      `${R1} taken`,
    ]);
  });

  it('again only when what was taken has had time to help, and never more than allowed', () => {
    const record = claiming([claim('taken')], { instances: { [vm(1)]: entry(NO_ROOM) } });
    const seen = beside(service(R1), spare(R2));
    const more = reserving({ when: 'needed', hosts: 2 });
    expect(standing(turn(record, seen, more, T0 + 1000).next)).toEqual([`${R1} taken`]);
    const later = turn(record, seen, more, T0 + 40_000).next;
    expect(standing(later)).toEqual([`${R1} taken`, `${R2} claimed`]);
    expect(standing(turn(record, seen, needed, T0 + 40_000).next)).toEqual([`${R1} taken`]);
  });
});

describe('while a reserved host is taken', () => {
  const taken = claiming([claim('taken', { asked: T0, opened: true })]);

  it.each([
    ['disabled it', spare(R1, { disabledReason: 'broken, anna' }), 'NH332'],
    ['put it back in reserve', spare(R1), 'NH332'],
    ['fenced it', isolated(R1), 'NH334'],
  ])('nothing is undone when an operator %s', (_name, one, code) => {
    const decision = turn(taken, beside(one));
    expect(endings(decision.next)).toEqual([code]);
    expect(deeds(decision)).toEqual(['evacuate to anywhere']);
  });

  it('it may be enabled by somebody else before it is asked for', () => {
    const { next } = turn(claiming([claim('claimed')]), beside(service(R1)));
    expect(endings(next)).toEqual(['NH333']);
    const other = turn(claiming([claim('enabling')]), beside(spare(R1, { disabledReason: 'x' })));
    expect(endings(other.next)).toEqual(['NH332']);
  });
});

describe('an instance that is sent to the reserved host', () => {
  const policy = reserving({ target: true });
  const taken = claiming([claim('taken', { asked: T0, opened: true })]);
  const seen = beside(service(R1));
  const sent = turn(taken, seen, policy);
  const answered = (outcome: Parameters<typeof refusal>[0]) => ({ ...seen, ...refusal(outcome) });
  const refusal = (cause: 'forbidden' | 'target-not-found' | 'wrong-state' | 'bad-request') => ({
    inventory: known([instance(vm(1))], T0 + 20),
    answers: [
      {
        instance: vm(1),
        attempt: 1,
        outcome: { kind: 'refused', refusal: { cause, status: 409, message: 'no' } } as const,
      },
    ],
  });

  it('is asked to go there', () => {
    expect(deeds(sent)).toEqual([`evacuate to ${R1}`]);
    expect(sent.next.instances[vm(1)]?.aimed).toEqual({ at: R1, over: false });
  });

  it.each(['target-not-found', 'wrong-state', 'bad-request'] as const)(
    'goes where the scheduler likes at once when Nova refuses (%s)',
    (cause) => {
      const refused = turn(sent.next, answered(cause), policy, T0 + 20);
      expect(refused.next.instances[vm(1)]?.aimed).toEqual({ at: R1, over: true });
      expect(deeds(refused)).toEqual(['evacuate to anywhere']);
    },
  );

  it('asks for it once more after a 403, which is not about the host', () => {
    const { next } = turn(sent.next, answered('forbidden'), policy, T0 + 20);
    expect(next.instances[vm(1)]?.aimed).toBeUndefined();
    expect(next.instances[vm(1)]?.progress).toMatchObject({ at: 'pending', attempt: 1 });
  });

  it('goes elsewhere at once when the reserved host has no room', () => {
    const flying = { ...sent.next.instances[vm(1)], progress: ACCEPTED };
    const record = { ...sent.next, instances: { [vm(1)]: { ...entry(ACCEPTED), ...flying } } };
    const error = instance(vm(1), { fault: 'No valid host was found.', vmState: 'error' });
    const full = {
      ...seen,
      migrations: known([row(1, 'error')], T0 + 20),
      inventory: known([error], T0 + 20),
    };
    const { next, ...rest } = turn(record, full, policy, T0 + 20);
    expect(next.instances[vm(1)]?.aimed).toEqual({ at: R1, over: true });
    expect(deeds(rest)).toEqual(['evacuate to anywhere']);
  });

  it('is spread over all reserved hosts', () => {
    const both = claiming([claim('taken'), claim('taken', { host: R2 })], {
      instances: Object.fromEntries([1, 2, 3, 4].map((n) => [vm(n), entry(PENDING)])),
    });
    const wide = reserving({ target: true, hosts: 2 });
    const all = { fleet: known(fleet([isolated(H1), service(R1), service(R2)]), T0) };
    expect([...deeds(turn(both, all, wide))].sort()).toEqual([
      `evacuate to ${R1}`,
      `evacuate to ${R1}`,
      `evacuate to ${R2}`,
      `evacuate to ${R2}`,
    ]);
  });
});
