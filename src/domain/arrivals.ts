import { tracked, type Evacuation } from './evacuation.ts';
import type { InstanceId } from './ids.ts';
import { stageOf, type Migration } from './migration.ts';

/** Whether a record tells that the instance is on its new host. */
export const isArrival = (row: { readonly status: string }): boolean =>
  ['arrived', 'completed'].includes(stageOf(row.status));

/** An instance that has arrived; `createdAt` is that of its record. */
export interface Arrival {
  readonly createdAt: string;
  /** True when this turn shows it first. */
  readonly fresh: boolean;
}

/** What has arrived and waits for the look at its new host. */
export function arrivals(
  evacuation: Evacuation,
  rows: ReadonlyMap<InstanceId, readonly Migration[]> | null,
): readonly Arrival[] {
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

/** The earliest of Nova's times. */
export const oldest = (times: readonly string[]): string =>
  times.reduce((lowest, time) => (time < lowest ? time : lowest));
