import type { Millis } from '../domain/time.ts';
import type { Clock } from './ports.ts';

/** The pauses between the looks of a worker at its store. */
export interface Poll {
  /** A look begins: what comes while it is under way may be too late for it. */
  begin(): void;
  /** Until the next look is due or wanted; calls `alive` now and then meanwhile. */
  rest(alive: () => void): Promise<void>;
  /** A look is wanted now. */
  hurry(): void;
}

/** How often a worker that rests shows that it lives: more often than any watchdog asks. */
const LIFE_MS = 10_000;

/** Makes the pauses, each `pollMs` long. */
export function createPoll(clock: Clock, pollMs: Millis): Poll {
  let wanted = new AbortController();
  return {
    begin: () => {
      wanted = new AbortController();
    },
    rest: async (alive) => {
      const { signal } = wanted;
      for (let leftMs = pollMs; leftMs > 0 && !isWanted(signal); leftMs -= LIFE_MS) {
        alive();
        await clock.sleep(Math.min(leftMs, LIFE_MS), signal);
      }
    },
    hurry: () => {
      wanted.abort();
    },
  };
}

// A function, so that the type checker does not take it for a constant.
const isWanted = (signal: AbortSignal): boolean => signal.aborted;
