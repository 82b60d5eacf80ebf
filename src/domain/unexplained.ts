import type { Progress } from './evacuation.ts';
import { TRACE_EVERY_MS } from './flight.ts';
import { stageOf, type Migration } from './migration.ts';
import type { Policy } from './policy.ts';
import { failedOnDestination } from './remains.ts';
import type { Instant, Millis } from './time.ts';

/** By then a destination that lives has told of what its build failed. */
const TOLD_MS: Millis = 120_000;

/**
 * Whether its trace must be read, since it failed on a destination and nothing is decided about that. The
 * destination tells within moments, unless it died; after a while it is asked rarely, for it may never tell.
 */
export function isUnexplained(
  progress: Progress,
  mine: readonly Migration[],
  { pace }: Policy,
  now: Instant,
): boolean {
  const isOver = mine.every((row) => stageOf(row.status) === 'failed');
  if (!isOver || !mine.some(failedOnDestination)) return false;
  if (progress.at !== 'accepted')
    return progress.at === 'intended' || (progress.at === 'stuck' && progress.why.code === 'NH406');
  const { since, looked } = progress;
  return now - looked >= (now - since < TOLD_MS ? pace.pollMaxMs / 2 : TRACE_EVERY_MS);
}
