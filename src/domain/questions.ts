import { arrivals, holdGroupsUp, isArrival, oldest } from './arrivals.ts';
import { isInFlight, tracked, type Evacuation, type Progress } from './evacuation.ts';
import { mayFindRoom } from './foresee.ts';
import { provenBy } from './gates.ts';
import type { InstanceId } from './ids.ts';
import { NOT_ASKED } from './known.ts';
import { isIsolated, isolatingChange, isReady } from './isolation.ts';
import { TRACE_AFTER_MS, TRACE_EVERY_MS } from './flight.ts';
import { lookAgeMs } from './life.ts';
import { byInstance, stageOf, type Migration } from './migration.ts';
import type { Observation } from './observation.ts';
import { due, toRepeat } from './pace.ts';
import type { Policy } from './policy.ts';
import { everyPolicy } from './profile.ts';
import { rotated } from './rotation.ts';
import type { Instant, Millis } from './time.ts';
import { isUnexplained } from './unexplained.ts';

/** What a turn has to look at first. */
export interface FirstQuestions {
  /** How old the list of services may be. */
  readonly fleetMaxAgeMs: Millis;
  readonly proof: boolean;
  readonly inventory: boolean;
  /** Null: the migrations are not needed; else all records with a higher id. */
  readonly migrationsAfter: number | null;
  readonly peers: boolean;
  /** Whether the aggregates may decide; how old they may be is their cache's business. */
  readonly aggregates: boolean;
  /** Whether more failures may be on their way: asked as long as no instance has moved. */
  readonly failing: boolean;
}

/** What it has to look at besides, once it has seen the first answers. */
export interface FollowUps {
  readonly inventory: boolean;
  readonly groups: boolean;
  readonly rooms: boolean;
  /** As in the first questions; a cluster manager is slow to answer, so it is not asked for nothing. */
  readonly failing: boolean;
  readonly migrationsAfter: number | null;
  /** Nova's time since which all changed instances are wanted, or null. */
  readonly changedSince: string | null;
  readonly sightings: readonly InstanceId[];
  readonly traces: readonly InstanceId[];
}

/** Most single instances looked up in one turn, so that a turn stays short. */
const LOOKUPS_PER_TURN = 20;
/** Of them, those that only take long: a Nova that is slow must not be kept busy with questions. */
const SLOW_PER_TURN = 5;
/** How long arrived instances may wait for the look at their new host. */
const VERIFY_AFTER_MS = 120_000;

const NOTHING = {
  proof: false,
  inventory: false,
  migrationsAfter: null,
  peers: false,
  aggregates: false,
  failing: false,
} as const;

/** The first questions of a turn: only what its phase can use. */
export function firstQuestions(
  evacuation: Evacuation,
  policy: Policy,
  now: Instant,
): FirstQuestions {
  const { phase, life, readmission } = evacuation;
  switch (phase) {
    case 'marked':
      return {
        ...NOTHING,
        fleetMaxAgeMs: 0,
        proof: provenBy(evacuation, NOT_ASKED, policy) === null,
        peers: true,
        aggregates: policy.storm.aggregateKey !== '',
      };
    case 'evacuating': {
      const again = due(evacuation, now).some(([, entry]) => isRetry(entry.progress));
      // That a profile is gone holds nothing.
      const held = again || evacuation.reasons.some(({ code }) => code !== 'NH235');
      return {
        fleetMaxAgeMs: held ? 0 : lookAgeMs(life, policy.freshness.fleetMs, policy),
        proof: evacuation.proof === null,
        inventory: again,
        migrationsAfter: lowestAfter(evacuation),
        peers: true,
        aggregates: policy.storm.aggregateKey !== '',
        failing: tracked(evacuation).every(([, { progress }]) => isUntouched(progress)),
      };
    }
    case 'settled':
    case 'readmitting':
      return {
        ...NOTHING,
        fleetMaxAgeMs: mayLift(evacuation, policy, now)
          ? 0
          : lookAgeMs(life, policy.freshness.idleMs / 2, policy),
        migrationsAfter: phase === 'settled' && (life.moves > 0 || readmission.asked) ? 0 : null,
      };
    case 'closed':
      return { ...NOTHING, fleetMaxAgeMs: policy.freshness.fleetMs };
  }
}

/**
 * Whether this turn may enable the host or write its new reason: an operator may have written one of
 * his own a moment ago, and Nova has no compare-and-set.
 */
function mayLift(evacuation: Evacuation, policy: Policy, now: Instant): boolean {
  const { phase, phaseSince, reasons, readmission } = evacuation;
  const { healthyMs, confirmMs } = policy.readmit;
  const { asked, upSince } = readmission;
  if (phase === 'settled') {
    const began = now - phaseSince < policy.freshness.idleMs;
    return began || reasons.some(({ code }) => code === 'NH104');
  }
  return asked || (upSince !== null && now - upSince >= Math.max(healthyMs, confirmMs));
}

const isUntouched = (progress: Progress): boolean =>
  progress.at === 'skipped' || (progress.at === 'pending' && progress.attempt === 0);

/** Sent before, or held back for a reason of its own: looked at once more before it is sent. */
const isRetry = (progress: Progress): boolean =>
  progress.at === 'pending' && (progress.attempt > 0 || progress.why !== null);

/** The records with an id up to this one tell nothing new about any instance that is not terminal. */
function lowestAfter(evacuation: Evacuation): number {
  let lowest = evacuation.seenMigration;
  for (const [, { left, progress }] of tracked(evacuation)) {
    const followed = isInFlight(progress) || progress.at === 'stuck';
    if (followed && 'after' in progress) lowest = Math.min(lowest, progress.after);
    if (left !== undefined && progress.at === 'pending')
      lowest = Math.min(lowest, ...left.rows.map((id) => id - 1));
  }
  return lowest;
}

/** What the first answers leave open. */
export function followUps(
  evacuation: Evacuation,
  first: Observation,
  policy: Policy,
  now: Instant,
): FollowUps {
  if (evacuation.phase !== 'evacuating') return beforeCounting(evacuation, first, policy);
  const rows = first.migrations.kind === 'known' ? byInstance(first.migrations.value) : null;
  const wanted: Wanted = { urgent: [], patient: [], slow: [], late: [], failed: [], missing: [] };
  let failed = false;
  let open = 0;
  let stuck = false;
  let arrivedSince = Infinity;
  for (const [id, { progress }] of tracked(evacuation)) {
    const mine =
      rows?.get(id)?.filter((row) => 'after' in progress && row.id > progress.after) ?? [];
    want(wanted, id, progress, mine, first, policy, now);
    const waits = progress.at === 'pending' || progress.at === 'resetting';
    if (waits || isInFlight(progress)) open += 1;
    if (progress.at === 'arrived') arrivedSince = Math.min(arrivedSince, progress.since);
    stuck ||= progress.at === 'stuck' || progress.at === 'recreating';
    failed ||= mine.length > 0 && mine.every((row) => stageOf(row.status) === 'failed');
  }
  const arriving = arrivals(evacuation, rows);
  // What arrives in this very turn is not open any more.
  const left = open - arriving.filter((row) => row.fresh).length;
  const awaited = left <= 0 || holdGroupsUp(evacuation, policy, now);
  // Nothing else is open, and at least one list of changes was read since the last arrival.
  const overdue = awaited && arriving.every((row) => !row.fresh);
  const isLong = now - arrivedSince >= verifyPause(evacuation, now);
  const verify = arriving.length > 0 && (awaited || isLong);
  const slow = rotated(wanted.slow, now).slice(0, SLOW_PER_TURN);
  return {
    groups: false,
    rooms: mayFindRoom(evacuation, policy, now),
    failing: false,
    migrationsAfter: null,
    inventory:
      failed ||
      wanted.missing.length > 0 ||
      (left <= 0 && !stuck && first.inventory.kind === 'unknown'),
    changedSince: verify ? oldest(arriving.map((row) => row.createdAt)) : null,
    sightings: [
      ...wanted.urgent,
      ...slow.map(({ id }) => id),
      ...rotated(overdue ? [...wanted.patient, ...wanted.late] : wanted.patient, now),
    ].slice(0, LOOKUPS_PER_TURN),
    traces: [
      ...slow.filter(({ queued }) => queued).map(({ id }) => id),
      ...toRepeat(evacuation, now),
      ...rotated(wanted.failed, now),
    ].slice(0, LOOKUPS_PER_TURN),
  };
}

/** How long after its arrival an instance should have been seen, once nothing else is open. */
const LATE_MS = 5000;

/** The lists of a marked host are read once, when it is seen isolated and its proof is there. */
function beforeCounting(evacuation: Evacuation, first: Observation, policy: Policy): FollowUps {
  const service =
    first.fleet.kind === 'known' ? first.fleet.value.services.get(evacuation.host) : undefined;
  const ready =
    evacuation.phase === 'marked' &&
    service !== undefined &&
    service.state !== 'unknown' &&
    isIsolated(service, policy) &&
    (evacuation.isolation?.seen === true ||
      isReady(isolatingChange(evacuation, service, policy), service, policy)) &&
    provenBy(evacuation, first.proof, policy) !== null;
  return {
    inventory: ready,
    groups: ready,
    // Its profile is chosen only after these answers.
    rooms: ready && everyPolicy(policy).some(({ capacity }) => capacity.check !== 'plan'),
    failing: ready,
    migrationsAfter: ready ? 0 : null,
    changedSince: null,
    sightings: [],
    traces: [],
  };
}

/** Ever rarer as it goes on: what is on its new host is safe, only the tale lags behind. */
const verifyPause = (evacuation: Evacuation, now: Instant): Millis =>
  Math.max(VERIFY_AFTER_MS, (now - evacuation.phaseSince) / 2);

interface Wanted {
  readonly urgent: InstanceId[];
  /** Looked at by turns when there are more than one turn may look up. */
  readonly patient: InstanceId[];
  /** Under way for long; queued: Nova has not begun to build it, and its trace tells where it is. */
  readonly slow: { readonly id: InstanceId; readonly queued: boolean }[];
  /** Arrived, and not shown by the list of changes. */
  readonly late: InstanceId[];
  /** Failed on their destination: only their traces tell whether a guest was left there. */
  readonly failed: InstanceId[];
  /** Without any record: if Nova denies them, the list of their host must not have them either. */
  readonly missing: InstanceId[];
}

/** What one instance must be looked up for. */
function want(
  wanted: Wanted,
  id: InstanceId,
  progress: Progress,
  mine: readonly Migration[],
  first: Observation,
  policy: Policy,
  now: Instant,
): void {
  if (isUnexplained(progress, mine, policy, now)) wanted.failed.push(id);
  const silent = first.migrations.kind === 'known' && mine.length === 0;
  switch (progress.at) {
    case 'intended': {
      const refused = first.answers.some(
        ({ instance, outcome }) => instance === id && outcome.kind === 'refused',
      );
      if (refused) wanted.urgent.push(id);
      else if (now - progress.since >= policy.retry.uncertainMs) wanted.patient.push(id);
      else return;
      if (silent) wanted.missing.push(id);
      return;
    }
    case 'accepted': {
      const age = now - progress.since;
      const long = age >= TRACE_AFTER_MS && now - progress.looked >= TRACE_EVERY_MS;
      const queued = mine.some((row) => stageOf(row.status) === 'accepted');
      if (long && !mine.some(isArrival)) wanted.slow.push({ id, queued });
      else if (silent && age > 2 * policy.pace.pollMaxMs) wanted.patient.push(id);
      else return;
      if (silent) wanted.missing.push(id);
      return;
    }
    case 'arrived':
      // The list of changes should have shown it by now: it may be deleted, or in a hidden cell.
      if (now - progress.since >= LATE_MS) wanted.late.push(id);
      return;
    case 'restoring':
      wanted.urgent.push(id);
      return;
    case 'resetting':
      wanted.urgent.push(id);
      if (silent) wanted.missing.push(id);
      return;
    case 'recreating':
      if (progress.notBefore <= now) wanted.patient.push(id);
      return;
    case 'stuck':
      wanted.patient.push(id);
      if (silent) wanted.missing.push(id);
      return;
    default:
      return;
  }
}
