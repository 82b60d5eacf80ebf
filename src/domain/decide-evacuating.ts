import type { Action } from './action.ts';
import { isCounted } from './budget.ts';
import { adapted } from './congestion.ts';
import type { Decision } from './decide.ts';
import { isOpenHost } from './destination.ts';
import { isInFlight, tracked, type Evacuation, type Progress, type Tracked } from './evacuation.ts';
import { livenessOfFailed } from './fenced.ts';
import { follow } from './follow.ts';
import { foresee } from './foresee.ts';
import { gates, provenBy } from './gates.ts';
import type { Fleet, Service } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import { isLiftedForLong, isolate } from './isolation.ts';
import { NOT_ASKED } from './known.ts';
import { mayRepeat } from './left-request.ts';
import { lifePauseMs } from './life.ts';
import { lookPause, sendSpan } from './look-pause.ts';
import type { Observation } from './observation.ts';
import { choose } from './pace.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { recreate } from './recreate.ts';
import { letGo, takeReserves, type ReserveStep } from './reserve-taking.ts';
import { leaveOnReturnedHost, lingering, maySettle, recount, unsettled } from './settle.ts';
import { asksForStopped } from './states.ts';
import type { Instant, Millis } from './time.ts';

/**
 * The inventory is durable: follow every evacuation, send the next ones within the budgets, and
 * settle when every instance is terminal and the host, looked at once more, holds no stranger.
 */
export function decideEvacuating(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Decision {
  const decision = workOn(evacuation, observation, policy, now);
  const { next, wakeAt } = decision;
  if (next.phase !== 'evacuating' || wakeAt === null || !isMoving(next)) return decision;
  const look = now + lookPause(next, policy, now);
  const { length: count } = decision.actions;
  const spreadMs = isCrowded(count, observation) ? sendSpan(evacuation, count, policy, now) : 0;
  return { ...decision, wakeAt: Math.min(wakeAt, look), ...(spreadMs === 0 ? {} : { spreadMs }) };
}

/** More are sent than so many for each host that can take them: it matters who gets which. */
const EACH = 2;

const isCrowded = (count: number, { fleet }: Observation): boolean =>
  fleet.kind === 'known' &&
  count >
    EACH * [...fleet.value.services.keys()].filter((at) => isOpenHost(fleet.value, at)).length;

const isMoving = (evacuation: Evacuation): boolean =>
  tracked(evacuation).some(([, { progress }]) => isInFlight(progress) || progress.at === 'arrived');

function workOn(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Decision {
  const moved = follow(withProof(evacuation, observation, policy), observation, policy, now);
  const followed = adapted(evacuation, moved, observation.answers, policy, now);
  const { fleet } = observation;
  if (fleet.kind === 'unknown') {
    return rest(
      followed,
      [because('NH104', { what: 'the compute services', detail: fleet.why })],
      [],
      policy,
      now,
    );
  }
  const service = fleet.value.services.get(followed.host);
  if (service === undefined || service.state === 'unknown') {
    const why =
      service === undefined
        ? because('NH103', { host: followed.host })
        : because('NH104', { what: followed.host, detail: 'its cell cannot be reached' });
    return rest(followed, [why], [], policy, now);
  }
  const step = isolate(followed, service, policy, now);
  const current: Evacuation = {
    ...followed,
    isolation: step.isolation,
    life: step.life,
    excused: isLiftedForLong(step.isolation, policy, now),
  };
  const counted = recount(current, observation, policy, now);
  const foreseen = foresee(counted, observation, policy, now);
  const left = leaveOnReturnedHost(foreseen, service, policy);
  if (maySettle(left, observation)) {
    const why = unsettled(left, observation, policy);
    if (why !== null) return rest(letGo(left), [why], step.actions, policy, now);
    return {
      next: { ...left, phase: 'settled', phaseSince: now, reasons: [] },
      actions: step.actions,
      wakeAt: now,
    };
  }
  return send(left, service, fleet.value, observation, step.actions, policy, now);
}

/** A proof that no longer covers the mark (the host was reported again) is dropped. */
function withProof(evacuation: Evacuation, observation: Observation, policy: Policy): Evacuation {
  return { ...evacuation, proof: provenBy(evacuation, observation.proof, policy) };
}

function send(
  left: Evacuation,
  service: Service,
  fleet: Fleet,
  observation: Observation,
  isolating: readonly Action[],
  policy: Policy,
  now: Instant,
): Decision {
  const { evacuation, actions: rebuilds } = recreate(left, observation, now);
  const actions: Action[] = [...isolating, ...restoring(evacuation, observation), ...rebuilds];
  const waiting = tracked(evacuation).some(([, { progress }]) => progress.at === 'pending');
  if (!waiting) {
    return rest(letGo(evacuation), lingering(evacuation, observation), actions, policy, now);
  }
  const closed = gates(evacuation, service, fleet, observation, policy, now);
  if (closed.length > 0) return rest(letGo(evacuation), closed, actions, policy, now);
  if (observation.migrations.kind === 'unknown') {
    const why = because('NH104', { what: 'the migrations', detail: observation.migrations.why });
    return rest(letGo(evacuation), [why], actions, policy, now);
  }
  const reserve = takeReserves(evacuation, observation, fleet, policy, now);
  actions.push(...reserve.actions);
  const decision =
    reserve.hold === null
      ? sendChosen(reserve.evacuation, fleet, observation, actions, policy, now)
      : rest(reserve.evacuation, [reserve.hold], actions, policy, now);
  return soonerFor(reserve, decision, now);
}

/** A reserved host that is being taken is looked at often. */
function soonerFor({ pauseMs }: ReserveStep, decision: Decision, now: Instant): Decision {
  if (pauseMs === null || decision.wakeAt === null) return decision;
  return { ...decision, wakeAt: Math.min(decision.wakeAt, now + pauseMs) };
}

/** Sends whoever may go now, within the budgets. */
function sendChosen(
  evacuation: Evacuation,
  fleet: Fleet,
  observation: Observation,
  before: readonly Action[],
  policy: Policy,
  now: Instant,
): Decision {
  const actions: Action[] = [...before];
  const peers = observation.peers.kind === 'known' ? observation.peers.value : [];
  const isReady = readiness(observation);
  const { chosen, held, stage } = choose(evacuation, peers, fleet, policy, now, isReady);
  const staged = stage === undefined ? evacuation : { ...evacuation, stage };
  if (chosen.length === 0) return rest(staged, held === null ? [] : [held], actions, policy, now);
  if (!isCounted(evacuation, now))
    return { next: { ...evacuation, reasons: [] }, actions, wakeAt: now + HELD_PAUSE_MS };
  const instances: Record<InstanceId, Tracked> = { ...evacuation.instances };
  for (const { id, target } of chosen) {
    const entry = instances[id];
    if (entry?.progress.at !== 'pending') continue;
    const step = nextStep({ id, target }, entry, entry.progress, evacuation, now);
    const isReserve =
      step.progress.at === 'intended' &&
      staged.reserve?.claims.some(({ host }) => host === target) === true;
    const aimed = isReserve && target !== null ? { aimed: { at: target, over: false } } : {};
    const { left } = entry;
    const repeats = left === undefined ? {} : { left: { ...left, repeated: true as const } };
    instances[id] = { ...entry, ...aimed, ...repeats, progress: step.progress };
    actions.push(step.action);
  }
  const begunAt = staged.begunAt ?? now;
  const sent = {
    ...staged,
    begunAt,
    instances,
    ...(policy.pace.staggerMs > 0 ? { sentAt: now } : {}),
  };
  return rest(sent, held === null ? [] : [held], actions, policy, now);
}

/** Whom nothing that was sent before keeps, by what this turn has seen. */
const readiness =
  (observation: Observation) =>
  (id: InstanceId, entry: Tracked): boolean =>
    mayRepeat(entry, {
      trace: observation.traces.get(id) ?? NOT_ASKED,
      livenessOf: (host) => livenessOfFailed(host, observation),
    });

/** The POST, or before it the reset of a state that Nova does not evacuate. */
function nextStep(
  { id, target }: { readonly id: InstanceId; readonly target: HostName | null },
  entry: Tracked,
  waiting: Extract<Progress, { at: 'pending' }>,
  evacuation: Evacuation,
  now: Instant,
): { readonly progress: Progress; readonly action: Action } {
  const after = Math.max(waiting.after, evacuation.seenMigration - LATE_RECORDS);
  if (entry.reset === true) {
    const { attempt } = waiting;
    return {
      progress: { at: 'resetting', attempt, since: now, after },
      action: { do: 'reset-state', instance: id, attempt },
    };
  }
  const attempt = waiting.attempt + 1;
  const stopped = asksForStopped(entry, attempt) ? ({ stopped: true } as const) : {};
  return {
    progress: { at: 'intended', attempt, since: now, after },
    action: { do: 'evacuate', instance: id, attempt, target, ...stopped },
  };
}

/** Records whose ids were given out, but that were not visible yet when higher ids were seen. */
const LATE_RECORDS = 32;

/** Stops again what was stopped before: an evacuation of an ERROR instance comes out ACTIVE. */
function restoring(evacuation: Evacuation, observation: Observation): readonly Action[] {
  const actions: Action[] = [];
  for (const [id, { progress }] of tracked(evacuation)) {
    if (progress.at !== 'restoring') continue;
    const sighting = observation.sightings.get(id);
    const seen = sighting?.kind === 'known' ? sighting.value : null;
    if (seen?.vmState === 'active' && seen.taskState === null && seen.host !== evacuation.host) {
      actions.push({ do: 'stop', instance: id });
    }
  }
  return actions;
}

/** How soon a held evacuation looks again: often at first, when what it waits for should come soon. */
const HELD_PAUSE_MS = 1000;

const HELD_OFTEN_MS = 60_000;

/** How soon a request about one instance should show: at once, or after a while. */
const stepPause = (age: Millis, { pace }: Policy): Millis =>
  Math.min(pace.pollMaxMs, Math.max(pace.pollMinMs, age / 2));

/** When the stagger lets the next one go; before all time where it keeps nobody. */
function nextSendAt({ sentAt }: Evacuation, { pace }: Policy, now: Instant): Instant {
  const at = sentAt === undefined || pace.staggerMs === 0 ? -Infinity : sentAt + pace.staggerMs;
  return at > now ? at : -Infinity;
}

/** The end of a turn without settling: why nothing (more) was sent, and when to look again. */
function rest(
  evacuation: Evacuation,
  reasons: readonly Reason[],
  actions: readonly Action[],
  policy: Policy,
  now: Instant,
): Decision {
  const next = { ...evacuation, reasons };
  const { idleMs } = policy.freshness;
  let pause = next.life.moves > 0 ? Math.min(idleMs, lifePauseMs(policy)) : idleMs;
  // Whom the stagger alone keeps is sent when it ends.
  const mayAt = nextSendAt(next, policy, now);
  let open = false;
  let arrived = false;
  for (const [, { progress }] of tracked(next)) {
    if (progress.at === 'pending' && reasons.length === 0 && progress.notBefore > now) {
      pause = Math.min(pause, progress.notBefore - now);
    }
    if (progress.at === 'pending' && reasons.length === 0 && progress.notBefore <= mayAt) {
      pause = Math.min(pause, mayAt - now);
    }
    if (progress.at === 'restoring') pause = Math.min(pause, HELD_PAUSE_MS);
    if (progress.at === 'resetting' || progress.at === 'recreating') {
      pause = Math.min(pause, stepPause(now - progress.since, policy));
    }
    open ||= progress.at === 'pending' || isInFlight(progress);
    arrived ||= progress.at === 'arrived';
  }
  // Only the look at the new hosts is left.
  if (arrived && !open) pause = Math.min(pause, policy.pace.pollMinMs);
  if (reasons.length > 0 && now - next.phaseSince < HELD_OFTEN_MS) {
    pause = Math.min(pause, HELD_PAUSE_MS);
  }
  return { next, actions, wakeAt: now + pause };
}
