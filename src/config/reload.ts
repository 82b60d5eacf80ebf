import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import { FENCING_ROWS } from './rows-fencing.ts';
import { OPENSTACK_ROWS } from './rows-openstack.ts';
import { STORE_ROWS } from './rows-store.ts';
import { KEYS, rowOf, showValue, type Key, type Settings } from './table.ts';

/** What a running worker makes of a configuration that was read again. */
export interface Reloaded {
  /** What holds from now on: the new values, but the old ones of what needs a restart. */
  readonly config: Config;
  /** What changed, such as `pace.in_flight (24 -> 10)`; values of secrets are left out. */
  readonly taken: readonly string[];
  /** The keys that changed and take effect only after a restart. */
  readonly waiting: readonly Key[];
}

/** Keys that are used when a worker is put together: connections, leases, sources of proofs, the log. */
const AT_START: ReadonlySet<string> = new Set([
  ...Object.keys(OPENSTACK_ROWS),
  ...Object.keys(STORE_ROWS),
  ...Object.keys(FENCING_ROWS),
  // Whoever reads Pacemaker's history is set up with them.
  'fence.proof',
  'fence.skew',
  'worker.lease',
  'worker.poll',
  'log.level',
  'log.format',
]);

/** Whether a key takes effect only when a worker is started. */
export const needsRestart = (key: Key): boolean => AT_START.has(key);

/** Takes over from a new configuration what a running worker can. */
export function reloaded(current: Config, next: Config): Reloaded {
  const changed = KEYS.filter(
    (key) => !isDeepStrictEqual(current.settings[key], next.settings[key]),
  );
  const waiting = changed.filter(needsRestart);
  const old = Object.fromEntries(waiting.map((key) => [key, current.settings[key]]));
  const origins = Object.fromEntries(waiting.map((key) => [key, current.origins[key]]));
  const settings: Settings = Object.freeze({ ...next.settings, ...old });
  return {
    config: Object.freeze({ ...next, settings, origins: { ...next.origins, ...origins } }),
    taken: changed
      .filter((key) => !needsRestart(key))
      .map((key) => changeText(key, current.settings[key], next.settings[key])),
    waiting,
  };
}

/** Longer values are better read in the file. */
const LONGEST = 40;

function changeText(key: Key, before: unknown, after: unknown): string {
  if (rowOf(key).secret) return key;
  const [from, to] = [before, after].map((value) => showValue(key, value) || 'none');
  const tooLong = Math.max(from?.length ?? 0, to?.length ?? 0) > LONGEST;
  return tooLong ? key : `${key} (${from ?? ''} -> ${to ?? ''})`;
}
