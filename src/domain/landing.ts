import type { Tracked } from './evacuation.ts';
import type { HostName } from './ids.ts';
import type { At } from './judge.ts';
import { endsStopped } from './states.ts';
import type { Instant } from './time.ts';

/**
 * On its new host for good: over, unless it runs there and must not. Its lock needs nothing: Nova
 * evacuates, resets, stops and rebuilds locked instances for an administrator, so nobody unlocks them.
 */
export function landing(
  entry: Pick<Tracked, 'before' | 'stop'>,
  where: { readonly host: HostName; readonly vmState: string },
  now: Instant,
  extra: { readonly recreated?: true } = {},
): At<'landed'> | At<'restoring'> {
  const { host: destination, vmState } = where;
  if (endsStopped(entry) && vmState === 'active') {
    return { at: 'restoring', since: now, destination, tries: 0, ...extra };
  }
  const stopped = endsStopped(entry) && vmState === 'stopped' && entry.before.vmState !== 'stopped';
  const restored = stopped ? 'stopped' : 'as-it-was';
  return { at: 'landed', destination, since: now, restored, ...extra };
}
