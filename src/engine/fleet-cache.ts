import type { Fleet } from '../domain/host.ts';
import type { Known } from '../domain/known.ts';
import type { Aggregate } from '../domain/facts.ts';
import type { Millis } from '../domain/time.ts';
import type { Clock, Compute } from './ports.ts';

/** The list of services, read once for all hosts that are at work. */
export interface FleetCache {
  /** The list, not older than `maxAgeMs`; concurrent callers share one request. */
  read(maxAgeMs: Millis): Promise<Known<Fleet>>;
  /** Forgets what was read: our own request has changed it. */
  forget(): void;
  /** All aggregates, not older than a minute unless it is said; who is in which changes rarely. */
  aggregates(maxAgeMs?: Millis): Promise<Known<readonly Aggregate[]>>;
}

/** How old the aggregates may be. */
const AGGREGATES_MS = 60_000;

/** Makes the cache; a failed read is never kept. */
export function createFleetCache(compute: Compute, clock: Clock): FleetCache {
  let last: { readonly fleet: Known<Fleet>; readonly startedMs: Millis } | null = null;
  let pending: { readonly promise: Promise<Known<Fleet>>; readonly startedMs: Millis } | null =
    null;
  /** Grows whenever the list is forgotten; what was asked for before does not count afterwards. */
  let forgotten = 0;
  let known: {
    readonly promise: Promise<Known<readonly Aggregate[]>>;
    readonly startedMs: Millis;
  } | null = null;

  async function load(startedMs: Millis): Promise<Known<Fleet>> {
    const asked = forgotten;
    const fleet = await compute.fleet();
    if (asked !== forgotten) return fleet;
    if (pending?.startedMs === startedMs) pending = null;
    // Its age counts from the moment it was asked for: the answer may be as old as that.
    const isNewest = last === null || last.startedMs <= startedMs;
    if (fleet.kind === 'known' && isNewest) last = { fleet, startedMs };
    return fleet;
  }

  return {
    read(maxAgeMs) {
      const nowMs = clock.monotonicMs();
      if (last !== null && nowMs - last.startedMs <= maxAgeMs) return Promise.resolve(last.fleet);
      // A request under way started in the past: good enough unless the caller wants it newer.
      if (pending !== null && nowMs - pending.startedMs <= maxAgeMs) return pending.promise;
      const promise = load(nowMs);
      pending = { promise, startedMs: nowMs };
      return promise;
    },
    forget() {
      forgotten += 1;
      last = null;
      pending = null;
    },
    aggregates(maxAgeMs = AGGREGATES_MS) {
      const nowMs = clock.monotonicMs();
      if (known !== null && nowMs - known.startedMs <= maxAgeMs) return known.promise;
      const asked = { promise: compute.aggregates(), startedMs: nowMs };
      known = asked;
      return asked.promise.then((found) => {
        // A failed read is never kept.
        if (found.kind === 'unknown' && known === asked) known = null;
        return found;
      });
    },
  };
}
