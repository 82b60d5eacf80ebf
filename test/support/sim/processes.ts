import type { Clock } from '../../../src/engine/ports.ts';
import type { VirtualClock } from '../../../src/simulator/clock.ts';

/** A simulated process: it can be killed (nothing reaches it any more) and paused (all waits). */
export interface SimProcess {
  readonly name: string;
  readonly alive: () => boolean;
  kill(): void;
  pause(): void;
  resume(): void;
  /** Lets a result reach the process: later while it is paused, never once it is dead. */
  deliver(fn: () => void): void;
  /** Runs `work` now (its effect is out in the world) and delivers its value after `delayMs`. */
  later<T>(delayMs: number, work: () => T): Promise<T>;
  /** The time as this process sees it; its wall clock is off by a constant. */
  readonly clock: Clock;
}

/** Makes a process on the virtual clock; `offsetMs` is the error of its wall clock. */
export function createProcess(clock: VirtualClock, name: string, offsetMs: number): SimProcess {
  let alive = true;
  let paused = false;
  let waiting: (() => void)[] = [];
  const startMs = clock.now();

  const deliver = (fn: () => void): void => {
    if (!alive) return;
    if (paused) waiting.push(fn);
    else fn();
  };
  const after = <T>(delayMs: number, value: () => T): Promise<T> =>
    new Promise((resolve) => {
      clock.at(clock.now() + delayMs, () => {
        const result = value();
        deliver(() => {
          resolve(result);
        });
      });
    });

  return {
    name,
    alive: () => alive,
    kill: () => {
      alive = false;
      waiting = [];
    },
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      const due = waiting;
      waiting = [];
      for (const fn of due) deliver(fn);
    },
    deliver,
    later: (delayMs, work) => {
      const value = work();
      return after(delayMs, () => value);
    },
    clock: {
      now: () => clock.now() + offsetMs,
      monotonicMs: () => clock.now() - startMs,
      sleep: (lengthMs, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) {
            resolve();
            return;
          }
          const end = (): void => {
            cancel();
            signal?.removeEventListener('abort', end);
            deliver(resolve);
          };
          const cancel = clock.at(clock.now() + Math.max(0, lengthMs), end);
          signal?.addEventListener('abort', end);
        }),
    },
  };
}
