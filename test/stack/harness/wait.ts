/**
 * Waiting for conditions of a real system, never for a time.
 */
import { scheduler } from 'node:timers/promises';

/** How long to wait, how often to look, and what for (for the message of a failure). */
export interface Patience {
  readonly what: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits until the condition gives something other than false, null or undefined, and
 * gives that. What the last look threw or gave is part of the error when time is up, so
 * that the condition may simply throw while the system is still on its way.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 60_000, everyMs = 250 }: Patience,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    let seen: string;
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>;
      }
      seen = String(value);
    } catch (error) {
      seen = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() >= end) {
      throw new Error(`not within ${timeoutMs} ms: ${what}; last seen: ${seen}`);
    }
    await scheduler.wait(everyMs);
  }
}
