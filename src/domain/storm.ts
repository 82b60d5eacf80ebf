import { isActive } from './evacuation.ts';
import type { Fleet } from './host.ts';
import { parseDisabledReason } from './mark.ts';
import type { Policy } from './policy.ts';
import type { Summary } from './summary.ts';

/** How many hosts are marked, of how many, and how many may be. */
export interface Storm {
  readonly marked: number;
  readonly total: number;
  readonly limit: number;
}

/**
 * Whether too many hosts failed at once to believe it: clock skew, RabbitMQ or conductor trouble
 * make all computes look down together. Null while the thresholds hold. Hosts that an operator
 * disabled and that are down count in neither numerator nor denominator, nor do marks under names
 * that Nova does not know.
 */
export function stormOf(fleet: Fleet, peers: readonly Summary[], policy: Policy): Storm | null {
  const marked = peers.filter((peer) => isActive(peer) && fleet.services.has(peer.host)).length;
  let total = 0;
  for (const service of fleet.services.values()) {
    const parked =
      service.state === 'down' &&
      service.status === 'disabled' &&
      parseDisabledReason(service.disabledReason) === null;
    if (!parked) total += 1;
  }
  const byShare = Math.max(1, Math.floor(policy.storm.maxShare * total));
  const limit = Math.min(policy.storm.maxHosts, byShare);
  return marked > limit ? { marked, total, limit } : null;
}
