import type { Progress } from './evacuation.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { Instance } from './instance.ts';
import type { Liveness } from './life.ts';
import type { Known } from './known.ts';
import { stageOf, type Migration } from './migration.ts';
import type { ActionTrace, Answer, Sighting } from './observation.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import type { Instant, Millis } from './time.ts';

/** What one turn learnt about one instance. */
export interface Facts {
  readonly id: InstanceId;
  readonly source: HostName;
  /** Its evacuation records with this source, newest first. */
  readonly rows: Known<readonly Migration[]>;
  /** Whether Nova shows it on the source host, and as what. */
  readonly onSource: Known<Instance | null>;
  readonly sighting: Known<Sighting | null>;
  readonly trace: Known<ActionTrace | null>;
  readonly answer: Answer | null;
  /** Hosts that are proven off now, with the instant of the proof. */
  readonly fenced: ReadonlyMap<HostName, Instant>;
  /** Whether a host that had failed may take up what waits for it. */
  readonly livenessOf: (host: HostName) => Liveness;
  /** When each compute service reported last by Nova's time, null where that is not known; null: not asked. */
  readonly reports: ReadonlyMap<HostName, Instant | null> | null;
  /** When the list of services was read that all this rests on; null: not asked. */
  readonly listed: Instant | null;
  /** False while no nova-conductor or no nova-scheduler is up: a silent record proves nothing then. */
  readonly controlPlaneUp: boolean;
}

/** One kind of progress. */
export type At<Kind extends Progress['at']> = Extract<Progress, { at: Kind }>;

/** The state of the evacuation that the records newer than `after` show. */
export type Judgement =
  | { readonly is: 'silent' }
  | { readonly is: 'flying'; readonly row: Migration; readonly building: boolean }
  | { readonly is: 'arrived'; readonly row: Migration }
  | { readonly is: 'failed'; readonly row: Migration };

/** Judges the records of one instance that are newer than `after`. */
export function judge(rows: readonly Migration[], after: number): Judgement {
  const mine = rows.filter((row) => row.id > after);
  // A record that ended well wins over a younger one that stays `accepted` for ever: Nova's conductor
  // takes the oldest accepted record of the instance, not the one that belongs to the request.
  const arrived = mine.find((row) => {
    const stage = stageOf(row.status);
    return stage === 'arrived' || stage === 'completed';
  });
  // One older than that is an orphan: nobody builds it any more, and nobody will ever end it.
  const building = mine.find(
    (row) => stageOf(row.status) === 'building' && row.id > (arrived?.id ?? after),
  );
  if (building !== undefined) return { is: 'flying', row: building, building: true };
  if (arrived !== undefined) return { is: 'arrived', row: arrived };
  const accepted = mine.find((row) => ['accepted', 'other'].includes(stageOf(row.status)));
  if (accepted !== undefined) return { is: 'flying', row: accepted, building: false };
  const newest = mine[0];
  return newest === undefined ? { is: 'silent' } : { is: 'failed', row: newest };
}

/** The highest record id, at least `floor`. */
export const newestId = (rows: readonly Migration[], floor: number): number =>
  rows.reduce((highest, row) => Math.max(highest, row.id), floor);

/** Where the instance is, as far as a look told: elsewhere, gone, still here, or not known. */
export type Whereabouts =
  | {
      readonly is: 'elsewhere';
      readonly host: HostName;
      readonly vmState: string;
      readonly taskState: string | null;
    }
  | { readonly is: 'gone' }
  | { readonly is: 'here' }
  | { readonly is: 'unknown' };

/**
 * Where an instance is; a sighting of it alone counts more than the list of its source. `left`: Nova has
 * shown that it left the source, which need not be asked then.
 */
export function whereabouts(facts: Facts, left = false): Whereabouts {
  if (facts.sighting.kind === 'known') {
    const seen = facts.sighting.value;
    if (seen === null) return isGone(facts, left) ? { is: 'gone' } : { is: 'unknown' };
    if (seen.vmState === 'deleted') return { is: 'gone' };
    if (seen.host !== null && seen.host !== facts.source) {
      return { is: 'elsewhere', host: seen.host, vmState: seen.vmState, taskState: seen.taskState };
    }
    return { is: 'here' };
  }
  if (facts.onSource.kind === 'known' && facts.onSource.value !== null) return { is: 'here' };
  return { is: 'unknown' };
}

/**
 * Whether what Nova denies is really gone: to whom it takes for no administrator it denies the instances
 * of all others. Their host's list is not given to him, and the records of an instance go with it.
 */
function isGone({ rows, onSource }: Facts, left: boolean): boolean {
  if (rows.kind === 'known' && rows.value.length > 0) return false;
  return onSource.kind === 'known' ? onSource.value === null : left;
}

/** The fault of the instance as a look at it told; undefined when nothing was seen of it. */
export const faultOf = (facts: Facts): string | null | undefined => shownFault(facts)?.fault;

/** The fault with the time at which it was written, which may be that of an earlier failure. */
export function shownFault(facts: Facts): Pick<Sighting, 'fault' | 'faultAt'> | undefined {
  const { sighting, onSource } = facts;
  if (sighting.kind === 'known') return sighting.value ?? { fault: null, faultAt: null };
  return onSource.kind === 'known' ? (onSource.value ?? undefined) : undefined;
}

/** Whether a host was proven off while the flight was under way. */
export function fencedSince(facts: Facts, host: HostName, since: Instant, policy: Policy): boolean {
  const at = facts.fenced.get(host);
  return at !== undefined && at >= since - policy.fence.skewMs;
}

/** Within this a nova-compute that has started has reported. */
export const REPORTS_MS: Millis = 30_000;

/**
 * Whether nobody builds any more what has begun on a host: fenced after that, its process is gone. What
 * was first seen after the fencing may have begun before it, or when the host came back past its gate:
 * then it reports, and only a list that should show that tells.
 */
export function buildIsLost(
  facts: Facts,
  host: HostName,
  { since, begun = Infinity }: Pick<At<'accepted'>, 'since' | 'begun'>,
  policy: Policy,
): boolean {
  if (!fencedSince(facts, host, since, policy)) return false;
  return (
    fencedSince(facts, host, begun, policy) ||
    (facts.listed !== null && facts.listed - begun >= REPORTS_MS)
  );
}

/** An evacuation that Nova is working on. */
export function flying(
  base: { readonly attempt: number; readonly after: number },
  row: Migration,
  since: Instant,
  looked: Instant,
): At<'accepted'> {
  return {
    at: 'accepted',
    attempt: base.attempt,
    since,
    after: base.after,
    migration: row.id,
    destination: row.destination,
    looked,
  };
}

/** An evacuation whose record is done. */
export function arrived(
  base: { readonly attempt: number; readonly after: number },
  row: Migration,
  now: Instant,
): At<'arrived'> {
  return {
    at: 'arrived',
    attempt: base.attempt,
    since: now,
    after: base.after,
    migration: row.id,
    destination: row.destination,
    createdAt: row.createdAt,
  };
}

/** Back in the queue. */
export function again(
  attempt: number,
  after: number,
  notBefore: Instant,
  why: Reason | null,
): At<'pending'> {
  return { at: 'pending', attempt, after, notBefore, why };
}

/**
 * After a record that nobody will ever end: back in the queue, unless somebody else has asked for the
 * instance meanwhile. His younger record is followed then; sending beside it would build two guests.
 */
export function afterLost(
  base: { readonly attempt: number; readonly after: number },
  rows: readonly Migration[],
  lost: number | null,
  now: Instant,
  why: Reason,
): At<'pending'> | At<'accepted'> | At<'arrived'> {
  const younger = judge(rows, lost ?? newestId(rows, base.after));
  if (younger.is === 'flying') {
    return flying({ ...base, after: younger.row.id - 1 }, younger.row, now, now);
  }
  if (younger.is === 'arrived') return arrived(base, younger.row, now);
  return again(base.attempt, newestId(rows, base.after), now, why);
}
