import type { Service } from '../domain/host.ts';
import type { HostName } from '../domain/ids.ts';
import { isActive } from '../domain/evacuation.ts';
import { isolate } from '../domain/isolation.ts';
import { mapKnown, type Known } from '../domain/known.ts';
import { applied, refused, type WriteOutcome } from '../domain/outcome.ts';
import type { Policy } from '../domain/policy.ts';
import type { Clock, Compute, Store } from './ports.ts';

/** What isolating a host needs of the world. */
export interface IsolationParts {
  readonly store: Store;
  readonly compute: Compute;
  readonly clock: Clock;
  readonly policy: Policy;
}

/**
 * Isolates a marked host in Nova at once, as the fence agent does before it returns: what the service
 * was before is recorded first, so that only what we imposed is ever lifted. Best effort: the worker
 * does the same in its first turn.
 */
export async function isolateHost(
  parts: IsolationParts,
  host: HostName,
): Promise<WriteOutcome<Service>> {
  const { store, compute, clock, policy } = parts;
  const [stored, fleet] = await Promise.all([store.read(host), compute.fleet()]);
  if (stored.kind === 'unknown') return refused('not-sent', stored.why);
  if (fleet.kind === 'unknown') return refused('not-sent', fleet.why);
  const record = stored.value;
  if (record === null || !isActive(record.evacuation)) {
    return refused('wrong-state', `${host} is not marked`);
  }
  const service = fleet.value.services.get(host);
  if (service === undefined) return refused('not-found', `Nova knows no nova-compute on ${host}`);
  if (service.state === 'unknown')
    return refused('not-sent', `the cell of ${host} cannot be reached`);
  const { isolation, life, actions } = isolate(record.evacuation, service, policy, clock.now());
  const action = actions[0];
  if (action?.do !== 'change-service') return applied(service);
  const written = await store.write(
    { version: record.version, epoch: null },
    { ...record.evacuation, isolation, life },
  );
  if (written.kind !== 'applied') return written;
  return compute.changeService(action.service, action.change);
}

/**
 * Whether nova-compute may start on a host: no evacuation of it is under way. A host without a record
 * is settled too: a healthy one that is being unfenced.
 */
export async function settled(store: Store, host: HostName): Promise<Known<boolean>> {
  const stored = await store.read(host);
  return mapKnown(stored, (record) => record === null || !isActive(record.evacuation));
}
