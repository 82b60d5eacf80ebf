import type { Instant } from './time.ts';

/**
 * What a read gave us. `unknown` is every answer that we did not get or cannot trust: an API error,
 * a missing row, an empty list from a cell that is down. Unknown never authorises an act.
 */
export type Known<T> =
  | { readonly kind: 'known'; readonly value: T; readonly at: Instant }
  | { readonly kind: 'unknown'; readonly why: string };

/** A value that was read at `at`. */
export const known = <T>(value: T, at: Instant): Known<T> => ({ kind: 'known', value, at });

/** No trustworthy answer; `why` is a sentence fragment for log and status. */
export const unknown = (why: string): { readonly kind: 'unknown'; readonly why: string } => ({
  kind: 'unknown',
  why,
});

/** Nobody needed to know. */
export const NOT_ASKED = unknown('not asked');

/** Applies a function to a known value and passes an unknown on. */
export function mapKnown<T, U>(observed: Known<T>, change: (value: T) => U): Known<U> {
  return observed.kind === 'known' ? known(change(observed.value), observed.at) : observed;
}
