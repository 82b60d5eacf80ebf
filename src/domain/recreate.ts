import type { Action } from './action.ts';
import { backoff } from './backoff.ts';
import { tracked, type Evacuation, type Progress, type Tracked } from './evacuation.ts';
import type { HostName, InstanceId } from './ids.ts';
import { landing } from './landing.ts';
import { whereabouts, type At, type Facts } from './judge.ts';
import type { Observation, Sighting } from './observation.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { isEvacuable } from './states.ts';
import type { Restore } from './storage.ts';
import { formatMillis, parseNovaTime, type Instant } from './time.ts';

/**
 * How long after its evacuation began an instance may still be recreated. Later its owner may have
 * taken it up as it is, and a rebuild would destroy what was written since.
 */
const RECREATE_WITHIN_MS = 3_600_000;

/** The first step on the new host of an instance that is to be recreated from its snapshot. */
export const beginRecreating = (
  progress: At<'arrived'>,
  destination: HostName,
  now: Instant,
): At<'recreating'> => ({
  at: 'recreating',
  since: now,
  destination,
  tries: 0,
  sent: null,
  notBefore: now,
  createdAt: progress.createdAt,
});

/**
 * Follows the rebuild from the snapshot. Nova changes the image of the instance when it takes the
 * request (nova/compute/api.py, `rebuild`), and takes it back when the scheduler objects: the image
 * tells whether a request has arrived, so that none is repeated that may have.
 */
export function advanceRecreating(
  progress: At<'recreating'>,
  entry: Tracked,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const { restore } = entry;
  const where = whereabouts(facts, true);
  if (where.is === 'gone') return { at: 'gone' };
  if (facts.sighting.kind === 'unknown' || where.is !== 'elsewhere' || restore === undefined) {
    return progress;
  }
  const { imageId } = facts.sighting.value ?? {};
  const isIdle = where.taskState === null;
  if (imageId === restore.image) {
    if (!isIdle) return standing(progress, restore, facts, policy, now);
    if (where.vmState !== 'error') return landing(entry, where, now, { recreated: true });
    return ended(progress, 'the rebuild ended in error', restore, facts, policy, now);
  }
  if (imageId !== restore.from) {
    return imageId === undefined
      ? progress
      : givenUp(progress, 'it was rebuilt from another image meanwhile', restore, facts);
  }
  if (progress.sent === null) return progress;
  const outcome = facts.answer?.outcome;
  if (outcome?.kind === 'refused') {
    return ended(progress, outcome.refusal.message, restore, facts, policy, now);
  }
  // Nova took it, and the scheduler did not: the image was put back.
  if (outcome?.kind === 'applied' && isIdle && where.vmState === 'error') {
    return ended(progress, 'the scheduler refused the image', restore, facts, policy, now);
  }
  if (isIdle && facts.sighting.at - progress.sent >= policy.retry.uncertainMs) {
    return ended(progress, 'the request never reached Nova', restore, facts, policy, now);
  }
  return standing(progress, restore, facts, policy, now);
}

/** A request that is over without success: the next one after a pause, while there are tries left. */
function ended(
  progress: At<'recreating'>,
  detail: string,
  restore: Restore,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  if (progress.tries >= policy.retry.attempts) return givenUp(progress, detail, restore, facts);
  const pause = backoff(facts.id, progress.tries, policy);
  return { ...progress, sent: null, notBefore: now + pause };
}

/** Under way, unless it has stood still for too long. */
function standing(
  progress: At<'recreating'>,
  restore: Restore,
  facts: Facts,
  policy: Policy,
  now: Instant,
): Progress {
  const age = now - (progress.sent ?? progress.since);
  if (age < policy.retry.stalledMs) return progress;
  return givenUp(progress, `its rebuild stands still since ${formatMillis(age)}`, restore, facts);
}

function givenUp(
  progress: At<'recreating'>,
  detail: string,
  restore: Restore,
  { id }: { readonly id: InstanceId },
): At<'failed'> {
  const { destination, tries: attempt } = progress;
  const { image, name } = restore;
  return { at: 'failed', attempt, why: because('NH424', { destination, detail, image, name, id }) };
}

/** Sends what waits to be recreated and was seen idle, with the disk that the evacuation gave it. */
export function recreate(
  evacuation: Evacuation,
  observation: Observation,
  now: Instant,
): { readonly evacuation: Evacuation; readonly actions: readonly Action[] } {
  const actions: Action[] = [];
  const changed: Record<InstanceId, Tracked> = {};
  for (const [id, entry] of tracked(evacuation)) {
    const { progress, restore } = entry;
    if (progress.at !== 'recreating' || restore === undefined) continue;
    if (progress.sent !== null || progress.notBefore > now) continue;
    const seen = observation.sightings.get(id);
    if (seen?.kind !== 'known' || !mayRebuild(seen.value, restore, evacuation.host)) continue;
    if (isTooLate(progress, now)) {
      const detail = `the evacuation began at ${progress.createdAt}, and it has run since without its data`;
      changed[id] = { ...entry, progress: givenUp(progress, detail, restore, { id }) };
      continue;
    }
    const tries = progress.tries + 1;
    changed[id] = { ...entry, progress: { ...progress, tries, sent: now } };
    actions.push({ do: 'rebuild', instance: id, attempt: tries, image: restore.image });
  }
  if (Object.keys(changed).length === 0) return { evacuation, actions };
  return {
    evacuation: { ...evacuation, instances: { ...evacuation.instances, ...changed } },
    actions,
  };
}

/**
 * Whether an instance may be rebuilt as it was seen: on another host, idle, and not yet built from its
 * snapshot, or built from it in vain. A second rebuild would destroy what its guest has written.
 */
export function mayRebuild(seen: Sighting | null, restore: Restore, source: HostName): boolean {
  if (seen === null || seen.host === null || seen.host === source) return false;
  if (seen.taskState !== null || !isEvacuable(seen.vmState)) return false;
  return (
    seen.imageId === restore.from || (seen.imageId === restore.image && seen.vmState === 'error')
  );
}

function isTooLate({ createdAt }: At<'recreating'>, now: Instant): boolean {
  const begun = parseNovaTime(createdAt);
  return begun === null || now - begun > RECREATE_WITHIN_MS;
}
