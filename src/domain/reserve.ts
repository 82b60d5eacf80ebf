import { aggregatesOf, type Aggregate } from './facts.ts';
import type { Fleet, Service } from './host.ts';
import type { HostName } from './ids.ts';
import { type Known, NOT_ASKED } from './known.ts';
import { parseDisabledReason } from './mark.ts';
import { parseDrainNote } from './move.ts';
import type { Observation } from './observation.ts';
import type { Reason } from './reason.ts';
import type { Summary } from './summary.ts';
import { holdOf } from './switches.ts';
import type { Instant, Millis } from './time.ts';

/** When hosts that an operator keeps in reserve are taken, and which; part of the policy. */
export interface ReservePolicy {
  /** `needed`: Placement shows no room for somebody, or Nova found none (NoValidHost). */
  readonly when: 'never' | 'needed' | 'always';
  /** What the reason says with which an operator disabled a reserved host. */
  readonly reason: string;
  /** The aggregate of the reserved hosts; null: the reason alone tells them. */
  readonly aggregate: string | null;
  /** What a reserved host and the failed one must have in common. */
  readonly match: 'aggregate' | 'zone' | 'any';
  /** So many at most for one failed host. */
  readonly hosts: number;
  /** Add it to the aggregates of the failed host for as long as it is taken. */
  readonly addToAggregates: boolean;
  /** Ask for it as the destination at the first try. */
  readonly target: boolean;
  /** Disable it again when it stayed empty. */
  readonly giveBack: boolean;
  /** The longest that instances wait for a reserved host. */
  readonly patienceMs: Millis;
}

/**
 * A reserved host that one failed host has asked for. `claimed`: nothing was done to it, and another
 * failed host may have claimed it too. `enabling`: it is being enabled. `taken`: Nova shows it up and
 * enabled. `returning`: it is being disabled again. `reopening`: it got a guest while that happened,
 * and is enabled once more, for good.
 */
export interface ReserveClaim {
  readonly host: HostName;
  readonly at: 'claimed' | 'enabling' | 'taken' | 'returning' | 'reopening';
  readonly since: Instant;
  /** The reason with which it was disabled, which it gets back. */
  readonly reason: string | null;
  /** The aggregates that it was decided to be added to; absent: none. */
  readonly added?: readonly number[];
  /** When it was asked for last, that it be enabled or added somewhere; this may take effect late. */
  readonly asked?: Instant;
  /** When the opposite was asked for last. */
  readonly undone?: Instant;
  /** Set once Nova showed it enabled. */
  readonly opened?: true;
  /** Set once Nova showed it disabled again, and nothing of ours could enable it any more. */
  readonly shut?: true;
}

/** What a record knows of reserved hosts; absent as long as none was wanted. */
export interface Reserve {
  /** When one was wanted first for this event: the patience of the instances counts from here. */
  readonly since: Instant;
  readonly claims: readonly ReserveClaim[];
  /** What became of the others; no host is claimed twice for one event. */
  readonly ended: readonly { readonly host: HostName; readonly why: Reason }[];
  /** Why none (more) can be had, when one was wanted. */
  readonly none?: Reason | undefined;
}

/** What a turn has seen of everything that decides about reserved hosts. */
export interface ReserveSight {
  /** The failed host. */
  readonly host: HostName;
  readonly fleet: Fleet;
  readonly aggregates: Known<readonly Aggregate[]>;
  /** The other hosts' records. */
  readonly peers: readonly Summary[];
  /** Whether an operator holds a host: under maintenance, paused, frozen, or that is not known. */
  readonly isHeld: (host: HostName) => boolean;
  readonly failing: readonly HostName[];
}

/** Puts together what concerns reserved hosts; the other records must be known. */
export function sightOf(
  host: HostName,
  fleet: Fleet,
  seen: Pick<Observation, 'aggregates' | 'peers' | 'switches' | 'failing'>,
  now: Instant,
): ReserveSight {
  const { aggregates = NOT_ASKED, peers, switches, failing } = seen;
  return {
    host,
    fleet,
    aggregates,
    peers: peers.kind === 'known' ? peers.value.filter((peer) => peer.host !== host) : [],
    isHeld: (one) => holdOf(one, switches, aggregates, now).send.length > 0,
    failing: failing?.kind === 'known' ? failing.value : [],
  };
}

/** Whether the policy must know who is in which aggregate. */
export const reservesNeedAggregates = (policy: ReservePolicy): boolean =>
  policy.when !== 'never' &&
  (policy.aggregate !== null || policy.match === 'aggregate' || policy.addToAggregates);

/** What nova-compute writes when it disables itself; it enables itself again. */
const BY_ITSELF = 'AUTO:';

/**
 * Whether an operator keeps a host in reserve: he disabled it and said so. In the aggregate of the
 * reserved hosts he need not say it, but what he disabled there for another reason is left alone. What
 * was said when a host was drained says nothing about it in reserve.
 */
export function isReserved(
  service: Service,
  policy: ReservePolicy,
  aggregates: readonly Aggregate[],
): boolean {
  const { status, disabledReason: reason, host } = service;
  if (status !== 'disabled' || parseDisabledReason(reason) !== null) return false;
  if (reason?.startsWith(BY_ITSELF) === true || parseDrainNote(reason) !== null) return false;
  const says = reason !== null && hasWords(reason, policy.reason);
  if (policy.aggregate === null) return says;
  const isMember = aggregatesOf(host, aggregates).some(({ name }) => name === policy.aggregate);
  return isMember && (says || reason === null || reason === '');
}

/** Whether a text has these words, in any case of letters: what is "preserved" is not reserved. */
function hasWords(text: string, words: string): boolean {
  const plain = words.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${plain}(?![\\p{L}\\p{N}])`, 'iu').test(text);
}

/** The records that have claimed a reserved host too. */
export const rivalsFor = (reserve: HostName, { peers }: ReserveSight): readonly Summary[] =>
  peers.filter(({ reserves }) => reserves?.[reserve] !== undefined);

/** Why a host cannot be taken now, as the end of a sentence; null when nothing is in the way. */
export function obstacleTo(
  reserve: HostName,
  sight: ReserveSight,
  policy: ReservePolicy,
): string | null {
  const { fleet, host, peers } = sight;
  const service = fleet.services.get(reserve);
  if (service === undefined) return 'Nova does not list it';
  if (service.state === 'unknown') return 'its cell cannot be reached';
  const all = sight.aggregates.kind === 'known' ? sight.aggregates.value : [];
  if (reserve === host) return 'it is the failed host itself';
  if (service.status === 'enabled') return 'it is enabled';
  if (!isReserved(service, policy, all))
    return `it is disabled for another reason (${service.disabledReason ?? 'none given'})`;
  if (service.forcedDown) return 'it is forced down';
  if (service.state === 'down') return 'it is down';
  if (peers.some((peer) => peer.host === reserve && peer.phase !== 'closed'))
    return 'it is marked as failed itself';
  if (sight.failing.includes(reserve)) return 'it is being fenced';
  if (sight.isHeld(reserve)) return 'an operator holds it (maintenance, pause or freeze)';
  return mismatch(service, sight, all, policy);
}

/** What a reserved host lacks to stand in for the failed one. */
function mismatch(
  service: Service,
  { fleet, host }: ReserveSight,
  all: readonly Aggregate[],
  policy: ReservePolicy,
): string | null {
  switch (policy.match) {
    case 'any':
      return null;
    case 'zone': {
      const failed = fleet.services.get(host);
      const zone = failed !== undefined && 'zone' in failed ? failed.zone : null;
      return zone === service.zone
        ? null
        : `it is in the zone ${service.zone}, not in ${zone ?? 'one that is known'}`;
    }
    case 'aggregate':
      return sharedBy(service.host, host, all, policy) > 0
        ? null
        : `it is in no aggregate of ${host}`;
  }
}

/** How many aggregates two hosts share; that of the reserved hosts does not count. */
const sharedBy = (
  reserve: HostName,
  host: HostName,
  all: readonly Aggregate[],
  policy: ReservePolicy,
): number =>
  aggregatesOf(host, all).filter(
    ({ name, hosts }) => name !== policy.aggregate && hosts.includes(reserve),
  ).length;

/** The reserved hosts, the best first, and why the others cannot be taken. */
export interface FoundReserves {
  readonly fit: readonly HostName[];
  readonly unfit: readonly { readonly host: HostName; readonly why: string }[];
}

/** Looks for reserved hosts; those that share most with the failed host come first, then by name. */
export function findReserves(
  sight: ReserveSight,
  policy: ReservePolicy,
  tried: readonly HostName[] = [],
): FoundReserves | { readonly unknown: string } {
  const { aggregates, fleet, host } = sight;
  if (reservesNeedAggregates(policy) && aggregates.kind === 'unknown')
    return { unknown: aggregates.why };
  const all = aggregates.kind === 'known' ? aggregates.value : [];
  const fit: HostName[] = [];
  const unfit: { host: HostName; why: string }[] = [];
  for (const [reserve, service] of fleet.services) {
    if (service.state === 'unknown' || reserve === host) continue;
    if (!isReserved(service, policy, all)) continue;
    const [rival] = rivalsFor(reserve, sight);
    const why =
      obstacleTo(reserve, sight, policy) ??
      (rival === undefined ? null : `it is claimed for ${rival.host}`) ??
      (tried.includes(reserve) ? 'it was given up before' : null);
    if (why === null) fit.push(reserve);
    else unfit.push({ host: reserve, why });
  }
  const zone = zoneOf(fleet, host);
  const rank = (one: HostName): number =>
    sharedBy(one, host, all, policy) * 2 + (zoneOf(fleet, one) === zone ? 1 : 0);
  fit.sort((a, b) => rank(b) - rank(a) || (a < b ? -1 : 1));
  return { fit, unfit };
}

const zoneOf = (fleet: Fleet, host: HostName): string | null => {
  const service = fleet.services.get(host);
  return service !== undefined && 'zone' in service ? service.zone : null;
};

/** How many hosts are named in a sentence before it says how many more there are. */
const NAMED = 3;

/** Why none can be taken, as the end of a sentence. */
export function whyNone({ unfit }: FoundReserves, policy: ReservePolicy): string {
  if (unfit.length === 0) {
    return policy.aggregate === null
      ? `no compute service is disabled with a reason that has the word "${policy.reason}"`
      : `no host of the aggregate ${policy.aggregate} is disabled as a reserved host`;
  }
  const named = unfit.slice(0, NAMED).map(({ host, why }) => `${host}: ${why}`);
  const more = unfit.length > NAMED ? `, and ${String(unfit.length - NAMED)} more` : '';
  return `${named.join('; ')}${more}`;
}
