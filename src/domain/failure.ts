import { backoff, capacityPause, rivalPause } from './backoff.ts';
import type { Progress } from './evacuation.ts';
import { again, arrived, faultOf, whereabouts, type At, type Facts } from './judge.ts';
import type { Migration } from './migration.ts';
import type { Refusal } from './outcome.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { formatMillis, type Instant } from './time.ts';

/** Messages of faults after which a guest may be left running on the destination (contracts: nova 3.4). */
const LATE_FAILURE = /UnexpectedTaskState|UnexpectedDeletingTaskState|Conflict updating instance/i;

/** Whether a fault tells that a guest may be left running on the destination. */
export const isLate = (fault: string | null): boolean => fault !== null && LATE_FAILURE.test(fault);

/** Whether a fault tells that the scheduler found no host. */
export const isNoRoom = (fault: string | null): boolean =>
  fault !== null && /No valid host/i.test(fault);

/** Waiting for capacity is no try. */
export function withoutRoom(
  attempt: number,
  after: number,
  { id, source }: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const wait = capacityPause(id, now, policy);
  const why = because('NH401', { at: `in ${formatMillis(wait)}`, host: source, id });
  return again(Math.max(0, attempt - 1), after, now + wait, why);
}

/** The record ended in failed or error: the instance's fault, read after it, tells what comes next. */
export function afterFailure(
  progress: At<'intended'> | At<'accepted'> | At<'stuck'>,
  row: Migration,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const where = whereabouts(facts);
  if (where.is === 'gone') return { at: 'gone' };
  if (where.is === 'elsewhere') return arrived(progress, row, now);
  // Only a look at the instance shows the fault; until then nothing is decided.
  const fault = faultOf(facts);
  if (fault === undefined) return progress;
  const { id } = facts;
  const after = Math.max(progress.after, row.id);
  const { attempt } = progress;
  if (fault !== null && isLate(fault) && row.destination !== null) {
    return {
      at: 'stuck',
      attempt,
      since: now,
      after: progress.after,
      migration: row.id,
      destination: row.destination,
      why: because('NH407', {
        detail: fault,
        destination: row.destination,
        host: facts.source,
        id,
      }),
    };
  }
  if (row.status === 'error' && isNoRoom(fault))
    return withoutRoom(attempt, after, facts, policy, now);
  const pause = backoff(id, attempt, policy);
  const detail = fault ?? `migration ${row.status}`;
  if (attempt >= policy.retry.attempts) {
    return {
      at: 'failed',
      attempt,
      why: because('NH403', { attempt, detail, host: facts.source, id }),
    };
  }
  return again(
    attempt,
    after,
    now + pause,
    because('NH402', {
      detail,
      attempt: attempt + 1,
      limit: policy.retry.attempts,
      at: `in ${formatMillis(pause)}`,
      id,
    }),
  );
}

/** Nova certainly did not take the request: what it said decides. */
export function afterRefusal(
  progress: At<'intended'>,
  refusal: Refusal,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const { attempt, after } = progress;
  const pause = backoff(facts.id, attempt, policy);
  const retry = (): Progress =>
    again(
      attempt,
      after,
      now + pause,
      because('NH410', { detail: refusal.message, at: `in ${formatMillis(pause)}` }),
    );
  switch (refusal.cause) {
    case 'gave-way': {
      const wait = rivalPause(facts.id, now, policy);
      const why = because('NH410', { detail: refusal.message, at: `in ${formatMillis(wait)}` });
      return again(Math.max(0, attempt - 1), after, now + wait, why);
    }
    case 'not-sent':
    case 'too-many':
    case 'authentication':
    case 'forbidden':
    case 'not-nova':
      return retry();
    case 'unsupported':
    case 'bad-request':
    case 'target-not-found':
    case 'guard':
      return { at: 'failed', attempt, why: because('NH404', { detail: refusal.message }) };
    case 'service-up':
    case 'wrong-state':
    case 'not-found': {
      // The instance was moved, deleted or changed under us: what it is now decides.
      const where = whereabouts(facts);
      if (where.is === 'gone') return { at: 'gone' };
      if (where.is === 'elsewhere') {
        return { at: 'landed', destination: where.host, since: now, restored: 'as-it-was' };
      }
      if (where.is === 'unknown') return progress;
      if (refusal.cause === 'wrong-state' && attempt >= policy.retry.attempts) {
        return { at: 'failed', attempt, why: because('NH404', { detail: refusal.message }) };
      }
      return retry();
    }
  }
}
