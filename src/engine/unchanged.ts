import type { Expected } from '../domain/action.ts';
import type { HostName } from '../domain/ids.ts';
import type { FleetCache } from './fleet-cache.ts';

/**
 * Looks once more right before a request that would write over what an operator has done meanwhile: Nova
 * has no compare-and-set, and between the look of a turn and its requests lie other looks and a write.
 * Null: it is as it was; else why nothing must be asked for.
 */
export async function changedSince(
  fleet: FleetCache,
  host: HostName,
  expected: Expected,
): Promise<string | null> {
  const list = await fleet.read(0);
  if (list.kind === 'unknown') return `it cannot be looked at (${list.why})`;
  const service = list.value.services.get(host);
  if (service === undefined || service.state === 'unknown') return 'Nova does not show it';
  const isSame =
    service.status === expected.status && service.disabledReason === expected.disabledReason;
  return isSame ? null : 'somebody has changed it meanwhile';
}
