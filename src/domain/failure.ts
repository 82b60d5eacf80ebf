import { backoff, capacityPause, rivalPause } from './backoff.ts';
import type { Progress } from './evacuation.ts';
import { again, arrived, faultOf, flying, whereabouts, type At, type Facts } from './judge.ts';
import { overlap, type Migration } from './migration.ts';
import type { Refusal } from './outcome.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { remainsOf, suspects } from './remains.ts';
import { formatMillis, type Instant } from './time.ts';

/** What has been sent, by us or by somebody else. */
type Followed = At<'intended'> | At<'accepted'> | At<'stuck'>;

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

/**
 * All its records ended in failed or error. Nothing is sent again before it is known that none of them
 * left a guest on its destination; where that cannot be told, a human looks.
 */
export function afterFailure(
  progress: Followed,
  row: Migration,
  rows: readonly Migration[],
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const where = whereabouts(facts);
  if (where.is === 'gone') return { at: 'gone' };
  if (where.is === 'elsewhere') return arrived(progress, row, now);
  const between = crossing(progress, rows, facts, policy, now);
  if (between !== null) return between;
  const failed = suspects(rows, progress, facts, policy);
  const left = failed.map((one) => ({ row: one, ...remainsOf(one, facts) }));
  const guest = left.find((one) => one.is === 'guest');
  if (guest !== undefined) return leftBehind(progress, guest.row, guest.fault, facts, now);
  const untold = left.find(({ is }) => is === 'untold');
  if (untold !== undefined) return whileUntold(progress, untold.row, facts, policy, now);
  // Only a look at the instance shows the fault; until then nothing is decided.
  const shown = faultOf(facts);
  if (shown === undefined) return progress;
  const told = left.find((one) => one.is === 'nothing' && one.row.id === row.id);
  const fault = (told?.is === 'nothing' ? told.fault : null) ?? shown;
  const after = Math.max(progress.after, row.id);
  const { id } = facts;
  const { attempt } = progress;
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

/**
 * Somebody else's evacuation crossed ours, and one of them failed on its destination: Nova may have used
 * the record of the one for the other, so nobody knows what it was that failed.
 */
export function crossing(
  progress: Followed,
  rows: readonly Migration[],
  facts: Facts,
  policy: Policy,
  now: Instant,
): At<'stuck'> | null {
  const { after } = progress;
  const failed = suspects(rows, progress, facts, policy).find((row) =>
    rows.some((other) => other.id > after && overlap(row, other)),
  );
  if (failed === undefined) return null;
  return leftBehind(progress, failed, 'two evacuations of it crossed', facts, now);
}

/** A guest may be left running on the destination: only a human, or its fencing, ends that. */
export function leftBehind(
  { attempt, after }: Followed,
  { id: migration, destination }: Pick<Migration, 'id' | 'destination'>,
  detail: string,
  { id, source: host }: Facts,
  now: Instant,
): At<'stuck'> {
  const why = because('NH407', { detail, destination: destination ?? 'an unknown host', host, id });
  return { at: 'stuck', attempt, since: now, after, migration, destination, why };
}

/** The record fails first, its fault is written last: followed until Nova has told all. */
function whileUntold(
  progress: Followed,
  row: Migration,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  if (progress.at === 'stuck') return progress;
  const { since } = progress;
  if (now - since >= policy.retry.stalledMs)
    return leftBehind(progress, row, 'Nova does not tell why', facts, now);
  const looked = progress.at === 'accepted' ? progress.looked : now;
  return flying(progress, row, since, facts.trace.kind === 'known' ? now : looked);
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
