import type { Clock } from '../../src/engine/ports.ts';

/**
 * A clock that jumps to the next sleeper as soon as nothing else is left to do, so that minutes of
 * waiting take no time. For code whose other work is promises only.
 */
export function createIdleClock(startMs = 1_795_000_000_000): Clock & { stop(): void } {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  let stopped = false;
  const pump = (idle: number): void => {
    if (stopped) return;
    if (idle < 4) {
      setImmediate(pump, idle + 1);
      return;
    }
    const next = sleepers.toSorted((a, b) => a.at - b.at)[0];
    if (next !== undefined) {
      now = Math.max(now, next.at);
      next.wake();
    }
    setImmediate(pump, 0);
  };
  setImmediate(pump, 0);
  return {
    now: () => startMs + now,
    monotonicMs: () => now,
    sleep: (lengthMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper = {
          at: now + lengthMs,
          wake: () => {
            sleepers = sleepers.filter((other) => other !== sleeper);
            // A signal outlives thousands of sleeps; none may leave anything with it.
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    stop: () => {
      stopped = true;
    },
  };
}
