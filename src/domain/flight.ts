import { afterFailure, afterRefusal, isNoRoom, leftBehind, withoutRoom } from './failure.ts';
import type { Progress } from './evacuation.ts';
import {
  afterLost,
  again,
  arrived,
  buildIsLost,
  faultOf,
  fencedSince,
  flying,
  judge,
  newestId,
  whereabouts,
  type At,
  type Facts,
} from './judge.ts';
import type { Migration } from './migration.ts';
import type { ActionTrace } from './observation.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { endOf, freshFault } from './remains.ts';
import { formatMillis, parseNovaTime, type Instant, type Millis } from './time.ts';

/** How long an accepted record without a destination is left alone before its trace is read. */
export const TRACE_AFTER_MS = 30_000;

/** The pause between two looks at the trace of one instance. */
export const TRACE_EVERY_MS = 30_000;

/** The POST may or may not have reached Nova: its records, then its answer, then time decide. */
export function advanceIntended(
  progress: At<'intended'>,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  if (facts.rows.kind === 'known') {
    const judged = judge(facts.rows.value, progress.after);
    if (judged.is === 'flying') return flying(progress, judged.row, progress.since, now);
    if (judged.is === 'arrived') return arrived(progress, judged.row, now);
    if (judged.is === 'failed')
      return afterFailure(progress, judged.row, facts.rows.value, facts, policy, now);
  }
  const outcome = facts.answer?.attempt === progress.attempt ? facts.answer.outcome : null;
  if (outcome?.kind === 'applied') {
    return {
      at: 'accepted',
      attempt: progress.attempt,
      since: progress.since,
      after: progress.after,
      migration: null,
      destination: null,
      looked: now,
    };
  }
  if (outcome?.kind === 'refused')
    return afterRefusal(progress, outcome.refusal, facts, policy, now);
  // No answer, no record: only after Nova was watched for long enough does it count as never arrived.
  if (facts.rows.kind === 'known' && facts.rows.at - progress.since >= policy.retry.uncertainMs) {
    const where = whereabouts(facts);
    if (where.is === 'gone') return { at: 'gone' };
    if (where.is === 'elsewhere') {
      return { at: 'landed', destination: where.host, since: now, restored: 'as-it-was' };
    }
    if (where.is === 'here') {
      const why = because('NH410', { detail: 'it never reached Nova', at: 'now' });
      return again(progress.attempt, progress.after, now, why);
    }
  }
  return progress;
}

/** Nova took it: follows its record. */
export function advanceAccepted(
  progress: At<'accepted'>,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  if (facts.rows.kind === 'unknown') return progress;
  const rows = facts.rows.value;
  const judged = judge(rows, progress.after);
  switch (judged.is) {
    case 'arrived':
      return arrived(progress, judged.row, now);
    case 'failed':
      return afterFailure(progress, judged.row, rows, facts, policy, now);
    case 'silent':
      return silent(progress, facts, policy, now);
    case 'flying': {
      const where = whereabouts(facts);
      if (where.is === 'gone') return { at: 'gone' };
      if (where.is === 'elsewhere' && where.taskState === null)
        return arrived(progress, judged.row, now);
      const next = knownOn(progress, flying(progress, judged.row, progress.since, progress.looked));
      return judged.building
        ? stillBuilding(next, rows, facts, policy, now)
        : stillQueued(next, rows, facts, policy, now);
    }
  }
}

/** What earlier looks told of the same record stays known until it tells more. */
function knownOn(before: At<'accepted'>, next: At<'accepted'>): At<'accepted'> {
  if (next.migration !== before.migration) return next;
  const destination = next.destination ?? before.destination;
  const isThere = destination === before.destination;
  return {
    ...next,
    destination,
    ...(isThere && before.begun !== undefined ? { begun: before.begun } : {}),
    ...(before.heard === true ? { heard: true as const } : {}),
  };
}

/** The record is not there although Nova took the request: the instance was deleted, or a cell is down. */
function silent(progress: At<'accepted'>, facts: Facts, policy: Policy, now: Instant): Progress {
  const where = whereabouts(facts);
  if (where.is === 'gone') return { at: 'gone' };
  if (where.is === 'elsewhere') {
    return { at: 'landed', destination: where.host, since: now, restored: 'as-it-was' };
  }
  if (now - progress.since < policy.retry.stalledMs) return progress;
  return stuck(progress, facts, policy.retry.stalledMs, now);
}

/** Nobody may repeat it before a human has looked. */
function stuck(
  progress: At<'accepted'>,
  facts: Facts,
  standing: Millis,
  now: Instant,
): At<'stuck'> {
  const { id, source: host } = facts;
  const destination = progress.destination ?? 'an unknown host';
  return {
    at: 'stuck',
    attempt: progress.attempt,
    since: now,
    after: progress.after,
    migration: progress.migration,
    destination: progress.destination,
    why: because('NH406', { destination, time: formatMillis(standing), host, id }),
  };
}

/** Being built: if its destination is proven off by now, nobody builds it any more, for ever. */
function stillBuilding(
  given: At<'accepted'>,
  rows: readonly Migration[],
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const next = { ...given, begun: given.begun ?? now };
  const { destination } = next;
  if (destination !== null && buildIsLost(facts, destination, next, policy)) {
    return afterLost(next, rows, next.migration, now, because('NH408', { destination }));
  }
  // Whoever is off is about to be called lost: no human is needed for that.
  const isOff = destination !== null && fencedSince(facts, destination, next.since, policy);
  if (isOff || now - next.since < policy.retry.stalledMs) {
    return facts.sighting.kind === 'known' ? { ...next, looked: now } : next;
  }
  return stuck(next, facts, now - next.since, now);
}

/** How much the clocks of Nova's machines may differ; a report is a report only after that. */
const NOVA_SKEW_MS: Millis = 10_000;
/** The scheduler takes no host whose last report is older (Nova's service_down_time is 60 s). */
const LONG_DOWN_MS: Millis = 180_000;

/**
 * Scheduled, to nobody knows which host, and not begun. It can be lost only if a host was fenced
 * meanwhile and it cannot wait for any other one: each has reported since it was scheduled, or was down
 * long before. One that is silent may come back and build what waits in its queue.
 */
function isInNoLivingQueue(
  next: At<'accepted'>,
  trace: ActionTrace | null,
  facts: Facts,
  policy: Policy,
): boolean {
  const sent = parseNovaTime(trace?.startedAt ?? '');
  const scheduled = parseNovaTime(trace?.scheduledAt ?? '');
  if (sent === null || scheduled === null || facts.reports === null) return false;
  let fenced = false;
  for (const [host, at] of facts.reports) {
    if (host === facts.source) continue;
    if (fencedSince(facts, host, next.since, policy)) fenced = true;
    else if (at === null || (at < scheduled + NOVA_SKEW_MS && at > sent - LONG_DOWN_MS))
      return false;
  }
  return fenced;
}

/**
 * What becomes of it then. One that had been frozen has just thawed, perhaps, and is about to take what
 * waited: only a second look, after time enough for that, believes that nobody has.
 */
function lostQueued(
  looked: At<'accepted'>,
  before: At<'accepted'>,
  now: Instant,
): 'lost' | At<'accepted'> {
  if (before.heard !== true) return { ...looked, heard: true };
  return now - before.looked >= TRACE_EVERY_MS ? 'lost' : before;
}

/**
 * Queued: in the conductor, in the scheduler, in the queue of a destination, or an orphan. The trace
 * of the action tells which; a destination that is proven off never takes it from its queue.
 */
function stillQueued(
  next: At<'accepted'>,
  rows: readonly Migration[],
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const age = now - next.since;
  if (age < TRACE_AFTER_MS || facts.trace.kind === 'unknown') return next;
  const trace = facts.trace.value;
  // A destination begins before its claim gives the record its name.
  const destination = next.destination ?? trace?.buildingOn ?? null;
  const looked = { ...next, destination, looked: now };
  const scheduling = trace?.scheduling ?? 'none';
  const building = trace?.building ?? 'none';
  const retry = (detail: string): Progress =>
    again(next.attempt, newestId(rows, next.after), now, because('NH409', { detail }));
  if (building === 'failed') {
    // Its own record does not tell, since Nova used an older one.
    const own = rows.find(({ id }) => id === next.migration);
    const fault = own === undefined ? null : freshFault(own, facts);
    const left = trace === null ? ({ is: 'untold' } as const) : endOf(trace, fault);
    if (left.is === 'guest')
      return leftBehind(looked, { id: next.migration ?? 0, destination }, left.fault, facts, now);
    if (left.is === 'nothing') return retry('it failed on its destination');
    return age < policy.retry.stalledMs ? next : stuck(looked, facts, age, now);
  }
  if (scheduling === 'failed') {
    // Where an older record was left "accepted", Nova's conductor ends that one instead of ours.
    const fault = faultOf(facts) ?? null;
    if (!isNoRoom(fault)) return retry('its scheduling failed');
    return withoutRoom(next.attempt, newestId(rows, next.after), facts, policy, now);
  }
  if (building === 'running' && destination !== null) {
    const begun = { ...looked, begun: next.begun ?? now };
    if (buildIsLost(facts, destination, begun, policy))
      return afterLost(looked, rows, next.migration, now, because('NH408', { destination }));
    const isOff = fencedSince(facts, destination, next.since, policy);
    return isOff || age < policy.retry.stalledMs ? begun : stuck(looked, facts, age, now);
  }
  if (building === 'none' && scheduling === 'done') {
    const lost = retry('its destination failed before taking it');
    if (destination !== null && fencedSince(facts, destination, next.since, policy)) return lost;
    if (destination === null && isInNoLivingQueue(next, trace, facts, policy)) {
      const believed = lostQueued(looked, next, now);
      return believed === 'lost' ? lost : believed;
    }
  }
  if (age < policy.retry.stalledMs) return looked;
  if (building === 'none' && scheduling !== 'done' && facts.controlPlaneUp) {
    return retry('nova-conductor lost it');
  }
  return stuck(looked, facts, age, now);
}
