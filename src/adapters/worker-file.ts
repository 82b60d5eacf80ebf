import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Millis } from '../domain/time.ts';
import { formatWorkerStatus } from '../domain/worker-status.ts';
import type { Clock } from '../engine/ports.ts';

/** The file in which a worker shows that it is alive. */
export interface WorkerFile {
  started(): void;
  /** A turn was completed. */
  turned(needsHuman: number): void;
  /** The worker has stopped on purpose. */
  remove(): void;
}

// A burst of turns is one sign of life.
const WRITE_EVERY_MS = 5000;

/**
 * Keeps `worker.json` in the run directory up to date (see {@link formatWorkerStatus}); the OCF agent
 * reads it. A directory that cannot be written is said once and never stops the work.
 */
export function createWorkerFile(deps: {
  readonly directory: string;
  readonly clock: Clock;
  readonly pid: number;
  readonly warn: (sentence: string) => void;
}): WorkerFile {
  const { directory, clock, pid } = deps;
  const path = join(directory, 'worker.json');
  const start = { pid, startedAt: clock.now(), startedMonotonicMs: clock.monotonicMs() };
  let writtenMs: Millis = -Infinity;
  let warned = false;
  const write = (status: Parameters<typeof formatWorkerStatus>[0]): void => {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 });
      const temporary = `${path}.${String(pid)}`;
      writeFileSync(temporary, formatWorkerStatus(status), { mode: 0o644 });
      // Renamed into place: a reader never sees half a file.
      renameSync(temporary, path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!warned) deps.warn(`worker.json cannot be written (run_directory ${directory}): ${why}`);
      warned = true;
    }
  };
  return {
    started: () => {
      write({ ...start, lastTurnAt: null, lastTurnMonotonicMs: null, needsHuman: 0 });
    },
    turned: (needsHuman) => {
      const lastTurnMonotonicMs = clock.monotonicMs();
      if (lastTurnMonotonicMs - writtenMs < WRITE_EVERY_MS) return;
      writtenMs = lastTurnMonotonicMs;
      write({ ...start, lastTurnAt: clock.now(), lastTurnMonotonicMs, needsHuman });
    },
    remove: () => {
      rmSync(path, { force: true });
    },
  };
}
