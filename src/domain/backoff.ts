import type { InstanceId } from './ids.ts';
import type { Policy } from './policy.ts';
import type { Instant, Millis } from './time.ts';

/**
 * The pause before try `attempt + 1`: doubling up to the limit, with a jitter of a quarter that
 * depends on the instance alone (the core has no randomness, and a herd is spread all the same).
 */
export function backoff(instance: InstanceId, attempt: number, policy: Policy): Millis {
  const { backoffMs, backoffMaxMs } = policy.retry;
  const base = Math.min(backoffMaxMs, backoffMs * 2 ** Math.min(20, Math.max(0, attempt - 1)));
  return Math.round(base * (0.75 + 0.5 * fraction(`${instance}/${String(attempt)}`)));
}

/** The pause before an instance that found no room is sent again, spread by a quarter. */
export function capacityPause(instance: InstanceId, now: Instant, policy: Policy): Millis {
  return Math.round(
    policy.retry.capacityMs * (0.75 + 0.5 * fraction(`${instance}@${String(now)}`)),
  );
}

/**
 * The pause before a member of a group is sent again that let another host's go first. Both may have
 * given way: it is another one each time, so that they do not meet for ever.
 */
export function rivalPause(instance: InstanceId, now: Instant, policy: Policy): Millis {
  return Math.round(policy.retry.backoffMs * (0.5 + fraction(`${instance}@${String(now)}`)));
}

/** FNV-1a of a text as a number in [0, 1). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
