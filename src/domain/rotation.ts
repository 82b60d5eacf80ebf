import type { Instant } from './time.ts';

/** Another start of the list for every second, so that nobody at its end is forgotten. */
export function rotated<T>(all: readonly T[], now: Instant): readonly T[] {
  const start = Math.floor(now / 1000) % Math.max(1, all.length);
  return [...all.slice(start), ...all.slice(0, start)];
}
