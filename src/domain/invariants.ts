import type { Action } from './action.ts';
import { isAnswerTo } from './answers.ts';
import type { Decision } from './decide.ts';
import { isActive, isTerminal, LEGAL, tracked, type Evacuation } from './evacuation.ts';
import { lostBeforeRepeated, queueEmptyBeforeReturn } from './invariants-of-queues.ts';
import { asked, nothingRebuiltTwice, resetOnlyAtRest } from './invariants-of-states.ts';
import { reservesClaimedFirst } from './invariants-of-reserves.ts';
import { isIsolated } from './isolation.ts';
import { NOT_ASKED } from './known.ts';
import { covers, parseDisabledReason } from './mark.ts';
import { stageOf } from './migration.ts';
import type { Answer, Observation } from './observation.ts';
import { overBudget } from './over-budget.ts';
import type { Policy } from './policy.ts';
import { policyOf } from './profile.ts';
import { sentenceOf } from './reason.ts';
import { failedOnDestination } from './remains.ts';
import { holdOf } from './switches.ts';
import type { Instant } from './time.ts';

/** A broken promise: which, and how. */
export interface Violation {
  readonly invariant: InvariantName;
  readonly detail: string;
}

/** One step of a record, with everything it was decided on. */
export interface Step {
  readonly before: Evacuation;
  readonly observation: Observation;
  readonly decision: Decision;
  readonly policy: Policy;
  readonly now: Instant;
}

type Check = (step: Step) => string | null;
type Evacuate = Extract<Action, { do: 'evacuate' }>;

const posts = (step: Step): readonly Evacuate[] =>
  step.decision.actions.filter((action) => action.do === 'evacuate');

/** No POST evacuate without a fence proof that is not older than the failure. */
const noEvacuateWithoutFence: Check = (step) => {
  if (asked(step).length === 0) return null;
  const {
    decision: { next },
    policy,
  } = step;
  if (next.proof === null) return 'an evacuation is sent without any fence proof';
  return covers(next.proof, next.mark, policy.fence.skewMs)
    ? null
    : 'the fence proof is older than the failure';
};

/** Per instance at most one evacuation that is not over: only a waiting one without a live record is sent. */
const oneFlight: Check = (step) => {
  const { observation, decision } = step;
  const seen = new Set<string>();
  for (const { instance } of asked(step)) {
    if (seen.has(instance)) return `${instance} is sent twice in one turn`;
    seen.add(instance);
    const progress = decision.next.instances[instance]?.progress;
    const earlier = step.before.instances[instance]?.progress;
    if (earlier !== undefined && isTerminal(earlier))
      return `${instance} is terminal and sent again`;
    if (observation.migrations.kind === 'unknown')
      return `${instance} is sent without a look at its migrations`;
    const after = progress !== undefined && 'after' in progress ? progress.after : 0;
    // What failed on a destination counts until somebody has looked at what it left there.
    const live = observation.migrations.value.find(
      (row) =>
        row.instance === instance &&
        row.id > after &&
        (stageOf(row.status) !== 'failed' || failedOnDestination(row)),
    );
    if (live !== undefined)
      return `${instance} is sent although migration ${String(live.id)} is ${live.status}`;
  }
  return null;
};

/** The intent is in the record that is made durable before the POST leaves. */
const intentBeforePost: Check = (step) => {
  for (const action of step.decision.actions) {
    if (!('attempt' in action)) continue;
    const { instance, attempt } = action;
    const progress = step.decision.next.instances[instance]?.progress;
    const answer: Answer = {
      instance,
      ...(action.do === 'evacuate' ? {} : { to: action.do }),
      attempt,
      outcome: { kind: 'uncertain', why: '' },
    };
    if (progress === undefined || !isAnswerTo(progress, answer)) {
      return `${instance} is sent without a durable intent`;
    }
  }
  return null;
};

/** What is unknown never leads to an act. */
const unknownNeverActs: Check = (step) => {
  const { observation, decision } = step;
  if (decision.actions.length === 0) return null;
  if (
    observation.fleet.kind === 'unknown' &&
    decision.actions.some(({ do: what }) => what !== 'stop')
  ) {
    return 'acted on an unknown list of services';
  }
  if (asked(step).length === 0) return null;
  if (observation.peers.kind === 'unknown') return 'sent while the other marks are unknown';
  const fleet = observation.fleet.kind === 'known' ? observation.fleet.value : null;
  const service = fleet?.services.get(decision.next.host);
  return service?.state === 'down' ? null : 'sent while Nova does not show the host as down';
};

/** Every marked host is isolated (or excused) before any instance of any of them moves. */
const isolateAllBeforeEvacuatingAny: Check = (step) => {
  if (asked(step).length === 0) return null;
  const { observation, policy, now } = step;
  if (observation.peers.kind === 'unknown' || observation.fleet.kind === 'unknown') return null;
  for (const peer of observation.peers.value) {
    if (!isActive(peer) || peer.excused || peer.host === step.before.host) continue;
    const service = observation.fleet.value.services.get(peer.host);
    const late = now - peer.markedAt >= 2 * policy.fence.patienceMs;
    if (service === undefined || service.state === 'unknown') {
      if (!late) return `${peer.host} is marked and not seen isolated`;
    } else if (!isIsolated(service, policy)) return `${peer.host} is marked and not isolated`;
  }
  return null;
};

/** A mark becomes done only when every instance is landed, skipped with a reason, gone or given up. */
const settledMeansAllTerminal: Check = ({ before, observation, decision: { next } }) => {
  if (!isActive(before) || isActive(next)) return null;
  if (observation.inventory.kind === 'unknown') return 'settled without a look at the host';
  const open = tracked(next).find(([, { progress }]) => !isTerminal(progress));
  return open === undefined ? null : `settled although ${open[0]} is ${open[1].progress.at}`;
};

/** We enable and un-force only what we disabled and forced. */
const onlyOursReenabled: Check = ({ observation, decision: { next, actions } }) => {
  const before = next.isolation?.before;
  for (const action of actions) {
    if (action.do !== 'change-service') continue;
    const service =
      observation.fleet.kind === 'known'
        ? observation.fleet.value.services.get(next.host)
        : undefined;
    // A reason counts only while it is one: enabling a service takes it away.
    const isDisabled =
      service !== undefined && service.state !== 'unknown' && service.status === 'disabled';
    const reason = isDisabled ? service.disabledReason : null;
    if (action.change.forcedDown === false && before?.forcedDown !== false) {
      return 'un-forced a host that somebody else had forced down';
    }
    if (
      action.change.status === 'enabled' &&
      (before?.status !== 'enabled' || parseDisabledReason(reason) === null)
    ) {
      return 'enabled a host that somebody else had disabled';
    }
    if (
      action.change.status === 'disabled' &&
      reason !== null &&
      parseDisabledReason(reason) === null
    ) {
      return "overwrote an operator's reason";
    }
  }
  return null;
};

/** The mark, its event and every instance of the inventory stay in the record, and phases follow the table. */
const markSurvives: Check = ({ before, decision: { next } }) => {
  if (before.mark.event !== next.mark.event || before.host !== next.host)
    return 'the mark was exchanged';
  if (!LEGAL[before.phase].includes(next.phase)) return `phase ${before.phase} -> ${next.phase}`;
  for (const [id] of tracked(before)) {
    if (next.instances[id] === undefined) return `${id} was dropped from the record`;
  }
  return null;
};

/** Nothing is sent beyond a limit. */
const budgetHeld: Check = (step) => {
  const { before, observation, decision, policy, now } = step;
  if (observation.peers.kind === 'unknown') return null;
  const others = observation.peers.value.filter((peer) => peer.host !== before.host);
  return overBudget({ before, next: decision.next, sent: posts(step), others, policy, now });
};

/** Nothing is sent, and nothing lifted, that an operator has held; what cannot be read may be a hold. */
const heldDoesNothing: Check = (step) => {
  const { observation, decision, now } = step;
  const { host } = decision.next;
  const aggregates = observation.aggregates ?? NOT_ASKED;
  const hold = holdOf(host, observation.switches, aggregates, now);
  const [why] = hold.send;
  if (why !== undefined && asked(step).length > 0) return `sent although ${sentenceOf(why)}`;
  const [held] = hold.readmit;
  const lifts = decision.actions.some(
    (action) =>
      action.do === 'change-service' &&
      (action.change.status === 'enabled' || action.change.forcedDown === false),
  );
  return held !== undefined && lifts ? `lifted although ${sentenceOf(held)}` : null;
};

/** Whatever is not over has a next look, and whatever does not move says why. */
const eventuallySettled: Check = ({ decision: { next, actions, wakeAt }, now }) => {
  if (next.phase === 'closed') return null;
  if (wakeAt === null) return 'an open record without a next look';
  if (wakeAt < now) return 'the next look lies in the past';
  if (!isActive(next) || actions.length > 0 || next.reasons.length > 0) return null;
  const moving = tracked(next).some(([, { progress }]) => !isTerminal(progress));
  const uncounted = next.phase === 'evacuating' && !moving;
  return moving || uncounted ? null : 'an active record that neither moves nor says why';
};

/** What is terminal stays so, but for a contradiction that a human must see. */
const terminalStays: Check = ({ before, decision: { next } }) => {
  for (const [id, { progress }] of tracked(before)) {
    if (!isTerminal(progress)) continue;
    const after = next.instances[id]?.progress.at;
    if (after !== progress.at && after !== 'stuck')
      return `${id} went from ${progress.at} to ${after ?? 'nothing'}`;
  }
  return null;
};

/** The promises that hold for every single decision; asserted in production, simulation and search. */
export const INVARIANTS = {
  NoEvacuateWithoutFence: noEvacuateWithoutFence,
  OneFlight: oneFlight,
  IntentBeforePost: intentBeforePost,
  UnknownNeverActs: unknownNeverActs,
  IsolateAllBeforeEvacuatingAny: isolateAllBeforeEvacuatingAny,
  SettledMeansAllTerminal: settledMeansAllTerminal,
  OnlyOursReenabled: onlyOursReenabled,
  MarkSurvives: markSurvives,
  BudgetHeld: budgetHeld,
  HeldDoesNothing: heldDoesNothing,
  EventuallySettled: eventuallySettled,
  TerminalStays: terminalStays,
  ResetOnlyAtRest: resetOnlyAtRest,
  NothingRebuiltTwice: nothingRebuiltTwice,
  ReservesClaimedFirst: reservesClaimedFirst,
  LostBeforeRepeated: lostBeforeRepeated,
  QueueEmptyBeforeReturn: queueEmptyBeforeReturn,
} as const satisfies Record<string, Check>;

/**
 * The names of all invariants. StaleEpochNeverActs is none of them: no single step shows it. The store's
 * compare-and-set on the epoch and the age of the lease hold it.
 */
export type InvariantName = keyof typeof INVARIANTS;

/** Every invariant that a step breaks; empty for a sound step. */
export function violations(given: Step): readonly Violation[] {
  const step: Step = { ...given, policy: policyOf(given.policy, given.decision.next) };
  const found: Violation[] = [];
  for (const [name, check] of Object.entries(INVARIANTS) as [keyof typeof INVARIANTS, Check][]) {
    const detail = check(step);
    if (detail !== null) found.push({ invariant: name, detail });
  }
  return found;
}
