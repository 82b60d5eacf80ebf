import type { Instant, Millis } from './time.ts';

/**
 * What a worker tells whoever supervises it, in a file of its run directory (`worker.json`), rewritten
 * after every completed turn. The age of the last turn is what tells a healthy worker from a hung one;
 * a turn completes also when Nova or the store is away.
 */
export interface WorkerStatus {
  readonly pid: number;
  readonly startedAt: Instant;
  /** For people; null before the first turn. */
  readonly lastTurnAt: Instant | null;
  /** The same on the worker's own monotonic clock, which nobody sets; means nothing by itself. */
  readonly lastTurnMonotonicMs: Millis | null;
  /** That clock when the worker started. */
  readonly startedMonotonicMs: Millis;
  /** How many hosts have an alert that only a human can end. */
  readonly needsHuman: number;
}

const FORMAT = 1;

/** The text of the status file. */
export const formatWorkerStatus = (status: WorkerStatus): string =>
  `${JSON.stringify({ format: FORMAT, ...status })}\n`;

/** Reads a status file; null when it is damaged or of another format. */
export function parseWorkerStatus(text: string): WorkerStatus | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof data !== 'object' || data === null || !('format' in data)) return null;
  if (data.format !== FORMAT) return null;
  const field = (name: string): unknown => Object.entries(data).find(([key]) => key === name)?.[1];
  const count = (name: string): number | null => {
    const value = field(name);
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
  };
  const pid = count('pid');
  const startedAt = count('startedAt');
  const startedMonotonicMs = count('startedMonotonicMs');
  const needsHuman = count('needsHuman');
  if (pid === null || startedAt === null || startedMonotonicMs === null || needsHuman === null) {
    return null;
  }
  return {
    pid,
    startedAt,
    lastTurnAt: count('lastTurnAt'),
    lastTurnMonotonicMs: count('lastTurnMonotonicMs'),
    startedMonotonicMs,
    needsHuman,
  };
}

/**
 * How long ago the worker completed a turn (or started, before its first one). `workerAgeMs` is the age
 * of its process, as the reader sees it: the two processes need not share a clock.
 */
export function turnAgeMs(status: WorkerStatus, workerAgeMs: Millis): Millis {
  const { startedMonotonicMs, lastTurnMonotonicMs } = status;
  return workerAgeMs - ((lastTurnMonotonicMs ?? startedMonotonicMs) - startedMonotonicMs);
}
