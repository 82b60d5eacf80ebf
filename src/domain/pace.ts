import { createGroupRooms, createPlaces, regionRoom, staggerRoom } from './budget.ts';
import { windowRoom } from './congestion.ts';
import { destinationOf } from './destination.ts';
import { isInFlight, tracked, type Evacuation, type Tracked } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import { DEFAULT_ORDER } from './order.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { sequenceOf } from './sequence.ts';
import { summaryOf, type Summary } from './summary.ts';
import type { Instant, Millis } from './time.ts';

/** Whom to send now, and why not more, when more would be there. */
export interface Choice {
  /** With the host that each is asked to go to; null: where the scheduler likes. */
  readonly chosen: readonly { readonly id: InstanceId; readonly target: HostName | null }[];
  readonly held: Reason | null;
  /** To be kept with what is sent; undefined where nothing has an order group. */
  readonly stage: Evacuation['stage'];
}

/** What each try, and waiting for room, costs an instance: it must not starve those before their first. */
const RETRY_COST = 100;
const NO_ROOM_COST = 1_000_000;

/** The higher, the earlier. */
function rankOf({ order, progress }: Tracked): number {
  const priority = order?.priority ?? DEFAULT_ORDER.priority;
  if (progress.at !== 'pending') return priority;
  // Nova found no room for it: whoever has not been asked for yet may be smaller.
  const noRoom = progress.why?.code === 'NH401' ? NO_ROOM_COST : 0;
  return priority - RETRY_COST * progress.attempt - noRoom;
}

/**
 * The instances that wait and whose time has come, by priority. Every try made before counts as a
 * hundred less, and what found no room comes last: retries never starve first tries.
 */
export function due(
  evacuation: Evacuation,
  now: Instant,
): readonly (readonly [InstanceId, Tracked])[] {
  return tracked(evacuation)
    .filter(([, { progress }]) => progress.at === 'pending' && progress.notBefore <= now)
    .sort((a, b) => rankOf(b[1]) - rankOf(a[1]));
}

/**
 * Chooses whom to send: in the order of priorities and groups, within the budgets in flight (per
 * region and per order group, shared evenly by the hosts at work; per destination; per host; within
 * the window that Nova can take just now), and one member at a time of a group whose members must
 * not meet.
 */
export function choose(
  evacuation: Evacuation,
  peers: readonly Summary[],
  fleet: Fleet,
  policy: Policy,
  now: Instant,
): Choice {
  const own = summaryOf(evacuation);
  const sequence = sequenceOf(evacuation, policy, now);
  const { stage } = sequence;
  const waiting = due(evacuation, now);
  const candidates = waiting.filter(([, entry]) => sequence.isOpen(entry));
  if (candidates.length === 0) {
    const held = waiting.length > 0 && own.inFlight === 0 ? sequence.waits : null;
    return { chosen: [], held, stage };
  }
  const others = peers.filter((peer) => peer.host !== evacuation.host);
  const room = Math.min(
    regionRoom(own, others, policy, now),
    (policy.pace.perHost ?? Infinity) - own.inFlight,
    windowRoom(evacuation, own.inFlight),
    staggerRoom(evacuation, policy, now),
  );
  const places = createPlaces([own, ...others], fleet, policy);
  const busy = new Set([...own.groups, ...others.flatMap((peer) => peer.groups)]);
  const groupRooms = createGroupRooms(own, others, policy, now);
  const chosen: { id: InstanceId; target: HostName | null }[] = [];
  let nowhere: HostName | null = null;
  for (const [id, entry] of candidates) {
    if (chosen.length >= room) break;
    const { exclusiveGroup, order, progress } = entry;
    if (progress.at !== 'pending') continue;
    if (exclusiveGroup !== null && busy.has(exclusiveGroup)) continue;
    const destination = destinationOf(evacuation, progress, fleet, policy);
    if (destination.to === 'nowhere') nowhere = destination.host;
    if (destination.to === 'nowhere' || groupRooms.left(order?.group ?? null) <= 0) continue;
    const target = destination.to === 'host' ? destination.host : null;
    if (!places.take(target)) continue;
    if (exclusiveGroup !== null) busy.add(exclusiveGroup);
    groupRooms.take(order?.group ?? null);
    chosen.push({ id, target });
  }
  if (chosen.length > 0 || own.inFlight > 0) return { chosen, held: null, stage };
  if (nowhere !== null) return { chosen, held: because('NH211', { host: nowhere }), stage };
  if (staggerRoom(evacuation, policy, now) <= 0) return { chosen, held: null, stage };
  const count = own.inFlight + others.reduce((sum, peer) => sum + peer.inFlight, 0);
  return { chosen, held: because('NH203', { count, limit: policy.pace.inFlight }), stage };
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
