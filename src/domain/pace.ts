import { isActive, isInFlight, tracked, type Evacuation, type Tracked } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { summaryOf, type Summary } from './summary.ts';
import type { Instant, Millis } from './time.ts';

/** Who may be sent now, and why not more, when more would be there. */
export interface Choice {
  readonly chosen: readonly InstanceId[];
  readonly held: Reason | null;
}

/** The instances that wait and whose time has come, first tries before retries. */
export function due(
  evacuation: Evacuation,
  now: Instant,
): readonly (readonly [InstanceId, Tracked])[] {
  const attempt = (entry: readonly [InstanceId, Tracked]): number =>
    entry[1].progress.at === 'pending' ? entry[1].progress.attempt : 0;
  return tracked(evacuation)
    .filter(([, { progress }]) => progress.at === 'pending' && progress.notBefore <= now)
    .sort((a, b) => attempt(a) - attempt(b));
}

/**
 * Chooses whom to send within the budgets: in flight per region (shared evenly by the hosts at
 * work), per destination, and one member at a time of a group whose members must not meet.
 */
export function choose(
  evacuation: Evacuation,
  peers: readonly Summary[],
  fleet: Fleet,
  policy: Policy,
  now: Instant,
): Choice {
  const candidates = due(evacuation, now);
  if (candidates.length === 0) return { chosen: [], held: null };
  const own = summaryOf(evacuation);
  const others = peers.filter((peer) => peer.host !== evacuation.host);
  const room = Math.min(
    regionRoom(own, others, policy, now),
    destinationRoom(own, others, fleet, evacuation.mark.request.target, policy),
  );
  const busy = new Set([...own.groups, ...others.flatMap((peer) => peer.groups)]);
  const chosen: InstanceId[] = [];
  for (const [id, { exclusiveGroup }] of candidates) {
    if (chosen.length >= room) break;
    if (exclusiveGroup !== null && busy.has(exclusiveGroup)) continue;
    if (exclusiveGroup !== null) busy.add(exclusiveGroup);
    chosen.push(id);
  }
  if (chosen.length > 0 || own.inFlight > 0) return { chosen, held: null };
  const count = own.inFlight + others.reduce((sum, peer) => sum + peer.inFlight, 0);
  return { chosen, held: because('NH203', { count, limit: policy.pace.inFlight }) };
}

function regionRoom(
  own: Summary,
  others: readonly Summary[],
  policy: Policy,
  now: Instant,
): number {
  const limit = policy.pace.inFlight;
  const atWork = others.filter((peer) => competes(peer, now));
  const rank = atWork.filter(
    (peer) =>
      peer.markedAt < own.markedAt || (peer.markedAt === own.markedAt && peer.host < own.host),
  ).length;
  // The first hosts get the remainder, so that a limit below the number of hosts still serves some.
  const hosts = atWork.length + 1;
  const share = Math.floor(limit / hosts) + (rank < limit % hosts ? 1 : 0);
  const elsewhere = others.reduce((sum, peer) => sum + peer.inFlight, 0);
  return Math.max(0, Math.min(share, limit - elsewhere) - own.inFlight);
}

/** For how long a host that waits for something else keeps its share: it may be sent any moment. */
const EXPECTED_MS = 120_000;

/**
 * Whether a host takes part in the budget: it has evacuations under way, or could send some any moment.
 * One that has waited long for something else (a proof, a name that Nova knows) must not slow the
 * others down for ever.
 */
function competes(peer: Summary, now: Instant): boolean {
  if (!isActive(peer)) return false;
  if (peer.inFlight > 0) return true;
  const expected = now - Math.max(peer.markedAt, peer.phaseSince) < EXPECTED_MS;
  if (peer.phase === 'marked') {
    return !peer.excused && (expected || (peer.provenAt !== null && peer.isolated));
  }
  return (
    peer.counts.pending > 0 && (expected || peer.reasons.every(({ code }) => code === 'NH203'))
  );
}

function destinationRoom(
  own: Summary,
  others: readonly Summary[],
  fleet: Fleet,
  target: HostName | null,
  policy: Policy,
): number {
  const towards = new Map<HostName, number>();
  let placed = 0;
  for (const peer of [own, ...others]) {
    for (const [host, count] of Object.entries(peer.towards) as [HostName, number][]) {
      towards.set(host, (towards.get(host) ?? 0) + count);
      placed += count;
    }
  }
  const limit = policy.pace.perDestination;
  const inFlight = own.inFlight + others.reduce((sum, peer) => sum + peer.inFlight, 0);
  if (target !== null) {
    return Math.max(0, limit - (towards.get(target) ?? 0) - (inFlight - placed));
  }
  let open = 0;
  for (const service of fleet.services.values()) {
    if (service.state === 'up' && service.status === 'enabled') open += 1;
  }
  // The scheduler chooses: flights without a destination yet are taken to spread evenly.
  const fullest = Math.max(0, ...towards.values());
  const perOpenHost = Math.max(0, limit - fullest);
  return Math.max(0, perOpenHost * Math.max(1, open) - (inFlight - placed));
}

/** Looks at the migrations that an evacuation may cost besides its POSTs: the base and per instance. */
const LOOKS_BASE = 12;
const LOOKS_PER_INSTANCE = 0.036;
/** The largest share of what is in flight that may have arrived before anybody looks. */
const FULLEST_BATCH = 0.85;

/**
 * How long to wait before the migrations are looked at again: spreads a budget of looks over the
 * evacuation at the rate at which instances arrive, so that tracking stays cheap for Nova on a large
 * host and quick on a small one.
 */
export function lookPause(evacuation: Evacuation, policy: Policy, now: Instant): Millis {
  const all = tracked(evacuation);
  const elapsed = Math.max(1, now - evacuation.phaseSince);
  let ended = 0;
  let flying = 0;
  for (const [, { progress }] of all) {
    if (isInFlight(progress)) flying += 1;
    else if (progress.at === 'landed' || progress.at === 'arrived' || progress.at === 'restoring') {
      ended += 1;
    }
  }
  const { pollMinMs, pollMaxMs } = policy.pace;
  const clamp = (pause: number): number => Math.min(pollMaxMs, Math.max(pollMinMs, pause));
  if (ended === 0 || flying === 0) return clamp(elapsed);
  const looks = LOOKS_BASE + LOOKS_PER_INSTANCE * all.length;
  // How many should have arrived by the next look: never so many that the others wait for it.
  const batch = Math.max(1, Math.min(all.length / looks, FULLEST_BATCH * flying));
  return clamp((batch * elapsed) / ended);
}
