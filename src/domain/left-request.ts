import type { Progress, Tracked } from './evacuation.ts';
import type { HostName } from './ids.ts';
import { arrived, fencedSince, flying, type At, type Facts } from './judge.ts';
import { stageOf } from './migration.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import type { Instant } from './time.ts';

/**
 * A request that was taken for lost because its destination was fenced before it began. Nova cannot take
 * it back: it lies in the queue of that host, whose nova-compute begins with it should it ever start.
 */
export interface LeftRequest {
  readonly since: Instant;
  /** Its records, of which nobody had taken any. */
  readonly rows: readonly number[];
  /** The hosts that may have it. */
  readonly on: readonly HostName[];
  /** Set once it was sent again: from then on Nova's log of actions tells of the younger one. */
  readonly repeated?: true;
}

/** What a step leaves in the queues of fenced hosts; undefined: nothing. */
export function leftBy(
  { left, progress }: Tracked,
  next: Progress,
  facts: Facts,
  policy: Policy,
): LeftRequest | undefined {
  if (next.at !== 'pending' || facts.rows.kind === 'unknown') return undefined;
  if (progress.at !== 'accepted' && progress.at !== 'stuck') return undefined;
  const trace = facts.trace.kind === 'known' ? facts.trace.value : null;
  // It has ended, or it had begun in a process that is gone.
  if (trace !== null && (trace.scheduling === 'failed' || trace.building !== 'none'))
    return undefined;
  const { since, after, destination } = progress;
  const rows = facts.rows.value
    .filter((row) => row.id > after && stageOf(row.status) === 'accepted')
    .map(({ id }) => id);
  const on = [...facts.fenced.keys()].filter(
    (host) =>
      host !== facts.source &&
      (destination ?? host) === host &&
      fencedSince(facts, host, since, policy),
  );
  if (rows.length === 0 || on.length === 0) return undefined;
  return {
    since: Math.min(since, left?.since ?? since),
    rows: [...(left?.rows ?? []), ...rows],
    on: [...new Set([...(left?.on ?? []), ...on])],
  };
}

/**
 * Whether an instance may be sent by what this very turn has seen of a request that was left: before it
 * is repeated, that nobody has begun with it and that whoever may have it is off. Afterwards Nova lets
 * only one of the two begin, so that it is enough to know about the hosts at all.
 */
export function mayRepeat(
  { left }: Pick<Tracked, 'left'>,
  { trace, livenessOf }: Pick<Facts, 'trace' | 'livenessOf'>,
): boolean {
  if (left === undefined) return true;
  const seen = left.on.map(livenessOf);
  if (left.repeated === true) return !seen.includes('doubtful');
  const isUnbegun = trace.kind === 'known' && (trace.value?.building ?? 'none') === 'none';
  return isUnbegun && seen.every((one) => one === 'dead');
}

/** What an instance that waits becomes when the request that was left turns out to be alive, or null. */
export function revived(
  left: LeftRequest,
  progress: At<'pending'>,
  facts: Facts,
  now: Instant,
): Progress | null {
  return left.repeated === true
    ? begunAfterAll(left, progress, facts, now)
    : followedAgain(left, progress, facts, now);
}

/** Before it was repeated: begun with, or on a host that lives, it is followed as it was before. */
function followedAgain(
  { since, rows, on }: LeftRequest,
  { attempt }: At<'pending'>,
  { trace, livenessOf }: Facts,
  now: Instant,
): At<'accepted'> | null {
  const seen = trace.kind === 'known' ? trace.value : null;
  const isBegun = seen !== null && seen.building !== 'none';
  if (!isBegun && !on.some((host) => livenessOf(host) === 'alive')) return null;
  return {
    at: 'accepted',
    attempt,
    since,
    after: Math.min(...rows) - 1,
    migration: Math.max(...rows),
    destination: seen?.buildingOn ?? null,
    looked: now,
  };
}

/** After it was repeated: its record names whoever has taken it. */
function begunAfterAll(
  left: LeftRequest,
  { attempt, after }: At<'pending'>,
  { rows, source, id }: Facts,
  now: Instant,
): Progress | null {
  const row =
    rows.kind === 'known'
      ? rows.value.find(
          (one) =>
            left.rows.includes(one.id) &&
            one.destination !== null &&
            left.on.includes(one.destination),
        )
      : undefined;
  if (row?.destination == null) return null;
  const base = { attempt, after: row.id - 1 };
  switch (stageOf(row.status)) {
    case 'building':
      return flying(base, row, now, now);
    case 'arrived':
    case 'completed':
      return arrived(base, row, now);
    case 'failed': {
      const { id: migration, destination } = row;
      const detail = 'two evacuations of it crossed';
      const why = because('NH407', { detail, destination, host: source, id });
      return { at: 'stuck', attempt, since: now, after, migration, destination, why };
    }
    default:
      return null;
  }
}

/** The same instance, of which no request is left anywhere. */
export function withoutLeft(entry: Tracked): Tracked {
  const rest: { -readonly [K in keyof Tracked]: Tracked[K] } = { ...entry };
  delete rest.left;
  return rest;
}

/** Whether a fenced host must not start while this instance is where it is. */
export const holdsBack = ({ left, progress }: Tracked): boolean =>
  left !== undefined &&
  // Nova has ended the younger request without a task, so that the one that was left cannot begin.
  !(left.repeated === true && progress.at === 'pending' && progress.why?.code === 'NH401');
