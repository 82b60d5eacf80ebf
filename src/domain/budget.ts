import { isOpenHost } from './destination.ts';
import { isActive, type Evacuation } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName } from './ids.ts';
import type { Policy } from './policy.ts';
import { summaryOf, type Summary } from './summary.ts';
import type { Instant } from './time.ts';

/** What is left of the region's limit for this host. */
export function regionRoom(
  own: Summary,
  others: readonly Summary[],
  policy: Policy,
  now: Instant,
): number {
  const atWork = others.filter((peer) => competes(peer, now));
  const elsewhere = others.reduce((sum, peer) => sum + peer.inFlight, 0);
  const limit = policy.pace.inFlight;
  return Math.max(0, Math.min(shareOf(limit, own, atWork), limit - elsewhere) - own.inFlight);
}

/** One host's part of a limit. */
function shareOf(limit: number, own: Summary, atWork: readonly Summary[]): number {
  const rank = atWork.filter(
    (peer) =>
      peer.markedAt < own.markedAt || (peer.markedAt === own.markedAt && peer.host < own.host),
  ).length;
  // The first hosts get the remainder, so that a limit below the number of hosts still serves some.
  const hosts = atWork.length + 1;
  return Math.floor(limit / hosts) + (rank < limit % hosts ? 1 : 0);
}

/** What is left of the limit of each order group; a host that is not counted yet may have members. */
export function createGroupRooms(
  own: Summary,
  others: readonly Summary[],
  policy: Policy,
  now: Instant,
) {
  const limit = policy.pace.perGroup;
  const rooms = new Map<string, number>();
  const left = (group: string | null): number => {
    if (limit === null || group === null) return Infinity;
    const known = rooms.get(group);
    if (known !== undefined) return known;
    const flying = (peer: Summary): number => peer.orders?.[group]?.inFlight ?? 0;
    const atWork = others.filter(
      (peer) =>
        competes(peer, now) && (peer.phase === 'marked' || peer.orders?.[group] !== undefined),
    );
    const elsewhere = others.reduce((sum, peer) => sum + flying(peer), 0);
    const room = Math.min(shareOf(limit, own, atWork), limit - elsewhere) - flying(own);
    rooms.set(group, room);
    return room;
  };
  return {
    left,
    take: (group: string | null): void => {
      if (group !== null) rooms.set(group, left(group) - 1);
    },
  };
}

/** One at a time, and none before the pause is over. */
export function staggerRoom({ sentAt }: Evacuation, { pace }: Policy, now: Instant): number {
  if (pace.staggerMs === 0) return Infinity;
  return sentAt === undefined || now - sentAt >= pace.staggerMs ? 1 : 0;
}

/** For how long a host that waits for something else keeps its share: it may be sent any moment. */
const EXPECTED_MS = 120_000;

/** How long before its next try a host that waits for room counts again, so that all others know. */
const ANNOUNCED_MS = 5_000;

/** Reasons that a host may have and yet send at any moment. */
const UNHELD: ReadonlySet<string> = new Set(['NH203', 'NH215', 'NH235']);

/**
 * Whether a host takes part in the budget: it has evacuations under way, or could send some any moment.
 * One that has waited long for something else (a proof, a name that Nova knows) must not slow the
 * others down for ever.
 */
function competes(peer: Summary, now: Instant): boolean {
  if (!isActive(peer)) return false;
  if (peer.inFlight > 0) return true;
  // Waiting for room may last for ever; the share is kept for its next try alone.
  if (peer.roomAt !== undefined && now < peer.roomAt - ANNOUNCED_MS) return false;
  const expected = now - Math.max(peer.markedAt, peer.phaseSince) < EXPECTED_MS;
  if (peer.phase === 'marked') {
    return !peer.excused && (expected || (peer.provenAt !== null && peer.isolated));
  }
  // What is being reset is sent next.
  const waiting = peer.counts.pending + (peer.counts.resetting ?? 0);
  return waiting > 0 && (expected || peer.reasons.every(({ code }) => UNHELD.has(code)));
}

/**
 * Whether the other hosts still count with this one, by what they see in its record. One that was held
 * for so long that they do not shows first that it is back: hosts that are let go in the same moment
 * would each take the whole limit.
 */
export const isCounted = (record: Evacuation, now: Instant): boolean =>
  competes(summaryOf(record), now);

/**
 * What is left towards each destination; flights whose destination is not known yet count for all. The
 * hosts at work that may want the same places share them as they share the region's limit, so that those
 * that decide in the same moment do not take them twice.
 */
export function createPlaces(
  own: Summary,
  others: readonly Summary[],
  fleet: Fleet,
  policy: Policy,
  now: Instant,
) {
  const { towards, unplaced } = flightsOf([own, ...others]);
  const limit = policy.pace.perDestination;
  const left = (host: HostName): number => Math.max(0, limit - (towards.get(host) ?? 0));
  const open = [...fleet.services.keys()].filter((host) => isOpenHost(fleet, host));
  // The scheduler chooses, and often the same host for all that are sent together. What is sent next
  // goes elsewhere once they have their place, so one full host must not stop the sending to the others.
  const anywhere = open.length === 0 ? limit : open.reduce((sum, host) => sum + left(host), 0);
  const atWork = others.filter((peer) => competes(peer, now));
  const mine = flightsOf([own]);
  const taken = [...mine.towards.values()].reduce((sum, count) => sum + Math.min(count, limit), 0);
  const shareAnywhere = shareOf(limit * Math.max(1, open.length), own, atWork) - taken;
  const shareTowards = (host: HostName): number => {
    const rivals = atWork.filter(({ aim }) => aim === host || policy.destination.host === host);
    return shareOf(limit, own, rivals) - (mine.towards.get(host) ?? 0);
  };
  let sent = 0;
  return {
    /** Takes a place, if there is one. */
    take: (target: HostName | null): boolean => {
      const room = (target === null ? anywhere : left(target)) - unplaced;
      const share = (target === null ? shareAnywhere : shareTowards(target)) - mine.unplaced;
      if (Math.min(room, share) <= sent) return false;
      sent += 1;
      return true;
    },
  };
}

/** How many are on their way to which host, and how many to one that is not known yet. */
function flightsOf(records: readonly Summary[]) {
  const towards = new Map<HostName, number>();
  let unplaced = 0;
  for (const record of records) {
    unplaced += record.inFlight;
    for (const [host, count] of Object.entries(record.towards) as [HostName, number][]) {
      towards.set(host, (towards.get(host) ?? 0) + count);
      unplaced -= count;
    }
  }
  return { towards, unplaced };
}
