import { createGroupRooms, createPlaces, regionRoom, staggerRoom } from './budget.ts';
import { windowRoom } from './congestion.ts';
import { destinationOf } from './destination.ts';
import { tracked, type Evacuation, type Tracked } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import { DEFAULT_ORDER } from './order.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { createReserveTargets } from './reserve-target.ts';
import { sequenceOf } from './sequence.ts';
import { summaryOf, type Summary } from './summary.ts';
import type { Instant } from './time.ts';

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

/** Of whom a request was left with a fenced host: sent again only on a look at what became of it. */
export const toRepeat = (evacuation: Evacuation, now: Instant): readonly InstanceId[] =>
  due(evacuation, now)
    .filter(([, { left }]) => left !== undefined && left.repeated !== true)
    .map(([id]) => id);

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
  isReady: (id: InstanceId, entry: Tracked) => boolean = () => true,
): Choice {
  const own = summaryOf(evacuation);
  const sequence = sequenceOf(evacuation, policy, now);
  const { stage } = sequence;
  const waiting = due(evacuation, now);
  const candidates = waiting.filter(([id, entry]) => sequence.isOpen(entry) && isReady(id, entry));
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
  const places = createPlaces(own, others, fleet, policy, now);
  const busy = new Set([...own.groups, ...others.flatMap((peer) => peer.groups)]);
  const groupRooms = createGroupRooms(own, others, policy, now);
  const chosen: { id: InstanceId; target: HostName | null }[] = [];
  const reserved = createReserveTargets(evacuation, fleet, policy);
  let nowhere: HostName | null = null;
  for (const [id, entry] of candidates) {
    if (chosen.length >= room) break;
    const { exclusiveGroup, order, progress } = entry;
    if (progress.at !== 'pending') continue;
    if (exclusiveGroup !== null && busy.has(exclusiveGroup)) continue;
    const destination = destinationOf(evacuation, progress, fleet, policy);
    if (destination.to === 'nowhere') nowhere = destination.host;
    if (destination.to === 'nowhere' || groupRooms.left(order?.group ?? null) <= 0) continue;
    const usual = destination.to === 'host' ? destination.host : null;
    const target = reserved(entry) ?? usual;
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
