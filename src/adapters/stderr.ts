import { writeSync } from 'node:fs';

/** Where the lines of a log go. */
export interface LineSink {
  write(line: string): void;
}

/** How long one line waits for a reader that is slow, all in all, and between two tries. */
const PATIENCE_MS = 200;
const PAUSE_MS = 5;

/**
 * Standard error, written at once, so that the last line before a crash is there too. A reader that
 * hangs must not hold up the worker, nor one that went away or a full disk end it: what cannot be
 * written is dropped, and as soon as there is room again `lost` words how many lines it was. A line
 * that was begun is ended first.
 */
export function createStderr(lost: (count: number) => string): LineSink {
  let rest: Buffer = Buffer.alloc(0);
  let dropped = 0;
  return {
    write: (line) => {
      // Who did not read a moment ago is not waited for again.
      const patienceMs = dropped === 0 && rest.length === 0 ? PATIENCE_MS : 0;
      rest = written(rest, patienceMs);
      if (rest.length === 0) {
        const whole = Buffer.from(dropped === 0 ? line : `${lost(dropped)}${line}`);
        const left = written(whole, patienceMs);
        if (left.length < whole.length) {
          rest = left;
          dropped = 0;
          return;
        }
      }
      dropped += 1;
    },
  };
}

/** What is left of it when all was written that could be. */
function written(data: Buffer, patienceMs: number): Buffer {
  let left = data;
  let waitedMs = 0;
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(2, left));
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isFull || waitedMs >= patienceMs) return left;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      waitedMs += PAUSE_MS;
    }
  }
  return left;
}
