import { isTerminal, tracked, type Evacuation } from './evacuation.ts';
import type { InstanceId } from './ids.ts';
import { stageOf, type Migration } from './migration.ts';
import type { Policy } from './policy.ts';
import { sequenceOf } from './sequence.ts';
import type { Instant } from './time.ts';

/** A migration that has ended well, and whose instance waits for the look at its new host. */
export interface Arrival {
  readonly createdAt: string;
  /** True when this turn shows it first. */
  readonly fresh: boolean;
}

/** The migrations of each instance; null: not known. */
export type Rows = ReadonlyMap<InstanceId, readonly Migration[]> | null;

/** Whether a migration says that its instance is on its new host. */
export const isArrival = (row: { readonly status: string }): boolean =>
  ['arrived', 'completed'].includes(stageOf(row.status));

/** What has arrived and waits for the look at its new host. */
export function arrivals(evacuation: Evacuation, rows: Rows): readonly Arrival[] {
  const found: Arrival[] = [];
  for (const [id, { progress }] of tracked(evacuation)) {
    if (progress.at === 'arrived') found.push({ createdAt: progress.createdAt, fresh: false });
    else if ('after' in progress) {
      const row = rows?.get(id)?.find((one) => one.id > progress.after && isArrival(one));
      if (row !== undefined) found.push({ createdAt: row.createdAt, fresh: true });
    }
  }
  return found;
}

/**
 * Whether the next order group waits for nothing but that look: then it is due, although others are
 * still to be sent. Else each group would cost the pause after which arrived instances are looked at.
 */
export function holdGroupsUp(evacuation: Evacuation, policy: Policy, now: Instant): boolean {
  const { waits, isOpen } = sequenceOf(evacuation, policy, now);
  if (waits === null) return false;
  const before = tracked(evacuation)
    .filter(([, entry]) => (entry.order?.group ?? null) !== null && isOpen(entry))
    .map(([, { progress }]) => progress)
    .filter((progress) => !isTerminal(progress) && progress.at !== 'stuck');
  return before.length > 0 && before.every(({ at }) => at === 'arrived');
}

/** The earliest of Nova's times. */
export const oldest = (times: readonly string[]): string =>
  times.reduce((lowest, time) => (time < lowest ? time : lowest));
