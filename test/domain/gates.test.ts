import { describe, expect, it } from 'vitest';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import { gates } from '../../src/domain/gates.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { stormOf } from '../../src/domain/storm.ts';
import type { Summary } from '../../src/domain/summary.ts';
import type { Service } from '../../src/domain/host.ts';
import {
  ALIVE,
  evacuating,
  fleet,
  H1,
  H2,
  H3,
  isolated,
  mark,
  observation,
  peer,
  PENDING,
  service,
  T0,
} from '../support/domain.ts';

interface Given {
  readonly change?: Partial<Evacuation>;
  readonly own?: Service;
  readonly others?: readonly Service[];
  readonly seen?: Partial<Observation>;
  readonly policy?: Policy;
  readonly plane?: { readonly conductorsUp?: number; readonly schedulersUp?: number };
  readonly now?: number;
}

function codes(given: Given = {}): readonly string[] {
  const { change = {}, own = isolated(), others = [service(H2), service(H3)], seen = {} } = given;
  const record = evacuating([PENDING], change);
  const services = fleet([own, ...others], given.plane ?? {});
  const policy = given.policy ?? DEFAULT_POLICY;
  const now = given.now ?? T0 + 1000;
  return gates(record, own, services, observation(seen), policy, now).map(({ code }) => code);
}

const marks = (...peers: readonly ReturnType<typeof peer>[]): Partial<Observation> => ({
  peers: known(peers, T0),
});
const doubtful = { updatedAt: 'x', moves: 1, movedAt: T0 };
const delayed: Policy = { ...DEFAULT_POLICY, fence: { ...DEFAULT_POLICY.fence, delayMs: 60_000 } };
const PATIENCE = DEFAULT_POLICY.fence.patienceMs;

describe('what closes the gate', () => {
  it('nothing does, when all is as it should be', () => {
    expect(codes()).toEqual([]);
  });

  it.each<readonly [string, Given, string]>([
    ['no proof', { change: { proof: null } }, 'NH101'],
    ['signs of life', { change: { life: ALIVE } }, 'NH202'],
    ['a sign that may be one', { change: { life: doubtful } }, 'NH107'],
    ['Nova shows it up again', { own: isolated(H1, { state: 'up', forcedDown: false }) }, 'NH107'],
    ['not seen isolated', { change: { isolation: null } }, 'NH102'],
    ['the other marks are unknown', { seen: { peers: unknown('503') } }, 'NH104'],
    ['another mark that is not isolated', { seen: marks(peer(H2, { phase: 'marked' })) }, 'NH105'],
    ['no scheduler', { plane: { schedulersUp: 0 } }, 'NH107'],
    ['no conductor', { plane: { conductorsUp: 0 } }, 'NH107'],
    ['a delay for storage leases', { policy: delayed }, 'NH108'],
  ])('%s', (_name, given, code) => {
    expect(codes(given)).toEqual([code]);
  });

  it('opens again when the delay is over', () => {
    expect(codes({ policy: delayed, now: T0 + 60_000 })).toEqual([]);
  });

  it.each<readonly [string, Given]>([
    ['isolated', { own: isolated(), others: [isolated(H2), service(H3)], seen: marks(peer(H2)) }],
    ['excused', { seen: marks(peer(H2, { excused: true })) }],
    ['settled', { seen: marks(peer(H2, { phase: 'settled' })) }],
  ])('another mark that is %s holds nobody back', (_name, given) => {
    const many: Policy = {
      ...DEFAULT_POLICY,
      storm: { ...DEFAULT_POLICY.storm, maxHosts: 9, maxShare: 1 },
    };
    expect(codes({ ...given, policy: many })).toEqual([]);
  });

  it('a name that Nova does not know counts for a while, not for ever', () => {
    const unknownHost = marks(peer(H2));
    const others = [service(H3)];
    expect(codes({ seen: unknownHost, others })).toEqual(['NH105']);
    expect(codes({ seen: unknownHost, others, now: T0 + 2 * PATIENCE })).toEqual([]);
  });
});

describe('a storm', () => {
  const policy = (maxHosts: number, maxShare: number): Policy => ({
    ...DEFAULT_POLICY,
    storm: { ...DEFAULT_POLICY.storm, maxHosts, maxShare },
  });
  const all = [isolated(), isolated(H2), service(H3)];
  const two = [peer(H1), peer(H2)];
  const storming = (services: readonly Service[], peers: readonly Summary[], wanted: Policy) =>
    stormOf({ fleet: fleet(services), peers, maintenance: new Set() }, wanted, T0);

  it.each([
    ['within both', 2, 1, null],
    ['more than may be', 1, 1, { marked: 2, total: 3, limit: 1 }],
    ['more than the share', 9, 0.5, { marked: 2, total: 3, limit: 1 }],
    ['one host is always believed', 9, 0.1, { marked: 2, total: 3, limit: 1 }],
    ['a share of nothing holds everything', 9, 0, { marked: 2, total: 3, limit: 0 }],
  ])('%s', (_name, maxHosts, maxShare, storm) => {
    expect(storming(all, two, policy(maxHosts, maxShare))).toEqual(storm);
  });

  it('does not count what is over, what an operator has parked, or what Nova does not know', () => {
    const settled = [peer(H1), peer(H2, { phase: 'settled' })];
    expect(storming(all, settled, policy(1, 1))).toBeNull();
    const parked = service(H3, { status: 'disabled', state: 'down', disabledReason: 'broken' });
    expect(storming([isolated(), isolated(H2), parked], two, policy(1, 1))?.total).toBe(2);
    expect(storming([isolated(), service(H3)], two, policy(1, 1))).toBeNull();
  });

  it('holds until an operator says that it is real', () => {
    const given = { own: isolated(), others: [isolated(H2), service(H3)], seen: marks(...two) };
    expect(codes({ ...given, policy: policy(1, 1) })).toEqual(['NH201']);
    const forced = mark({ request: { ...wholeHost, force: true } });
    expect(codes({ ...given, policy: policy(1, 1), change: { mark: forced } })).toEqual([]);
  });
});
