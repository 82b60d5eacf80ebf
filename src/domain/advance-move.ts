import { backoff, capacityPause } from './backoff.ts';
import type { Progress } from './evacuation.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { At } from './judge.ts';
import type { Known } from './known.ts';
import { isMoving, moveStageOf, type Move } from './move.ts';
import type { Sighting } from './observation.ts';
import type { Refusal, WriteOutcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { formatMillis, type Instant } from './time.ts';

/** What was learnt about one instance that is to move. */
export interface MoveFacts {
  readonly id: InstanceId;
  /** Where it moves away from. */
  readonly source: HostName;
  /** Its records with this source, the newest first. */
  readonly rows: Known<readonly Move[]>;
  readonly seen: Known<Sighting | null>;
  /** What Nova's action log says of its newest migration that failed; null: nothing. */
  readonly failure: Known<string | null>;
  /** Nova's answer to the POST of this process, while it counts. */
  readonly answer: WriteOutcome<unknown> | null;
  /** Whether the migration was asked for by us: only ours are confirmed. */
  readonly ours: boolean;
}

/** For how long a record may say "moved" and the instance "still here" before a human is asked. */
const DISAGREE_MS = 60_000;

type Place = 'unknown' | 'gone' | 'here' | 'elsewhere';

const placeOf = ({ seen, source }: MoveFacts): Place => {
  if (seen.kind === 'unknown') return 'unknown';
  if (seen.value === null || seen.value.vmState === 'deleted') return 'gone';
  return seen.value.host === null || seen.value.host === source ? 'here' : 'elsewhere';
};

/**
 * Moves one instance on by what was learnt; the same progress when nothing was. The source lives, and
 * Nova itself lets one migration of an instance go at a time (task_state, compute/api.py), so nothing
 * here can start a guest twice; a POST is repeated all the same only when Nova shows neither a record
 * nor a task of the earlier one, for as long as an uncertain request may take.
 */
export function advanceMove(
  progress: Progress,
  facts: MoveFacts,
  policy: Policy,
  now: Instant,
): Progress {
  if (!['pending', 'intended', 'accepted', 'arrived'].includes(progress.at)) return progress;
  if (placeOf(facts) === 'gone') return { at: 'gone' };
  switch (progress.at) {
    case 'pending':
      return advanceWaiting(progress, facts, policy, now);
    case 'intended':
      return advanceAsked(progress, facts, policy, now);
    case 'accepted':
      return byRecord(progress, facts, policy, now) ?? withoutRecord(progress, facts, policy, now);
    case 'arrived':
      return advanceArrived(progress, facts, policy, now);
    default:
      return progress;
  }
}

function advanceWaiting(
  progress: At<'pending'>,
  facts: MoveFacts,
  policy: Policy,
  now: Instant,
): Progress {
  const row = newest(facts, progress.after);
  // Somebody else moves it: followed, not asked for again.
  if (row !== undefined && moveStageOf(row.status) !== 'failed') {
    return byRecord({ ...progress, since: now }, facts, policy, now) ?? progress;
  }
  const isKnown = facts.seen.kind === 'known' && facts.rows.kind === 'known';
  if (isKnown && placeOf(facts) === 'elsewhere') {
    const { host, taskState } = facts.seen.value ?? { host: null, taskState: null };
    if (host !== null && taskState === null) return landed(host, now);
  }
  return progress;
}

function advanceAsked(
  progress: At<'intended'>,
  facts: MoveFacts,
  policy: Policy,
  now: Instant,
): Progress {
  const { answer } = facts;
  if (answer?.kind === 'refused') return afterRefusal(progress, answer.refusal, facts, policy, now);
  const found = byRecord(progress, facts, policy, now);
  if (found !== null) return found;
  const { attempt, since, after } = progress;
  const seen = facts.seen.kind === 'known' ? facts.seen.value : null;
  if (answer?.kind === 'applied' || isMoving(seen?.taskState ?? null)) {
    return { at: 'accepted', attempt, since, after, migration: null, destination: null, looked: 0 };
  }
  return withoutRecord(progress, facts, policy, now);
}

/** What the newest record of the instance says; null when there is none, or nobody knows. */
function byRecord(base: Asked, facts: MoveFacts, policy: Policy, now: Instant): Progress | null {
  const row = newest(facts, base.after);
  if (row === undefined) return null;
  const { attempt, since, after } = base;
  const common = { attempt, after, migration: row.id, destination: row.destination };
  switch (moveStageOf(row.status)) {
    case 'under-way':
      return { at: 'accepted', since, looked: 0, ...common };
    case 'finished':
    case 'confirming':
    case 'done': {
      const progress = { at: 'arrived', since: now, createdAt: row.createdAt, ...common } as const;
      return advanceArrived(progress, facts, policy, now);
    }
    default:
      return afterEnd({ at: 'accepted', since, looked: 0, ...common }, row, facts, policy, now);
  }
}

type Asked = Pick<At<'intended'>, 'attempt' | 'since' | 'after'>;

/** The request has left no record so far. */
function withoutRecord(
  progress: At<'intended'> | At<'accepted'>,
  facts: MoveFacts,
  policy: Policy,
  now: Instant,
): Progress {
  const { attempt, since, after } = progress;
  if (facts.seen.kind === 'unknown' || facts.rows.kind === 'unknown') return progress;
  const seen = facts.seen.value;
  if (seen === null) return progress;
  const age = now - since;
  if (seen.taskState !== null) {
    if (age < policy.retry.stalledMs) return progress;
    const state = seen.taskState;
    const detail = `task_state ${state} without a record for ${formatMillis(age)}`;
    return stuck(progress, because('NH628', { detail, id: facts.id }), now);
  }
  if (placeOf(facts) === 'elsewhere' && seen.host !== null) return landed(seen.host, now);
  // A conductor may have it in its queue still, or the request may be on its way to Nova.
  if (age < policy.retry.uncertainMs) return progress;
  if (attempt >= policy.retry.attempts) return inVain(facts, policy, 'Nova shows no trace of it');
  return { at: 'pending', attempt, after, notBefore: now, why: null };
}

/** The record ended badly: the instance tells what that means. */
function afterEnd(
  progress: At<'accepted'>,
  row: Move,
  facts: MoveFacts,
  policy: Policy,
  now: Instant,
): Progress {
  if (facts.seen.kind === 'unknown') return progress;
  const seen = facts.seen.value;
  // Nova sets the record before the instance, or the other way round.
  if (seen === null || seen.taskState !== null) return progress;
  const { id, source } = facts;
  const failure = facts.failure.kind === 'known' ? facts.failure.value : null;
  const detail = seen.fault ?? failure ?? 'Nova says no more';
  const host = seen.host ?? source;
  if (seen.vmState === 'error') {
    return { at: 'failed', attempt: progress.attempt, why: because('NH627', { host, detail, id }) };
  }
  if (placeOf(facts) === 'elsewhere') return landed(host, now);
  const { attempt } = progress;
  const { status } = row;
  const limit = policy.retry.attempts;
  const stage = moveStageOf(status);
  const why = because('NH626', { status, detail, attempt, limit, id });
  // Who cancels or reverts a migration wants the instance to stay.
  if (stage !== 'failed') return { at: 'failed', attempt, why };
  if (attempt >= limit) return inVain(facts, policy, detail);
  const pause = /No valid host/i.test(detail)
    ? capacityPause(id, now, policy)
    : backoff(id, attempt, policy);
  return { at: 'pending', attempt, after: row.id, notBefore: now + pause, why };
}

/** On its new host by its record; a cold one stays there in VERIFY_RESIZE until it is confirmed. */
function advanceArrived(
  progress: At<'arrived'>,
  facts: MoveFacts,
  policy: Policy,
  now: Instant,
): Progress {
  if (facts.seen.kind === 'unknown' || facts.seen.value === null) return progress;
  const { host, vmState, taskState, fault } = facts.seen.value;
  const { id } = facts;
  const row = newest(facts, progress.after);
  if (row !== undefined && ['failed', 'reverted'].includes(moveStageOf(row.status))) {
    return afterEnd({ ...progress, at: 'accepted', looked: 0 }, row, facts, policy, now);
  }
  const age = now - progress.since;
  if (placeOf(facts) === 'here') {
    if (age < DISAGREE_MS) return progress;
    const detail = `its record says that it has moved, but it is on ${facts.source}`;
    return stuck(progress, because('NH628', { detail, id }), now);
  }
  if (vmState === 'error') {
    const why = because('NH627', { host: host ?? '', detail: fault ?? 'Nova says no more', id });
    return { at: 'failed', attempt: progress.attempt, why };
  }
  if (vmState === 'resized') {
    if (!facts.ours) return { at: 'skipped', why: because('NH624', { id }) };
    if (age < policy.retry.restoreMs) return progress;
    const detail = 'it waits for its confirmation (openstack server resize confirm)';
    return stuck(progress, because('NH628', { detail, id }), now);
  }
  return taskState === null && host !== null ? landed(host, now) : progress;
}

/** Nova has certainly not taken the request. */
function afterRefusal(
  progress: At<'intended'>,
  refusal: Refusal,
  facts: MoveFacts,
  policy: Policy,
  now: Instant,
): Progress {
  const { attempt, after } = progress;
  const { id } = facts;
  const detail = refusal.message;
  const again = (tries: number): Progress => ({
    at: 'pending',
    attempt: tries,
    after,
    notBefore: now + backoff(id, Math.max(1, attempt), policy),
    why: null,
  });
  switch (refusal.cause) {
    case 'not-sent':
    case 'authentication':
    case 'too-many':
    case 'not-nova':
    case 'gave-way':
      return again(attempt - 1);
    case 'wrong-state':
      if (/\bis locked\b/.test(detail)) {
        return { at: 'failed', attempt, why: because('NH622', { detail }) };
      }
      return attempt >= policy.retry.attempts ? inVain(facts, policy, detail) : again(attempt);
    default:
      return { at: 'failed', attempt, why: because('NH625', { detail, id }) };
  }
}

const newest = ({ rows }: MoveFacts, after: number): Move | undefined =>
  rows.kind === 'known' ? rows.value.find((row) => row.id > after) : undefined;

const landed = (destination: HostName, now: Instant): At<'landed'> => ({
  at: 'landed',
  destination,
  since: now,
  restored: 'as-it-was',
});

const inVain = ({ id }: MoveFacts, policy: Policy, detail: string): At<'failed'> => {
  const limit = policy.retry.attempts;
  return { at: 'failed', attempt: limit, why: because('NH629', { limit, detail, id }) };
};

const stuck = (
  progress: At<'intended'> | At<'accepted'> | At<'arrived'>,
  why: At<'stuck'>['why'],
  now: Instant,
): At<'stuck'> => ({
  at: 'stuck',
  attempt: progress.attempt,
  since: now,
  after: progress.after,
  migration: 'migration' in progress ? progress.migration : null,
  destination: 'destination' in progress ? progress.destination : null,
  why,
});
