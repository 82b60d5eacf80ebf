import type { Action } from './action.ts';
import type { Step } from './invariants.ts';
import { mayRebuild } from './recreate.ts';

type Evacuate = Extract<Action, { do: 'evacuate' }>;
type Reset = Extract<Action, { do: 'reset-state' }>;

/** What may be asked of an instance only while nothing of it is under way: to be sent, and before that reset. */
export const asked = (step: Step): readonly (Evacuate | Reset)[] =>
  step.decision.actions.filter((action) => action.do === 'evacuate' || action.do === 'reset-state');

/** A state is reset only while nothing is under way, and never a second time while the first may arrive. */
export function resetOnlyAtRest(step: Step): string | null {
  for (const { instance, do: what } of asked(step)) {
    const entry = step.before.instances[instance];
    if (what === 'evacuate') {
      // An instance that is still to be reset would be refused; one whose reset is out would be broken by it.
      if (step.decision.next.instances[instance]?.reset === true)
        return `${instance} is sent before its state is reset`;
      continue;
    }
    // Counted in this very turn, or waiting.
    const at = entry?.progress.at ?? 'pending';
    const isOver =
      entry?.progress.at === 'resetting' &&
      step.now - entry.progress.since >= step.policy.retry.uncertainMs;
    if (at !== 'pending' && !isOver) return `${instance} is reset while it is ${at}`;
  }
  return null;
}

/** A rebuild destroys what a guest has written: only what is idle elsewhere, and not yet recreated, is rebuilt. */
export function nothingRebuiltTwice({ observation, decision }: Step): string | null {
  for (const action of decision.actions) {
    if (action.do !== 'rebuild') continue;
    const { instance } = action;
    const { restore } = decision.next.instances[instance] ?? {};
    const sighting = observation.sightings.get(instance);
    if (restore === undefined) return `${instance} is rebuilt without a snapshot`;
    if (sighting?.kind !== 'known') return `${instance} is rebuilt unseen`;
    if (!mayRebuild(sighting.value, restore, decision.next.host))
      return `${instance} is rebuilt as it was seen: ${JSON.stringify(sighting.value)}`;
  }
  return null;
}
