import type { Tracked } from './evacuation.ts';
import { again, type At, type Facts } from './judge.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { isEvacuable } from './states.ts';
import { formatMillis, type Instant } from './time.ts';

/** The vm_state on the source as this turn saw it; null when nobody looked or it is not there. */
function stateOnSource(facts: Facts): string | null {
  const { sighting, onSource, source } = facts;
  if (sighting.kind === 'known') {
    const seen = sighting.value;
    return seen?.host === source ? seen.vmState : null;
  }
  return onSource.kind === 'known' ? (onSource.value?.vmState ?? null) : null;
}

/** The same instance, of which the state need not be reset any more. */
export function withoutReset(entry: Tracked): Tracked {
  const rest: { -readonly [K in keyof Tracked]: Tracked[K] } = { ...entry };
  delete rest.reset;
  return rest;
}

/** Whether an instance that waits was seen in a state that Nova evacuates, whoever has reset it. */
export const needsNoReset = (entry: Tracked, facts: Facts): boolean =>
  entry.reset === true && isEvacuable(stateOnSource(facts) ?? '');

/**
 * The reset may or may not have reached Nova (os-resetState writes the state at once and checks
 * nothing): only the state that Nova shows ends the step. Sent again only after Nova was watched for
 * long enough: a reset that comes late would break the evacuation that follows it.
 */
export function advanceResetting(
  entry: Tracked,
  progress: At<'resetting'>,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Tracked {
  const { attempt, after, since } = progress;
  if (needsNoReset(entry, facts)) {
    return { ...withoutReset(entry), progress: again(attempt, after, now, null) };
  }
  const { answer, sighting } = facts;
  if (answer?.outcome.kind === 'refused') {
    const pause = policy.retry.capacityMs;
    const detail = answer.outcome.refusal.message;
    const why = because('NH423', { detail, at: `in ${formatMillis(pause)}` });
    return { ...entry, progress: again(attempt, after, now + pause, why) };
  }
  if (sighting.kind === 'known' && sighting.at - since >= policy.retry.uncertainMs) {
    const why = because('NH423', { detail: 'it never reached Nova', at: 'now' });
    return { ...entry, progress: again(attempt, after, now, why) };
  }
  return entry;
}
