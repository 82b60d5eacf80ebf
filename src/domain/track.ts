import { advanceAccepted, advanceIntended } from './flight.ts';
import { afterFailure, crossing } from './failure.ts';
import type { Progress, Tracked } from './evacuation.ts';
import {
  afterLost,
  again,
  arrived,
  fencedSince,
  flying,
  judge,
  whereabouts,
  type At,
  type Facts,
} from './judge.ts';
import { landing } from './landing.ts';
import { leftBy, revived, withoutLeft } from './left-request.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { advanceRecreating, beginRecreating } from './recreate.ts';
import { suspects } from './remains.ts';
import { afterAim } from './reserve-target.ts';
import { advanceResetting, needsNoReset, withoutReset } from './reset.ts';
import { asksForStopped } from './states.ts';
import type { Instant } from './time.ts';

/**
 * Moves one instance on by what was learnt; returns the same progress when nothing was. Absence of
 * evidence never moves anything: an unknown leaves it where it is. What has just arrived may have been
 * seen on its new host in the same turn.
 */
export function advance(entry: Tracked, facts: Facts, policy: Policy, now: Instant): Progress {
  return advanceEntry(entry, facts, policy, now).progress;
}

/** The same for all that is remembered of the instance: a step may settle that its state is reset. */
export function advanceEntry(entry: Tracked, facts: Facts, policy: Policy, now: Instant): Tracked {
  const { progress } = entry;
  if (progress.at === 'resetting') {
    const { attempt, after } = progress;
    const elsewhere = advancePending(again(attempt, after, now, null), facts, policy, now);
    if (elsewhere.at !== 'pending') return { ...withoutReset(entry), progress: elsewhere };
    return advanceResetting(entry, { ...progress, after: elsewhere.after }, facts, policy, now);
  }
  const next = advanceProgress(entry, facts, policy, now);
  if (entry.left !== undefined && progress.at === 'pending' && next.at === 'pending') {
    const again = revived(entry.left, next, facts, now);
    if (again !== null) return { ...withoutLeft(entry), progress: again };
  }
  // Somebody else has sent it, so somebody else has reset it.
  if (entry.reset === true && (next.at !== 'pending' || needsNoReset(entry, facts))) {
    return { ...withoutReset(entry), progress: next };
  }
  if (next === progress) return entry;
  const left = leftBy(entry, next, facts, policy);
  if (left === undefined || next.at !== 'pending') return afterAim(entry, next, facts, now);
  // Sent again not by this look, but by one that is made for that.
  const later = { ...next, notBefore: Math.max(next.notBefore, now + 1) };
  return afterAim({ ...entry, left }, later, facts, now);
}

function advanceProgress(entry: Tracked, facts: Facts, policy: Policy, now: Instant): Progress {
  const next = step(entry, facts, policy, now);
  if (next.at === 'pending') return crossed(entry.progress, facts, policy, now) ?? next;
  if (next.at !== 'arrived' || entry.progress.at === 'arrived') return next;
  return advanceArrived(next, entry, facts, now);
}

/** Nothing is sent again after a failure on a destination that somebody else's evacuation crossed. */
function crossed(
  progress: Progress,
  facts: Facts,
  policy: Policy,
  now: Instant,
): At<'stuck'> | null {
  const { at } = progress;
  if (at !== 'intended' && at !== 'accepted' && at !== 'stuck') return null;
  if (facts.rows.kind === 'unknown') return null;
  return crossing(progress, facts.rows.value, facts, policy, now);
}

function step(entry: Tracked, facts: Facts, policy: Policy, now: Instant): Progress {
  const { progress } = entry;
  switch (progress.at) {
    case 'landed':
    case 'skipped':
    case 'gone':
    case 'failed':
      return progress;
    case 'pending':
      return advancePending(progress, facts, policy, now);
    case 'resetting':
      return progress;
    case 'intended':
      return (
        withoutStopping(entry, progress, facts, now) ??
        advanceIntended(progress, facts, policy, now)
      );
    case 'accepted':
      return advanceAccepted(progress, facts, policy, now);
    case 'stuck':
      return advanceStuck(progress, facts, policy, now);
    case 'arrived':
      return advanceArrived(progress, entry, facts, now);
    case 'recreating':
      return advanceRecreating(progress, entry, facts, policy, now);
    case 'restoring':
      return advanceRestoring(progress, facts, policy, now);
  }
}

/**
 * A cloud with old nova-computes refuses to leave an instance stopped (400, before it does anything):
 * asked for without that, and stopped after it has landed.
 */
function withoutStopping(
  entry: Tracked,
  progress: At<'intended'>,
  { answer }: Facts,
  now: Instant,
): Progress | null {
  if (!asksForStopped(entry, progress.attempt) || answer?.outcome.kind !== 'refused') return null;
  const { cause, message: detail } = answer.outcome.refusal;
  if (cause !== 'unsupported') return null;
  return again(progress.attempt, progress.after, now, because('NH425', { detail }));
}

function advancePending(
  progress: At<'pending'>,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const where = whereabouts(facts);
  if (where.is === 'gone') return { at: 'gone' };
  // Somebody else (an operator, a worker whose store was wiped) has sent it: adopted, not doubled.
  if (facts.rows.kind === 'known') {
    const judged = judge(facts.rows.value, progress.after);
    if (judged.is === 'flying') {
      return flying({ ...progress, after: judged.row.id - 1 }, judged.row, now, now);
    }
    if (judged.is === 'arrived') return arrived(progress, judged.row, now);
    if (judged.is === 'failed') {
      // Somebody else's that failed there is followed until it is known what it left.
      return suspects(facts.rows.value, { after: progress.after, since: now }, facts, policy)
        .length > 0
        ? flying(progress, judged.row, now, now)
        : { ...progress, after: judged.row.id };
    }
  }
  if (where.is === 'elsewhere') {
    return { at: 'landed', destination: where.host, since: now, restored: 'as-it-was' };
  }
  return progress;
}

function advanceStuck(progress: At<'stuck'>, facts: Facts, policy: Policy, now: Instant): Progress {
  const where = whereabouts(facts);
  if (where.is === 'gone') return { at: 'gone' };
  if (facts.rows.kind === 'unknown') return progress;
  const judged = judge(facts.rows.value, progress.after);
  // A record that nobody works on stays for ever; the instance itself tells that a human moved it.
  if (where.is === 'elsewhere' && (judged.is !== 'flying' || where.taskState === null)) {
    return { at: 'landed', destination: where.host, since: now, restored: 'as-it-was' };
  }
  const { destination } = progress;
  if (
    where.is === 'here' &&
    destination !== null &&
    fencedSince(facts, destination, progress.since, policy)
  ) {
    const why = because('NH408', { destination });
    return afterLost(progress, facts.rows.value, progress.migration, now, why);
  }
  if (judged.is === 'arrived' && progress.why.code !== 'NH412')
    return arrived(progress, judged.row, now);
  if (judged.is === 'failed' && progress.why.code === 'NH406') {
    return afterFailure(progress, judged.row, facts.rows.value, facts, policy, now);
  }
  return progress;
}

/** How long a done migration may disagree with the server's host before a human is asked. */
const DISAGREE_MS = 60_000;

function advanceArrived(
  progress: At<'arrived'>,
  entry: Tracked,
  facts: Facts,
  now: Instant,
): Progress {
  const where = whereabouts(facts, true);
  switch (where.is) {
    case 'unknown':
      return progress;
    case 'gone':
      return { at: 'gone' };
    case 'elsewhere':
      return entry.restore === undefined
        ? landing(entry, where, now)
        : beginRecreating(progress, where.host, now);
    case 'here': {
      if (now - progress.since < DISAGREE_MS) return progress;
      const { source: host, id } = facts;
      return {
        at: 'stuck',
        attempt: progress.attempt,
        since: now,
        after: progress.after,
        migration: progress.migration,
        destination: progress.destination,
        why: because('NH412', { status: 'done', host, id }),
      };
    }
  }
}

function advanceRestoring(
  progress: At<'restoring'>,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const { destination, recreated } = progress;
  const where = whereabouts(facts, true);
  const extra = recreated === true ? { recreated } : {};
  if (where.is === 'gone') return { at: 'gone' };
  if (where.is === 'elsewhere' && where.vmState === 'stopped') {
    return { at: 'landed', destination: where.host, since: now, restored: 'stopped', ...extra };
  }
  if (now - progress.since >= policy.retry.restoreMs) {
    return { at: 'landed', destination, since: now, restored: 'failed', ...extra };
  }
  return progress;
}
