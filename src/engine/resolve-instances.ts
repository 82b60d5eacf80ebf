import {
  isActive,
  tracked,
  type Evacuation,
  type Progress,
  type Tracked,
} from '../domain/evacuation.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { because, type Reason } from '../domain/reason.ts';
import type { Instant } from '../domain/time.ts';
import { changeRecord, type CommandOutcome } from './change-record.ts';
import type { MarkingParts } from './mark-host.ts';

/** A human's decision about instances that wait for one; null: about all of them. */
export interface Resolution {
  readonly host: HostName;
  readonly by: string;
  readonly instances: readonly InstanceId[] | null;
}

/**
 * Sends stuck and given-up instances once more: the operator vouches that no guest of theirs is left
 * half built on an earlier destination. What Nova has recorded so far no longer counts for them.
 */
export function retryInstances(
  parts: MarkingParts,
  resolution: Resolution,
): Promise<CommandOutcome> {
  return resolve(parts, resolution, 'retried', '', (progress, record, now) => {
    if (progress.at !== 'stuck' && progress.at !== 'failed') return null;
    // Whom somebody gave up on purpose is meant only when he is named.
    const isAbandoned = progress.at === 'failed' && progress.why.code === 'NH413';
    if (isAbandoned && resolution.instances === null) return null;
    const after = progress.at === 'stuck' ? Math.max(progress.after, progress.migration ?? 0) : 0;
    return {
      at: 'pending',
      attempt: 0,
      after: Math.max(after, record.seenMigration),
      notBefore: now,
      why: null,
    };
  });
}

/** Gives instances up that are stuck or still waiting, so that the mark can be done without them. */
export function abandonInstances(
  parts: MarkingParts,
  resolution: Resolution & { readonly reason: string },
): Promise<CommandOutcome> {
  const { host, by, reason } = resolution;
  return resolve(parts, resolution, 'abandoned', `: ${reason}`, (progress, _record, _now, id) => {
    if (progress.at !== 'stuck' && progress.at !== 'pending') return null;
    const why = because('NH413', { by, detail: reason, host, id });
    return { at: 'failed', attempt: progress.attempt, why };
  });
}

type Change = (
  progress: Progress,
  record: Evacuation,
  now: Instant,
  id: InstanceId,
) => Progress | null;

function resolve(
  parts: MarkingParts,
  resolution: Resolution,
  what: string,
  words: string,
  change: Change,
): Promise<CommandOutcome> {
  const { host, by, instances: wanted } = resolution;
  return changeRecord(parts, host, what, `by ${by}${words}`, (record, now) => {
    if (!isActive(record)) return because('NH606', { host, detail: `it is ${record.phase}` });
    const instances: Record<InstanceId, Tracked> = { ...record.instances };
    let changed = 0;
    for (const [id, entry] of tracked(record)) {
      const progress =
        wanted === null || wanted.includes(id) ? change(entry.progress, record, now, id) : null;
      if (progress === null) continue;
      instances[id] = { ...entry, progress };
      changed += 1;
    }
    if (changed === 0) return nothingToDo(record, wanted);
    return { ...record, instances };
  });
}

function nothingToDo(record: Evacuation, wanted: readonly InstanceId[] | null): Reason {
  const { host } = record;
  const stranger = wanted?.find((id) => record.instances[id] === undefined);
  return because('NH606', {
    host,
    detail: stranger === undefined ? 'none is stuck' : `${stranger} is not among its instances`,
  });
}
