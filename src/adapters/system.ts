import { randomBytes, randomInt } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { asEvent } from '../domain/ids.ts';
import { formatInstant } from '../domain/time.ts';
import type { Chance, Clock } from '../engine/ports.ts';

// Node's timers turn anything longer into one millisecond.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The share of the passing time by which a wall clock that was set is followed. */
const SLEW = 0.1;

/**
 * The wall clock without its jumps: it goes on with the monotonic clock and follows a wall clock that
 * was set (NTP, an operator) by a tenth of the passing time. Waiting times that are kept as instants
 * in the store stay true when somebody turns the clock by an hour.
 */
export function createSteadyWall(parts: {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}): () => number {
  let lastMs = parts.monotonicMs();
  let nowMs = parts.wallMs();
  return () => {
    const monotonicMs = parts.monotonicMs();
    const passedMs = monotonicMs - lastMs;
    lastMs = monotonicMs;
    nowMs += passedMs;
    const errorMs = parts.wallMs() - nowMs;
    const followMs = SLEW * passedMs;
    nowMs += Math.max(-followMs, Math.min(followMs, errorMs));
    return Math.round(nowMs);
  };
}

/**
 * Time that has passed, counting a suspended machine too: where the wall clock went further than the
 * monotonic one, the wall clock is believed. A lease may so seem older than it is, never younger.
 */
export function createElapsed(parts: {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}): () => number {
  let lastMs = parts.monotonicMs();
  let lastWallMs = parts.wallMs();
  let elapsedMs = 0;
  return () => {
    const nowMs = parts.monotonicMs();
    const wallMs = parts.wallMs();
    const leapMs = wallMs - lastWallMs > nowMs - lastMs + LEAP_MS ? wallMs - lastWallMs : 0;
    elapsedMs += Math.max(nowMs - lastMs, leapMs);
    lastMs = nowMs;
    lastWallMs = wallMs;
    return elapsedMs;
  };
}

/** By how much the wall clock must run ahead before it counts: below that it is the rate of NTP. */
const LEAP_MS = 1000;

const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** The clocks of this machine. */
export function createSystemClock(): Clock {
  return {
    now: createSteadyWall({ wallMs: () => Date.now(), monotonicMs }),
    monotonicMs: createElapsed({ wallMs: () => Date.now(), monotonicMs }),
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

/**
 * Leaves V8's optimizing compiler out, from now on. A worker sleeps nearly always, and most of what it
 * does when it is awake is parsing by native code: optimizing it costs a fifth of its whole CPU time
 * and never pays (measured with `npm run bench`).
 */
export function compileLightly(): void {
  setFlagsFromString('--no-opt');
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
