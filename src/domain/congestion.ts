import { isInFlight, tracked, type Evacuation, type Progress } from './evacuation.ts';
import type { InstanceId } from './ids.ts';
import type { Answer } from './observation.ts';
import type { Policy } from './policy.ts';
import type { Instant } from './time.ts';

/**
 * The window in flight of one host, as TCP has it: halved when Nova answers with time-outs, 5xx or
 * 429, or finds no room more often than it finds some; grown by one per window that arrives. Only
 * what was sent since the last halving counts, so that one bad moment halves once. It is kept in the
 * record, so a restart does not begin at full speed; after a quiet while it is dropped.
 */
export function adapted(
  before: Evacuation,
  next: Evacuation,
  answers: readonly Answer[],
  policy: Policy,
  now: Instant,
): Evacuation {
  if (!policy.pace.adapt) return full(next);
  const { window } = next;
  const seen = countOutcomes(before, next, answers);
  if (seen.strained || seen.noRoom > seen.arrived) {
    const size = Math.min(window?.size ?? Infinity, seen.flying) / 2;
    return { ...next, window: { size: Math.max(1, Math.floor(size)), since: now } };
  }
  if (window === undefined) return next;
  const size = window.size + seen.arrived / window.size;
  if (size >= policy.pace.inFlight || now - window.since >= policy.pace.recoverMs) {
    return full(next);
  }
  if (seen.arrived === 0) return next;
  return { ...next, window: { ...window, size: Math.round(size * 100) / 100 } };
}

/** How many more may be in flight as far as the window says. */
export const windowRoom = (evacuation: Evacuation, inFlight: number): number =>
  evacuation.window === undefined ? Infinity : Math.floor(evacuation.window.size) - inFlight;

const full = (evacuation: Evacuation): Evacuation =>
  evacuation.window === undefined ? evacuation : { ...evacuation, window: undefined };

interface Outcomes {
  readonly flying: number;
  readonly arrived: number;
  readonly noRoom: number;
  readonly strained: boolean;
}

/** What became in this turn of what was in flight before it. */
function countOutcomes(before: Evacuation, next: Evacuation, answers: readonly Answer[]): Outcomes {
  const strains = new Map<InstanceId, number>();
  for (const answer of answers) if (isStrain(answer)) strains.set(answer.instance, answer.attempt);
  const since = before.window?.since ?? -Infinity;
  let flying = 0;
  let arrived = 0;
  let noRoom = 0;
  let strained = false;
  for (const [id, { progress }] of tracked(before)) {
    if (!isInFlight(progress)) continue;
    flying += 1;
    const after = next.instances[id]?.progress;
    if (after === undefined) continue;
    if (hasArrived(after)) arrived += 1;
    if (!('since' in progress) || progress.since < since) continue;
    if (after.at === 'pending' && after.why?.code === 'NH401') noRoom += 1;
    strained ||= 'attempt' in progress && strains.get(id) === progress.attempt;
  }
  return { flying, arrived, noRoom, strained };
}

const hasArrived = ({ at }: Progress): boolean =>
  at === 'arrived' || at === 'recreating' || at === 'restoring' || at === 'landed';

/** A time-out, a reset, a 5xx, or 429: Nova, or what stands before it, has too much to do. */
const isStrain = ({ outcome }: Answer): boolean =>
  outcome.kind === 'uncertain' ||
  (outcome.kind === 'refused' && outcome.refusal.cause === 'too-many');
