import {
  isActive,
  isFailed,
  isInFlight,
  isTerminal,
  tracked,
  type Evacuation,
  type Phase,
  type Progress,
  type Tracked,
} from './evacuation.ts';
import type { EventId, HostName, InstanceId } from './ids.ts';
import { holdsBack } from './left-request.ts';
import { because, type Reason } from './reason.ts';
import type { Instant } from './time.ts';

/** Steps that few evacuations have: counted only where there are any, so that a summary stays small. */
type RareStep = 'resetting' | 'recreating';

/** How many instances stand where. */
export type Counts = Readonly<Record<Exclude<Progress['at'], RareStep>, number>> &
  Readonly<Partial<Record<RareStep, number>>>;

/**
 * What other hosts' decisions and the status list need of a record: small enough to be read for
 * every host in every turn. Derived from the record, stored beside it in the same write.
 */
export interface Summary {
  readonly host: HostName;
  readonly event: EventId;
  readonly phase: Phase;
  readonly markedAt: Instant;
  readonly phaseSince: Instant;
  /** When the host was proven off, or null while it is not. */
  readonly provenAt: Instant | null;
  readonly isolated: boolean;
  readonly excused: boolean;
  readonly inFlight: number;
  /** In flight by destination, as far as destinations are known. */
  readonly towards: Readonly<Record<HostName, number>>;
  /** The destination that its operator has named; absent where he left that open. */
  readonly aim?: HostName;
  /** The exclusive server groups with a member under way. */
  readonly groups: readonly string[];
  /** The order groups with members that are open still; absent where there are none. */
  readonly orders?: Readonly<
    Record<string, { readonly inFlight: number; readonly waiting: number }>
  >;
  /** The reserved hosts that it has claimed; `taken` once anything was done to one. */
  readonly reserves?: Readonly<Record<HostName, 'claimed' | 'taken'>>;
  readonly total: number;
  readonly counts: Counts;
  readonly reasons: readonly Reason[];
  /** Set while all that is left to send waits for room: when the first of them is tried again. */
  readonly roomAt?: Instant;
  /** Set once its nova-compute gave a sign of life: it may take up what waited for it. */
  readonly lives?: boolean;
  /**
   * Nova's `updated_at` of its service as it was seen last: a younger one is a sign of life. Null before
   * that; absent where its life is of no interest.
   */
  readonly lastSign?: string | null;
  /** When the oldest request was sent of which nobody knows the destination; absent without any. */
  readonly queuedSince?: Instant;
  /** The hosts in whose queues requests of instances that are to move still may lie. */
  readonly queuedOn?: readonly HostName[];
  /** When its first evacuation was sent; absent before that. */
  readonly begunAt?: Instant;
  /** When the work on its instances ended; absent while it goes on. */
  readonly endedAt?: Instant;
}

/**
 * What stands for a record that cannot be read: shown as marked and as needing a human, but holding no
 * other host back, since one damaged record must not stop the work on all the others.
 */
export function unreadable(host: HostName, detail: string): Summary {
  return {
    host,
    event: 'unreadable' as EventId,
    phase: 'marked',
    markedAt: 0,
    phaseSince: 0,
    provenAt: null,
    isolated: false,
    excused: true,
    inFlight: 0,
    towards: {},
    groups: [],
    total: 0,
    counts: noCounts(),
    reasons: [because('NH111', { host, detail })],
  };
}

const noCounts = (): { -readonly [Step in keyof Counts]: Counts[Step] } => ({
  pending: 0,
  skipped: 0,
  intended: 0,
  accepted: 0,
  arrived: 0,
  restoring: 0,
  landed: 0,
  gone: 0,
  failed: 0,
  stuck: 0,
});

/** Whether a summary stands for a record that cannot be read; its reason says why. */
export const isUnreadable = (summary: Summary): boolean =>
  summary.reasons.some((reason) => reason.code === 'NH111');

/** Steps in which nothing more happens by itself. */
const AT_REST: readonly string[] = ['stuck', 'landed', 'skipped', 'gone', 'failed'];

/**
 * Whether all that is left of an evacuation waits for a human: it takes neither places in flight nor
 * room, and may wait for days.
 */
export function awaitsHumans({ phase, counts }: Summary): boolean {
  const working = Object.entries(counts).some(([at, count]) => count > 0 && !AT_REST.includes(at));
  return phase === 'evacuating' && counts.stuck > 0 && !working;
}

/** Derives the summary of a record. */
export function summaryOf(evacuation: Evacuation): Summary {
  const counts = noCounts();
  const towards: Record<HostName, number> = {};
  let inFlight = 0;
  const all = tracked(evacuation);
  const groups = new Set<string>();
  const orders: Record<string, { inFlight: number; waiting: number }> = {};
  const { target } = evacuation.mark.request;
  let roomAt = Infinity;
  let ready = 0;
  for (const [, { progress, exclusiveGroup, order }] of all) {
    counts[progress.at] = (counts[progress.at] ?? 0) + 1;
    if (progress.at === 'resetting') ready += 1;
    if (progress.at === 'pending') {
      if (progress.why?.code === 'NH401') roomAt = Math.min(roomAt, progress.notBefore);
      else ready += 1;
    }
    if (order !== undefined && order.group !== null) {
      const isWaiting = progress.at === 'pending' || progress.at === 'resetting';
      if (isWaiting || isInFlight(progress) || progress.at === 'recreating') {
        const one = (orders[order.group] ??= { inFlight: 0, waiting: 0 });
        one[isWaiting ? 'waiting' : 'inFlight'] += 1;
      }
    }
    if (exclusiveGroup !== null && isInFlight(progress)) {
      groups.add(exclusiveGroup);
    }
    // A rebuild from a snapshot burdens its host as an evacuation does.
    const rebuilt = progress.at === 'recreating' ? progress.destination : null;
    if (!isInFlight(progress) && rebuilt === null) continue;
    inFlight += 1;
    const destination = progress.at === 'accepted' ? progress.destination : rebuilt;
    if (destination !== null) towards[destination] = (towards[destination] ?? 0) + 1;
  }
  return {
    host: evacuation.host,
    event: evacuation.mark.event,
    phase: evacuation.phase,
    markedAt: evacuation.mark.at,
    phaseSince: evacuation.phaseSince,
    provenAt: evacuation.proof?.at ?? null,
    isolated: evacuation.isolation?.seen ?? false,
    excused: evacuation.excused,
    inFlight,
    towards,
    ...(target === null ? {} : { aim: target }),
    groups: [...groups],
    ...(Object.keys(orders).length === 0 ? {} : { orders }),
    ...reservesOf(evacuation),
    total: all.length,
    counts,
    reasons: evacuation.reasons,
    ...(ready > 0 || roomAt === Infinity ? {} : { roomAt }),
    ...(evacuation.life.moves > 0 ? { lives: true } : {}),
    ...(isFailed(evacuation) ? { lastSign: evacuation.life.updatedAt } : {}),
    ...queuedBy(all),
    ...(evacuation.begunAt === undefined ? {} : { begunAt: evacuation.begunAt }),
    ...(isActive(evacuation) ? {} : { endedAt: endOf(evacuation) }),
  };
}

function reservesOf({ reserve }: Evacuation): Pick<Summary, 'reserves'> {
  if (reserve === undefined || reserve.claims.length === 0) return {};
  const entries = reserve.claims.map(
    ({ host, at }) => [host, at === 'claimed' ? 'claimed' : 'taken'] as const,
  );
  return { reserves: Object.fromEntries(entries) };
}

/** What may wait in the queues of hosts, so that they must not start when they have failed meanwhile. */
function queuedBy(all: readonly (readonly [InstanceId, Tracked])[]) {
  const on = new Set<HostName>();
  let since = Infinity;
  for (const [, entry] of all) {
    const { progress, left } = entry;
    if (isTerminal(progress)) continue;
    if (left !== undefined && holdsBack(entry)) for (const host of left.on) on.add(host);
    if (progress.at === 'accepted' && progress.destination !== null) on.add(progress.destination);
    else if (progress.at === 'accepted' || progress.at === 'intended')
      since = Math.min(since, progress.since);
  }
  return {
    ...(since === Infinity ? {} : { queuedSince: since }),
    ...(on.size === 0 ? {} : { queuedOn: [...on] }),
  };
}

/** When the work on the instances of a record ended that is not active any more. */
export const endOf = ({ endedAt, phaseSince }: Evacuation): Instant => endedAt ?? phaseSince;
