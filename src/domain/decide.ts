import type { Action } from './action.ts';
import type { Evacuation } from './evacuation.ts';
import { decideEvacuating } from './decide-evacuating.ts';
import { decideMarked } from './decide-marked.ts';
import { decideReadmission } from './decide-readmission.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { policyOf } from './profile.ts';
import { because } from './reason.ts';
import { returnReserves } from './reserve-return.ts';
import type { Instant, Millis } from './time.ts';

/** What a turn comes to. */
export interface Decision {
  readonly next: Evacuation;
  /** To be performed only after `next` is durable. */
  readonly actions: readonly Action[];
  /** When to look again, at the latest; null when only a new mark or command changes anything. */
  readonly wakeAt: Instant | null;
  /** Over how long the actions are spread; absent: as soon as may be. */
  readonly spreadMs?: Millis;
}

/**
 * The decision core: what was observed goes in, what is to be done comes out. Pure: no clock, no I/O,
 * no randomness. `next` holds everything that must survive a crash before any action is performed.
 */
export function decide(
  evacuation: Evacuation,
  observation: Observation,
  general: Policy,
  now: Instant,
): Decision {
  return withLostProfile(byPhase(evacuation, observation, general, now), general);
}

function byPhase(
  evacuation: Evacuation,
  observation: Observation,
  general: Policy,
  now: Instant,
): Decision {
  const policy = policyOf(general, evacuation);
  switch (evacuation.phase) {
    case 'marked':
      // Its profile is chosen there, when it is counted.
      return decideMarked(evacuation, observation, general, now);
    case 'evacuating':
      return decideEvacuating(evacuation, observation, policy, now);
    case 'settled':
    case 'readmitting':
      return returnReserves(
        decideReadmission(evacuation, observation, policy, now),
        observation,
        policy,
        now,
      );
    case 'closed':
      return returnReserves(
        { next: evacuation, actions: [], wakeAt: null },
        observation,
        policy,
        now,
      );
  }
}

/** Says that the profile by which the host was counted is gone; it changes nothing else. */
function withLostProfile(decision: Decision, { profiles }: Policy): Decision {
  const { next } = decision;
  const { host, profile } = next;
  if (profile === undefined || profiles[profile] !== undefined || next.phase === 'closed')
    return decision;
  const reasons = [...next.reasons, because('NH235', { host, profile })];
  return { ...decision, next: { ...next, reasons } };
}
