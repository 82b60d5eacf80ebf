import type { Clock } from '../engine/ports.ts';
import type { Millis } from '../domain/time.ts';

/** What became of a piece of work within its time. */
export type Timely<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'late' };

/**
 * Waits for `work`, but not longer than `limitMs`. The work itself goes on; the caller ends the
 * process soon, and everything that it started is harmless when it stops anywhere.
 */
export async function within<T>(
  clock: Clock,
  limitMs: Millis,
  work: Promise<T>,
): Promise<Timely<T>> {
  const done = new AbortController();
  const late = clock
    .sleep(Math.max(0, limitMs), done.signal)
    .then((): Timely<T> => ({ kind: 'late' }));
  const result = work.then((value): Timely<T> => ({ kind: 'done', value }));
  try {
    return await Promise.race([result, late]);
  } finally {
    done.abort();
    result.catch(() => undefined);
  }
}
