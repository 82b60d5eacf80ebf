import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/domain/action.ts';
import { changesBetween } from '../../src/domain/changes.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import type { Service } from '../../src/domain/host.ts';
import type { HostName } from '../../src/domain/ids.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import type { Observation } from '../../src/domain/observation.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { remedyOf, sentenceOf } from '../../src/domain/reason.ts';
import { reserveReasons } from '../../src/domain/reserve-changes.ts';
import { takeOver } from '../../src/domain/take-over.ts';
import { decodeRecord, encodeRecord } from '../../src/adapters/store/codec.ts';
import { observations } from '../support/arbitrary.ts';
import { evacuating, H1, H2, isolated, peer, PENDING, service, T0 } from '../support/domain.ts';
import { aggregate, R1, R2, reserving, spare } from '../support/reserves.ts';

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Known<T>> =>
  fc.oneof(
    { weight: 6, arbitrary: value.map((one) => known(one, T0)) },
    { weight: 1, arbitrary: fc.constant(unknown('503')) },
  );

/** What becomes of a reserved host: what we asked for, as a rule; else what people and time do to it. */
const fates = (host: HostName): fc.Arbitrary<Service | 'as asked' | 'gone'> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant('as asked' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<(Service | 'gone')[]>(
        spare(host),
        service(host),
        service(host, { state: 'down' }),
        spare(host, { state: 'down' }),
        spare(host, { disabledReason: 'broken, anna' }),
        spare(host, { disabledReason: null }),
        isolated(host),
        'gone',
      ),
    },
  );

const guests = fc.constantFrom(0, 0, 2);

/** What a turn sees of reserved hosts, beside all that it may see anyhow. */
const seen = fc
  .record({
    base: observations,
    // Most turns see everything else in order, or nothing would ever be taken.
    isCalm: fc.integer({ max: 9, min: 0 }).map((one) => one > 0),
    fates: fc.tuple(fates(R1), fates(R2)),
    members: maybe(fc.subarray([H1, R1, R2])),
    rival: fc.oneof(
      { weight: 5, arbitrary: fc.constant(null) },
      {
        weight: 1,
        arbitrary: fc.record({
          markedAt: fc.constantFrom(T0 - 1, T0, T0 + 1),
          reserves: fc.constantFrom<Record<string, 'claimed' | 'taken'>>(
            { [R1]: 'claimed' },
            { [R1]: 'taken' },
            { [R2]: 'claimed' },
          ),
          phase: fc.constantFrom('settled', 'closed'),
          inFlight: fc.constantFrom(0, 0, 1),
        }),
      },
    ),
    counts: fc.tuple(maybe(guests), maybe(guests)),
  })
  .map(({ base, isCalm, members, rival, counts, ...drawn }) => {
    const odd = base.fleet.kind === 'known' && !isCalm ? [...base.fleet.value.services] : null;
    const services = new Map(
      odd ?? [
        [H1, isolated(H1)],
        [H2, service(H2)],
      ],
    );
    const calm: Partial<Observation> = isCalm
      ? {
          switches: known([], T0),
          migrations: known([], T0),
          groups: known([], T0),
          sightings: new Map(),
          answers: [],
        }
      : {};
    const others = rival === null ? [] : [peer(H2, rival)];
    const look: Observation = {
      ...base,
      ...calm,
      fleet:
        base.fleet.kind === 'unknown' && !isCalm
          ? base.fleet
          : known({ services, conductorsUp: 1, schedulersUp: 1 }, T0),
      peers: isCalm || base.peers.kind === 'known' ? known(others, T0) : base.peers,
      aggregates: members.kind === 'known' ? known([aggregate(1, members.value)], T0) : members,
      reserveGuests: new Map([
        [R1, counts[0]],
        [R2, counts[1]],
      ]),
    };
    return { look, fates: drawn.fates };
  });

/** The reserved hosts as Nova shows them: changed by what was asked for, or by fate. */
function createSpares() {
  const shown = new Map<HostName, Service>([R1, R2].map((host) => [host, spare(host)]));
  return {
    see: (look: Observation, drawn: readonly (Service | 'as asked' | 'gone')[]): Observation => {
      for (const [index, host] of [R1, R2].entries()) {
        const fate = drawn[index] ?? 'as asked';
        if (fate === 'gone') shown.delete(host);
        else if (fate !== 'as asked') shown.set(host, fate);
      }
      if (look.fleet.kind === 'unknown') return look;
      const services = new Map([...look.fleet.value.services, ...shown]);
      return { ...look, fleet: known({ ...look.fleet.value, services }, T0) };
    },
    obey: (actions: readonly Action[]): void => {
      for (const action of actions) {
        if (action.do !== 'change-reserve') continue;
        const { status = 'enabled', disabledReason = null } = action.change;
        shown.set(action.host, service(action.host, { status, disabledReason }));
      }
    },
  };
}

/** Proven off, isolated, and with instances that wait. */
const begun = evacuating([PENDING, PENDING, PENDING]);

const policies: fc.Arbitrary<Policy> = fc
  .record({
    when: fc.constantFrom('needed', 'always', 'always', 'never'),
    match: fc.constantFrom('aggregate', 'zone', 'any'),
    hosts: fc.constantFrom(1, 2),
    addToAggregates: fc.boolean(),
    target: fc.boolean(),
    giveBack: fc.boolean(),
    patienceMs: fc.constantFrom(1000, 60_000),
  })
  .map((change) => {
    const policy = reserving(change);
    return { ...policy, storm: { ...policy.storm, aggregateKey: '' } };
  });

const PAUSES = [0, 20, 20, 500, 500, 500, 5000, 100_000];
const turns = fc.array(fc.tuple(seen, fc.constantFrom(...PAUSES), fc.boolean()), {
  minLength: 1,
  maxLength: 30,
});

describe('whatever a turn sees of reserved hosts, and whatever the policy', () => {
  it('no invariant is broken, every word is complete, and every record can be read', () => {
    let enabled = 0;
    fc.assert(
      fc.property(turns, policies, (story, policy) => {
        let record: Evacuation = begun;
        let now = T0;
        const spares = createSpares();
        for (const [drawn, pauseMs, isNew] of story) {
          now += pauseMs;
          const look = spares.see(drawn.look, drawn.fates);
          const before = isNew ? takeOver(record, policy, now) : record;
          const decision = decide(before, look, policy, now);
          const step = { before, observation: look, decision, policy, now };
          expect(violations(step)).toEqual([]);
          enabled += decision.actions.filter(({ do: what }) => what === 'change-reserve').length;
          for (const reason of reserveReasons(decision.next))
            expect(sentenceOf(reason) + remedyOf(reason)).not.toMatch(/[{}]/);
          for (const { sentence } of changesBetween(before, decision.next))
            expect(sentence).not.toMatch(/[{}]/);
          const text = encodeRecord(decision.next);
          expect(decodeRecord(text, H1)).toMatchObject({ kind: 'decoded' });
          expect(decision.next.reserve?.claims.length ?? 0).toBeLessThanOrEqual(2);
          spares.obey(decision.actions);
          record = decision.next;
        }
      }),
      { numRuns: 1000 },
    );
    // The stories get somewhere.
    expect(enabled).toBeGreaterThan(100);
  });

  it('instances are never held for reserved hosts longer than the patience', () => {
    fc.assert(
      fc.property(turns, policies, (story, policy) => {
        let record: Evacuation = begun;
        let now = T0;
        let since: number | null = null;
        const spares = createSpares();
        for (const [drawn, pauseMs] of story) {
          now += pauseMs;
          const { next, actions } = decide(
            record,
            spares.see(drawn.look, drawn.fates),
            policy,
            now,
          );
          spares.obey(actions);
          record = next;
          const isHeld = record.reasons.some(({ code }) => code === 'NH215');
          // What an operator or a storm holds in between begins anew.
          since = isHeld ? (since ?? now) : null;
          if (since === null) continue;
          expect(now - since).toBeLessThan(policy.reserve.patienceMs);
        }
      }),
      { numRuns: 500 },
    );
  });
});
