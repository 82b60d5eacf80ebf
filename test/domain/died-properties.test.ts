import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideSilence } from '../../src/domain/decide-silence.ts';
import { isLabelled, type SilenceLook, type SilentFacts } from '../../src/domain/died.ts';
import type { Service, UnreachableService } from '../../src/domain/host.ts';
import { asEvent, asHost } from '../../src/domain/ids.ts';
import { silenceViolations } from '../../src/domain/invariants-of-silence.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { isSilent } from '../../src/domain/silence.ts';
import type { SilentHost } from '../../src/domain/switchboard.ts';
import type { Switch } from '../../src/domain/switches.ts';
import { fleet, peer, service, T0 } from '../support/domain.ts';
import { before, diedPolicy, entryOf, labelled, MINUTE, NEWEST } from '../support/silence.ts';

const HOSTS = [1, 2, 3, 4, 5].map((n) => asHost(`compute-${String(n)}`));
const hosts = fc.constantFrom(...HOSTS);

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Known<T>> =>
  fc.oneof(
    { weight: 5, arbitrary: value.map((one) => known(one, T0)) },
    { weight: 1, arbitrary: fc.constant(unknown('503')) },
  );

const shown: fc.Arbitrary<Partial<Service>> = fc.record({
  status: fc.constantFrom('enabled', 'enabled', 'disabled'),
  state: fc.constantFrom('up', 'up', 'down'),
  forcedDown: fc.constantFrom(false, false, false, true),
  disabledReason: fc.constantFrom(null, labelled(HOSTS[0] ?? asHost('x')).disabledReason, 'rack 4'),
  updatedAt: fc.constantFrom(before(0), before(10 * MINUTE), before(2 * MINUTE), null),
});

const services: fc.Arbitrary<readonly (Service | UnreachableService)[]> = fc
  .tuple(
    ...HOSTS.map((host) =>
      fc.oneof(
        { weight: 9, arbitrary: shown.map((change) => service(host, change)) },
        { weight: 1, arbitrary: fc.constant({ host, state: 'unknown' as const }) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
    ),
  )
  .map((list) => list.flatMap((one) => one ?? []));

const entry: fc.Arbitrary<SilentHost> = fc
  .record(
    {
      host: hosts,
      why: fc.constantFrom('NH224', 'NH225', 'NH226', 'NH227'),
      label: fc.constant(asEvent('e')),
      disabled: fc.constant(true as const),
      lifted: fc.constant(true as const),
      upSince: fc.constantFrom(T0 - MINUTE, T0, T0 + MINUTE),
      asked: fc.constantFrom(T0 - 60 * MINUTE, T0 - MINUTE, T0 + MINUTE),
    },
    { requiredKeys: ['host', 'why'] },
  )
  .map(({ why, ...rest }) => ({ ...entryOf(rest.host), ...rest, why: because(why, {}) }));

const oneSwitch: fc.Arbitrary<Switch> = fc.record({
  kind: fc.constantFrom('pause', 'freeze', 'maintenance'),
  scope: fc.oneof(
    fc.constant({ of: 'all' as const }),
    hosts.map((host) => ({ of: 'host' as const, host })),
    fc.constant({ of: 'aggregate' as const, name: 'gold' }),
  ),
  reason: fc.constant('r'),
  by: fc.constant('anna'),
  since: fc.constant(T0),
  until: fc.constantFrom(null, T0 - 1, T0 + MINUTE),
});

const facts: fc.Arbitrary<SilentFacts> = fc.record({
  event: fc.constant(asEvent('fresh')),
  count: maybe(fc.nat(3)),
  presence: maybe(fc.constantFrom('connected', 'lost', 'fenced', 'foreign', 'alone')),
  objection: maybe(fc.constantFrom(null, 'no device')),
  proof: maybe(
    fc.option(
      fc
        .constantFrom(T0 - 90 * MINUTE, T0 - 30_000, T0 + 30_000)
        .map((at) => ({ source: 'power' as const, at, detail: 'off' })),
    ),
  ),
});

const gold = { id: 1, name: 'gold', zone: null, metadata: {}, hosts: HOSTS.slice(0, 2) };

const looks: fc.Arbitrary<SilenceLook> = fc.record({
  board: fc.record({
    switches: fc.array(oneSwitch, { maxLength: 2 }),
    silent: fc.uniqueArray(entry, { selector: ({ host }) => host, maxLength: 3 }),
  }),
  fleet: fc
    .tuple(services, fc.constantFrom(0, 1, 1, 1), fc.boolean())
    .map(([list, schedulersUp, told]) =>
      fleet(list, { schedulersUp, ...(told ? { newestReport: NEWEST } : {}) }),
    ),
  peers: fc.uniqueArray(
    fc
      .tuple(hosts, fc.constantFrom('marked', 'settled', 'closed'), fc.constantFrom(0, T0))
      .map(([host, phase, markedAt]) => peer(host, { phase, markedAt })),
    { selector: ({ host }) => host, maxLength: 2 },
  ),
  aggregates: maybe(fc.constant([gold])),
  facts: fc
    .array(fc.tuple(hosts, facts), { maxLength: 5 })
    .map((list) => new Map<SilentHost['host'], SilentFacts>(list)),
});

const policies: fc.Arbitrary<Policy> = fc
  .tuple(
    fc.constantFrom('report', 'disable', 'fence', 'fence'),
    fc.constantFrom(1, 10),
    fc.constantFrom(0.5, 1),
    fc.boolean(),
  )
  .map(([action, maxHosts, silentShare, profiled]) => {
    const base = diedPolicy(action);
    const died = { action: 'disable', afterMs: MINUTE } as const;
    const rule = { profile: 'gold', hosts: [], zones: [], aggregates: ['gold'] };
    return {
      ...base,
      storm: { ...base.storm, maxHosts, silentShare },
      ...(profiled ? { profiles: { gold: { died } }, assign: [rule] } : {}),
    };
  });

const RUNS = { numRuns: 3000 };

describe('whatever is silent, switched and known', () => {
  it('no promise is broken', () => {
    fc.assert(
      fc.property(looks, policies, (look, policy) => {
        const decision = decideSilence(look, policy, T0);
        expect(silenceViolations({ look, decision, policy, now: T0 })).toEqual([]);
      }),
      RUNS,
    );
  });

  it('nothing is told twice, and nobody is asked twice', () => {
    fc.assert(
      fc.property(looks, policies, (look, policy) => {
        const first = decideSilence(look, policy, T0);
        const board = { ...look.board, silent: first.silent };
        const second = decideSilence({ ...look, board }, policy, T0);
        const off = first.actions.filter((one) => one.do === 'switch-off').map(({ host }) => host);
        for (const action of second.actions)
          if (action.do === 'switch-off') expect(off).not.toContain(action.host);
        const third = decideSilence(
          { ...look, board: { ...board, silent: second.silent } },
          policy,
          T0,
        );
        // Who waited for another host may be told so once more.
        const told = third.told.filter(({ host }) => !second.told.some((one) => one.host === host));
        expect(told.filter(({ host }) => first.told.some((one) => one.host === host))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('a service that reports is never disabled, and its host never switched off', () => {
    fc.assert(
      fc.property(looks, policies, (look, policy) => {
        for (const { do: what, host } of decideSilence(look, policy, T0).actions) {
          const one = look.fleet.services.get(host);
          if (one === undefined || one.state === 'unknown') throw new Error('nobody shows it');
          const quiet = isSilent(one, look.fleet.newestReport ?? null);
          if (what === 'enable') expect([quiet, isLabelled(one)]).toEqual([false, true]);
          else expect(quiet).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('what an operator holds or has disabled is left alone', () => {
    fc.assert(
      fc.property(looks, policies, (look, policy) => {
        for (const { do: what, host } of decideSilence(look, policy, T0).actions) {
          const on = look.board.switches.filter(
            ({ scope, until, kind }) =>
              (until === null || until > T0) &&
              (kind !== 'pause' || what !== 'enable') &&
              (scope.of === 'all' || (scope.of === 'host' && scope.host === host)),
          );
          if (what !== 'mark') expect(on).toEqual([]);
          const one = look.fleet.services.get(host);
          const reason = one?.state === 'unknown' ? null : (one?.disabledReason ?? null);
          const disabled = one?.state !== 'unknown' && one?.status === 'disabled';
          if (disabled) expect(reason).toMatch(/ silent$/);
        }
      }),
      RUNS,
    );
  });
});
