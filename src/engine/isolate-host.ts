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

/** How often a record that a worker is changing is looked at again, and the pause before each look. */
const LOOKS_MAX = 10;
const PAUSE_MS = 200;

/**
 * Isolates a marked host in Nova at once, as the fence agent does before it returns: what the service
 * was before is recorded first, so that only what we imposed is ever lifted. Best effort: the worker
 * does the same in its first turn. Where the two meet, the worker's request is given time to show: a
 * second one would move `updated_at` once more, which looks like a sign of life.
 */
export async function isolateHost(
  parts: IsolationParts,
  host: HostName,
): Promise<WriteOutcome<Service>> {
  let outcome = await tryIsolating(parts, host, false);
  for (let look = 1; look <= LOOKS_MAX && outcome === 'moved'; look += 1) {
    await parts.clock.sleep(PAUSE_MS);
    outcome = await tryIsolating(parts, host, look < LOOKS_MAX);
  }
  return outcome === 'moved'
    ? refused('wrong-state', `a worker keeps changing the record of ${host}`)
    : outcome;
}

/** One try; `moved` when a worker is at it and deserves another look. */
async function tryIsolating(
  { store, compute, clock, policy }: IsolationParts,
  host: HostName,
  leaveToOthers: boolean,
): Promise<WriteOutcome<Service> | 'moved'> {
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
  const now = clock.now();
  const { isolation, life, actions, loss } = isolate(record.evacuation, service, policy, now);
  const action = actions[0];
  if (action?.do !== 'change-service') return applied(service);
  if (leaveToOthers && record.evacuation.isolation !== null) return 'moved';
  const written = await store.write(
    { version: record.version, epoch: null },
    { ...record.evacuation, isolation, life, ...loss },
  );
  if (written.kind === 'refused' && written.refusal.cause === 'wrong-state') return 'moved';
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
