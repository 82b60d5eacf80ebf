import { describe, expect, it } from 'vitest';
import { gates } from '../../src/domain/gates.ts';
import type { Fleet, Service } from '../../src/domain/host.ts';
import { asHost, type HostName } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import type { Summary } from '../../src/domain/summary.ts';
import type { Switch } from '../../src/domain/switches.ts';
import { parseNovaTime } from '../../src/domain/time.ts';
import {
  evacuating,
  fleet,
  H1,
  isolated,
  mark,
  observation,
  peer,
  PENDING,
  service,
  T0,
} from '../support/domain.ts';

const h = (n: number): HostName => asHost(`compute-${String(n)}`);
const range = (from: number, to: number): readonly HostName[] =>
  Array.from({ length: to - from + 1 }, (_, index) => h(from + index));
const STAMP = '2026-11-18T08:26:40.000000';

interface World {
  /** The hosts that are marked; H1 is one of them. */
  readonly marked: readonly HostName[];
  /** All others. */
  readonly others: readonly Service[];
  readonly storm?: Partial<Policy['storm']>;
  readonly peers?: readonly Summary[];
  readonly seen?: Partial<Observation>;
  readonly fleet?: Partial<Fleet>;
  readonly now?: number;
  readonly force?: boolean;
  readonly begun?: boolean;
}

/** The reasons for which nothing of H1 may be sent. */
function held(world: World): readonly string[] {
  const { marked, others, now = T0, force = false } = world;
  const policy = {
    ...DEFAULT_POLICY,
    storm: { ...DEFAULT_POLICY.storm, maxShare: 1, ...world.storm },
  };
  const services = [...marked.map((host) => isolated(host)), ...others];
  const whole = fleet(services, world.fleet);
  const record = evacuating([PENDING], {
    mark: mark({ request: { instances: null, target: null, force } }),
    ...(world.begun === true ? { begunAt: T0 } : {}),
  });
  const peers = world.peers ?? marked.map((host) => peer(host));
  const seen = observation({ fleet: known(whole, now), peers: known(peers, now), ...world.seen });
  return gates(record, isolated(), whole, seen, policy, now).map(({ code }) => code);
}

const up = (hosts: readonly HostName[]): readonly Service[] => hosts.map((host) => service(host));
const down = (hosts: readonly HostName[], change: Partial<Service> = {}): readonly Service[] =>
  hosts.map((host) => service(host, { state: 'down', ...change }));

describe('the control plane and silent services', () => {
  it('checklist 1: a stale-but-up service (old updated_at) counts as silent', () => {
    const late = { newestReport: parseNovaTime(STAMP) ?? 0 };
    const stale = range(2, 4).map((host) => service(host, { updatedAt: '2020-01-01T00:00:00' }));
    expect(held({ marked: [H1], others: stale, fleet: late })).toEqual(['NH231']);
    expect(held({ marked: [H1], others: up(range(2, 4)), fleet: late })).toEqual([]);
  });

  it.each([null, 'garbled', ''])('checklist 2: an updated_at of %j is never stale', (updatedAt) => {
    const others = range(2, 4).map((host) => service(host, { updatedAt }));
    expect(held({ marked: [H1], others, fleet: { newestReport: T0 } })).toEqual([]);
  });

  it('checklist 3: disabled or forced down hosts are no candidates', () => {
    const parked = down(range(2, 5), { status: 'disabled', disabledReason: 'broken' });
    const forced = down(range(6, 9), { forcedDown: true });
    expect(held({ marked: [H1], others: [...parked, ...forced] })).toEqual([]);
  });

  it('checklist 5: all active services silent (3 or more) hold; with 2 it goes on', () => {
    expect(held({ marked: [H1], others: down(range(2, 4)) })).toEqual(['NH231']);
    expect(held({ marked: [H1], others: down(range(2, 3)) })).toEqual([]);
    expect(held({ marked: [H1], others: down(range(2, 4)), force: true })).toEqual([]);
    expect(held({ marked: [H1], others: down(range(2, 4)), storm: { silentShare: 1 } })).toEqual(
      [],
    );
  });

  it('checklist 6: all schedulers down block; so do all conductors', () => {
    expect(held({ marked: [H1], others: up([h(2)]), fleet: { schedulersUp: 0 } })).toEqual([
      'NH107',
    ]);
    expect(held({ marked: [H1], others: up([h(2)]), fleet: { conductorsUp: 0 } })).toEqual([
      'NH107',
    ]);
  });

  it('checklist 15: a mass loss is seen when it is the first one (I2)', () => {
    // No memory of better times is needed: 40 of 100 fall silent and one of them is marked.
    const others = [...down(range(2, 60)), ...up(range(61, 100))];
    expect(held({ marked: [H1], others })).toEqual(['NH231']);
  });
});

describe('thresholds', () => {
  it('checklist 9: the share is strict; 0 blocks all, 1 disables', () => {
    const two = { marked: range(1, 2), others: up(range(3, 4)) };
    expect(held({ ...two, storm: { maxShare: 0.5 } })).toEqual([]);
    expect(held({ ...two, storm: { maxShare: 0.49 } })).toEqual(['NH201']);
    expect(held({ marked: [H1], others: up(range(2, 9)), storm: { maxShare: 0 } })).toEqual([
      'NH201',
    ]);
    expect(held({ marked: range(1, 9), others: [], storm: { maxShare: 1 } })).toEqual([]);
  });

  it('checklist 10: a slow cascade, prior evacuated hosts and a new one, blocks', () => {
    const peers = [peer(H1), peer(h(2), { phase: 'settled' }), peer(h(3), { phase: 'settled' })];
    const cascade = { marked: range(1, 3), others: up(range(4, 6)), peers };
    expect(held({ ...cascade, storm: { maxShare: 0.4, cascadeMs: 3_600_000 } })).toEqual(['NH201']);
    const later = { ...cascade, now: T0 + 3_600_000 };
    expect(held({ ...later, storm: { maxShare: 0.4, cascadeMs: 3_600_000 } })).toEqual([]);
  });

  const aggregates = (...limits: readonly string[]): Partial<Observation> => ({
    aggregates: known(
      limits.map((limit, id) => ({
        id,
        name: `a${String(id)}`,
        zone: null,
        metadata: { 'instanceha:max_failures': limit },
        hosts: range(1, 4),
      })),
      T0,
    ),
  });

  it('checklist 12: per aggregate the most restrictive wins; 0 blocks; invalid and negative are ignored', () => {
    const two = { marked: range(1, 2), others: up(range(3, 9)) };
    expect(held({ ...two, seen: aggregates('5', '1') })).toEqual(['NH230']);
    expect(held({ ...two, seen: aggregates('5', '2') })).toEqual([]);
    expect(held({ marked: [H1], others: up([h(2)]), seen: aggregates('0') })).toEqual(['NH230']);
    expect(held({ ...two, seen: aggregates('-1', 'many', '') })).toEqual([]);
    expect(held({ ...two, seen: aggregates('1'), storm: { aggregateKey: '' } })).toEqual([]);
    expect(held({ ...two, seen: { aggregates: unknown('503') } })).toEqual(['NH104']);
    // One that is over counts no more, one of another aggregate never did.
    const peers = [peer(H1), peer(h(2), { phase: 'settled' }), peer(h(9))];
    expect(held({ marked: [H1, h(2), h(9)], others: [], peers, seen: aggregates('1') })).toEqual(
      [],
    );
  });

  it('checklist 13: the rate cap lets the first hosts begin and defers the rest', () => {
    const storm = { intervalMs: 600_000, perInterval: 2 };
    const others = up(range(5, 9));
    const at = (host: HostName, change: Partial<Summary>) =>
      peer(host, { markedAt: T0, ...change });
    const begun = [at(h(2), { begunAt: T0 - 1000 }), at(h(3), { begunAt: T0 - 2000 })];
    const world = { marked: range(1, 3), others, storm };
    expect(held({ ...world, peers: [peer(H1), ...begun] })).toEqual(['NH232']);
    expect(held({ ...world, peers: [peer(H1), ...begun], now: T0 + 600_000 })).toEqual([]);
    expect(held({ ...world, peers: [peer(H1), ...begun], begun: true })).toEqual([]);
    const ahead = [at(h(2), { markedAt: T0 - 2 }), at(h(3), { markedAt: T0 - 1 })];
    expect(held({ ...world, peers: [peer(H1), ...ahead] })).toEqual(['NH232']);
    expect(held({ ...world, peers: [peer(H1), at(h(2), { markedAt: T0 - 2 })] })).toEqual([]);
  });

  it('after a storm it must be calm for so long, whichever worker looks', () => {
    const ended = { phase: 'closed', endedAt: T0 + 60_000 } as const;
    const peers = [peer(H1), peer(h(2), ended), peer(h(3), ended)];
    const storm = { maxHosts: 2, cooldownMs: 300_000 };
    const world = { marked: [H1], others: up(range(2, 9)), peers, storm };
    expect(held({ ...world, now: T0 + 61_000 })).toEqual(['NH233']);
    expect(held({ ...world, now: T0 + 360_000 })).toEqual([]);
    expect(held({ ...world, now: T0 + 61_000, force: true })).toEqual([]);
    expect(held({ ...world, now: T0 + 61_000, storm: { ...storm, maxHosts: 3 } })).toEqual([]);
  });
});

describe('switches', () => {
  const one = (change: Partial<Switch>): Observation['switches'] =>
    known(
      [
        {
          kind: 'pause',
          scope: { of: 'all' },
          reason: 'r',
          by: 'anna',
          since: T0,
          until: null,
          ...change,
        },
      ],
      T0,
    );
  const calm = { marked: [H1], others: up(range(2, 9)) };

  it('I14: hosts under maintenance count in neither numerator nor denominator', () => {
    const maintained = one({ kind: 'maintenance', scope: { of: 'host', host: h(2) } });
    const three = { marked: range(1, 3), others: up(range(4, 6)), storm: { maxHosts: 2 } };
    expect(held(three)).toEqual(['NH201']);
    expect(held({ ...three, seen: { switches: maintained } })).toEqual([]);
    const dead = { marked: [H1], others: [...down(range(2, 4)), ...up(range(5, 6))] };
    expect(held(dead)).toEqual(['NH231']);
    expect(held({ ...dead, seen: { switches: maintained } })).toEqual([]);
  });

  it('checklist 53: switched off, nothing is sent; force does not overrule an operator', () => {
    expect(held({ ...calm, seen: { switches: one({}) } })).toEqual(['NH220']);
    expect(held({ ...calm, seen: { switches: one({}) }, force: true })).toEqual(['NH220']);
    expect(held({ ...calm, seen: { switches: one({ kind: 'freeze' }) } })).toEqual(['NH221']);
    const mine: Switch['scope'] = { of: 'host', host: H1 };
    const switches = one({ kind: 'maintenance', scope: mine });
    expect(held({ ...calm, seen: { switches } })).toEqual(['NH222']);
    const elsewhere = one({ scope: { of: 'host', host: h(2) } });
    expect(held({ ...calm, seen: { switches: elsewhere } })).toEqual([]);
  });

  it('a switch ends at its time; one that cannot be read holds', () => {
    const brief = one({ until: T0 + 1000 });
    expect(held({ ...calm, seen: { switches: brief } })).toEqual(['NH220']);
    expect(held({ ...calm, seen: { switches: brief }, now: T0 + 1000 })).toEqual([]);
    expect(held({ ...calm, seen: { switches: unknown('damaged') } })).toEqual(['NH104']);
  });

  it('an aggregate is paused with its hosts, and with all while nobody knows who they are', () => {
    const gold = one({ scope: { of: 'aggregate', name: 'gold' } });
    const of = (hosts: readonly HostName[]) =>
      known([{ id: 1, name: 'gold', zone: null, metadata: {}, hosts }], T0);
    expect(held({ ...calm, seen: { switches: gold, aggregates: of([H1]) } })).toEqual(['NH220']);
    expect(held({ ...calm, seen: { switches: gold, aggregates: of([h(2)]) } })).toEqual([]);
    const blind = { switches: gold, aggregates: unknown('503') };
    expect(held({ ...calm, seen: blind, storm: { aggregateKey: '' } })).toEqual(['NH104']);
  });
});
