import { randomBytes, randomInt } from 'node:crypto';
import { asEvent } from '../domain/ids.ts';
import { formatInstant } from '../domain/time.ts';
import type { Chance, Clock } from '../engine/ports.ts';

// Node's timers turn anything longer into one millisecond.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clocks of this machine. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
    sleep: (lengthMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, Math.min(Math.max(lengthMs, 0), LONGEST_TIMER_MS));
        signal?.addEventListener('abort', done, { once: true });
      }),
  };
}

/** Ids and jitter from the operating system's generator. */
export function createSystemChance(): Chance {
  return {
    event: (now) => {
      const stamp = formatInstant(now).replace(/\.\d+/, '').replace(/[-:]/g, '');
      return asEvent(`${stamp}-${randomBytes(2).toString('hex')}`);
    },
    fraction: () => randomInt(2 ** 40) / 2 ** 40,
  };
}
