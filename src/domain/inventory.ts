import { classify, exclusiveGroupOf, type Verdict } from './classify.ts';
import type { Evacuation, Progress, Tracked } from './evacuation.ts';
import type { InventoryFacts } from './facts.ts';
import type { InstanceId } from './ids.ts';
import type { Instance, ServerGroup } from './instance.ts';
import { byInstance, stageOf, type Migration } from './migration.ts';
import { flying } from './judge.ts';
import { keptOrder, orderOf } from './order.ts';
import type { Policy } from './policy.ts';
import { REPORTS_MS } from './judge.ts';
import { because } from './reason.ts';
import { failedOnDestination } from './remains.ts';
import { parseNovaTime, type Instant } from './time.ts';

/** What the inventory of a failed host is taken from. */
export interface Census {
  readonly instances: readonly Instance[];
  readonly groups: readonly ServerGroup[];
  readonly migrations: readonly Migration[];
  readonly facts: InventoryFacts;
}

/**
 * Adds the instances that are on the host and not tracked yet. What Nova is already evacuating is
 * adopted, whoever asked for it: a second POST would be accepted too and might build a second guest.
 */
export function takeInventory(
  evacuation: Evacuation,
  census: Census,
  policy: Policy,
  now: Instant,
): Evacuation {
  const rows = byInstance(census.migrations);
  const added: Record<InstanceId, Tracked> = {};
  for (const instance of census.instances) {
    if (evacuation.instances[instance.id] !== undefined) continue;
    added[instance.id] = {
      name: instance.name,
      projectId: instance.projectId,
      before: {
        vmState: instance.vmState,
        taskState: instance.taskState,
        powerState: instance.powerState,
        locked: instance.locked,
      },
      exclusiveGroup: exclusiveGroupOf(instance, census.groups),
      ...keptOrder(orderOf(instance, policy, census.facts)),
      ...firstSteps(evacuation, instance, rows.get(instance.id) ?? [], census, policy, now),
    };
  }
  return Object.keys(added).length === 0
    ? evacuation
    : { ...evacuation, instances: { ...evacuation.instances, ...added } };
}

type FirstSteps = Pick<Tracked, 'reset' | 'stop' | 'restore' | 'progress'>;

/** Where it begins, and what is remembered to be done about it besides. */
function firstSteps(
  evacuation: Evacuation,
  instance: Instance,
  rows: readonly Migration[],
  census: Census,
  policy: Policy,
  now: Instant,
): FirstSteps {
  const { request } = evacuation.mark;
  const verdict = classify(instance, { ...census, request }, policy);
  const progress = firstProgress(evacuation, verdict, rows, policy, now);
  if (verdict.verdict === 'skip' || progress.at === 'skipped') return { progress };
  const { reset, stop, restore } = verdict;
  return {
    ...(reset === true && progress.at === 'pending' ? { reset } : {}),
    ...(stop === true ? { stop } : {}),
    ...(restore === undefined ? {} : { restore }),
    progress,
  };
}

function firstProgress(
  evacuation: Evacuation,
  verdict: Verdict,
  rows: readonly Migration[],
  policy: Policy,
  now: Instant,
): Progress {
  const open = sinceArrival(rows);
  const inFlight = open.find((row) => ['accepted', 'building'].includes(stageOf(row.status)));
  if (inFlight !== undefined) {
    // Its age by Nova's clock, so that a record orphaned long ago is looked into at once.
    const since = Math.min(now, parseNovaTime(inFlight.createdAt) ?? now);
    return {
      at: 'accepted',
      attempt: 0,
      since,
      after: inFlight.id - 1,
      migration: inFlight.id,
      destination: inFlight.destination,
      looked: 0,
    };
  }
  if (verdict.verdict === 'skip') return { at: 'skipped', why: verdict.why };
  const failed = open.filter(failedOnDestination);
  const [newest] = failed;
  if (newest !== undefined) {
    // Somebody's evacuation failed: followed until it is known that no guest was left there.
    const oldest = Math.min(...failed.map(({ id }) => id));
    return flying({ attempt: 0, after: oldest - 1 }, newest, now, 0);
  }
  const after = rows.reduce((highest, row) => Math.max(highest, row.id), 0);
  // The record was lost, and with it the intents: a request that is still on its way to Nova must
  // have time to show.
  const lostAt = lossOf(evacuation);
  const watchUntil = (lostAt ?? now) + policy.retry.uncertainMs;
  if (lostAt !== null && now < watchUntil) {
    const why = because('NH405', { detail: 'the record of it was lost' });
    return { at: 'pending', attempt: 0, after, notBefore: watchUntil, why };
  }
  if (evacuation.phase === 'evacuating') {
    // Nobody was there when the failed host was counted, so perhaps its nova-compute has built it.
    const why = because('NH427', { host: evacuation.host });
    return { at: 'pending', attempt: 0, after, notBefore: now + REPORTS_MS, why };
  }
  return { at: 'pending', attempt: 0, after, notBefore: now, why: null };
}

/** The records that are no older than the last one that ended well: what was before is over. */
function sinceArrival(rows: readonly Migration[]): readonly Migration[] {
  const last = rows.findIndex(({ status }) => ['arrived', 'completed'].includes(stageOf(status)));
  return last < 0 ? rows : rows.slice(0, last);
}

/** When progress was lost; earlier builds told it only by the origin of the mark. */
export function lossOf({ lostAt, mark }: Evacuation): Instant | null {
  return lostAt ?? (mark.origin === 'rebuilt' ? mark.firstAt : null);
}
