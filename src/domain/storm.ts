import { isActive, tracked, type Evacuation } from './evacuation.ts';
import type { Aggregate } from './facts.ts';
import type { Fleet } from './host.ts';
import type { HostName } from './ids.ts';
import { type Known, NOT_ASKED } from './known.ts';
import { parseDisabledReason } from './mark.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { silenceOf, type Failures } from './silence.ts';
import type { Summary } from './summary.ts';
import { underMaintenance } from './switches.ts';
import { formatMillis, type Instant, type Millis } from './time.ts';

/** How many hosts are marked, of how many, and how many may be. */
export interface Storm {
  readonly marked: number;
  readonly total: number;
  readonly limit: number;
}

/** Whether a summary counts: a mark under a name that Nova knows, of a host that nobody works on. */
const counts = ({ fleet, maintenance }: Failures, { host }: Summary): boolean =>
  fleet.services.has(host) && !maintenance.has(host);

/** The most hosts that may have failed. Hosts that an operator parked are not there to fail. */
function limitOf(failures: Failures, policy: Policy): Pick<Storm, 'total' | 'limit'> {
  const { fleet, maintenance } = failures;
  let total = 0;
  for (const service of fleet.services.values()) {
    const parked =
      service.state === 'down' &&
      service.status === 'disabled' &&
      parseDisabledReason(service.disabledReason) === null;
    if (!parked && !maintenance.has(service.host)) total += 1;
  }
  const { maxShare, maxHosts } = policy.storm;
  // One failed host is no storm, however small the region; a share of nothing holds everything.
  const byShare = maxShare === 0 ? 0 : Math.max(1, Math.floor(maxShare * total));
  return { total, limit: Math.min(maxHosts, byShare) };
}

/**
 * Whether too many hosts failed at once to believe it: clock skew, RabbitMQ or conductor trouble
 * make all computes look down together. Null while the thresholds hold. Hosts that an operator
 * disabled and that are down, and those under maintenance, count in neither numerator nor denominator,
 * nor do marks under names that Nova does not know. Evacuated hosts that are not back yet count for
 * `storm.cascade`, so that failures one after the other are seen too.
 */
export function stormOf(failures: Failures, policy: Policy, now: Instant): Storm | null {
  const { cascadeMs } = policy.storm;
  const marked = failures.peers.filter(
    (peer) =>
      counts(failures, peer) &&
      (isActive(peer) || (peer.phase === 'settled' && now - peer.markedAt < cascadeMs)),
  ).length;
  const { total, limit } = limitOf(failures, policy);
  return marked > limit ? { marked, total, limit } : null;
}

/**
 * When too many hosts were marked at once last, or null. Found out from the records, so that every worker
 * and every restart come to the same.
 */
export function lastStormAt(failures: Failures, policy: Policy, now: Instant): Instant | null {
  const { limit } = limitOf(failures, policy);
  const steps: { readonly at: Instant; readonly by: 1 | -1 }[] = [];
  for (const peer of failures.peers) {
    if (!counts(failures, peer)) continue;
    const end = isActive(peer) ? now : (peer.endedAt ?? peer.markedAt);
    if (end <= peer.markedAt) continue;
    steps.push({ at: peer.markedAt, by: 1 }, { at: end, by: -1 });
  }
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let standing = 0;
  let last: Instant | null = null;
  for (const { at, by } of steps) {
    if (standing > limit) last = at;
    standing += by;
  }
  return last;
}

/** Why a host must not be evacuated now although all is known about it, or null; `force` overrules it. */
export function stormHold(
  evacuation: Evacuation,
  fleet: Fleet,
  peers: readonly Summary[],
  observation: Pick<Observation, 'switches' | 'aggregates'>,
  policy: Policy,
  now: Instant,
): Reason | null {
  const { host } = evacuation;
  if (evacuation.mark.request.force) return null;
  const maintenance = underMaintenance(observation.switches, now);
  const failures: Failures = { fleet, peers, maintenance };
  const storm = stormOf(failures, policy, now);
  if (storm !== null) return because('NH201', { host, ...storm });
  const crowded = aggregateHold(host, failures, observation.aggregates ?? NOT_ASKED, policy);
  if (crowded !== null) return crowded;
  const silence = silenceOf(failures, policy);
  if (silence !== null) {
    const { silent, total } = silence;
    return because('NH231', { host, silent, total });
  }
  const calm = calmLeft(failures, policy, now);
  if (calm > 0) return because('NH233', { host, time: formatMillis(calm) });
  return intervalHold(evacuation, failures, policy, now);
}

/**
 * Whether an aggregate of the host says itself how many of its hosts may fail (`instanceha:max_failures`),
 * and more did. What is no whole number from 0 says nothing.
 */
function aggregateHold(
  host: HostName,
  failures: Failures,
  aggregates: Known<readonly Aggregate[]>,
  policy: Policy,
): Reason | null {
  const key = policy.storm.aggregateKey;
  if (key === '') return null;
  if (aggregates.kind === 'unknown') {
    return because('NH104', { what: 'the aggregates', detail: aggregates.why });
  }
  for (const { name, metadata, hosts } of aggregates.value) {
    const text = (metadata[key] ?? '').trim();
    if (!/^\d+$/.test(text) || !hosts.includes(host)) continue;
    const inside = new Set(hosts);
    const marked = failures.peers.filter(
      (peer) => isActive(peer) && inside.has(peer.host) && counts(failures, peer),
    ).length;
    if (marked <= Number(text)) continue;
    return because('NH230', { host, marked, aggregate: name, key, limit: Number(text) });
  }
  return null;
}

/** How much of the calm after a storm is still to come. */
function calmLeft(failures: Failures, policy: Policy, now: Instant): Millis {
  const { cooldownMs } = policy.storm;
  if (cooldownMs === 0) return 0;
  const last = lastStormAt(failures, policy, now);
  return last === null ? 0 : Math.max(0, last + cooldownMs - now);
}

/** Reasons that pass within seconds, or hold nothing: who has no other may begin any moment. */
const PASSING: ReadonlySet<string> = new Set([
  'NH102',
  'NH105',
  'NH108',
  'NH112',
  'NH203',
  'NH232',
  'NH235',
]);

/** At most so many hosts begin within an interval; the others wait, the earliest mark first. */
function intervalHold(
  evacuation: Evacuation,
  failures: Failures,
  policy: Policy,
  now: Instant,
): Reason | null {
  const { intervalMs, perInterval } = policy.storm;
  if (intervalMs === 0 || hasBegun(evacuation)) return null;
  const { host, mark } = evacuation;
  const others = failures.peers.filter((peer) => peer.host !== host);
  const begun = others
    .flatMap(({ begunAt }) => begunAt ?? [])
    .filter((at) => now - at < intervalMs)
    .sort((a, b) => a - b);
  const ahead = others.filter(
    (peer) =>
      isActive(peer) &&
      peer.begunAt === undefined &&
      !peer.excused &&
      peer.reasons.every(({ code }) => PASSING.has(code)) &&
      (peer.markedAt < mark.at || (peer.markedAt === mark.at && peer.host < host)),
  ).length;
  if (begun.length + ahead < perInterval) return null;
  const free = begun[Math.max(0, begun.length - perInterval)] ?? now;
  const time = formatMillis(Math.max(1000, free + intervalMs - now));
  const interval = formatMillis(intervalMs);
  return because('NH232', { host, count: perInterval, interval, time });
}

/** Whether anything was sent for the host already. */
const hasBegun = (evacuation: Evacuation): boolean =>
  evacuation.begunAt !== undefined ||
  tracked(evacuation).some(([, { progress }]) => 'attempt' in progress && progress.attempt > 0);
