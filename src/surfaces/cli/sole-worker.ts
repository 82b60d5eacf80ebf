import { asHost, type WorkerId } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import type { Clock, Store } from '../../engine/ports.ts';

/** Who wants to be the one worker of a store, and how it waits for that. */
export interface SoleWorker {
  readonly store: Store;
  readonly clock: Clock;
  readonly worker: WorkerId;
  readonly leaseMs: Millis;
  readonly signal: AbortSignal;
  /** Called again and again while another worker is at work, or the store does not answer. */
  readonly waiting: (why: string) => void;
}

/** No service of Nova has such a name, so no host's lease is in the way. */
const SOLE = asHost('_nova-ha-worker');

/**
 * Works only while no other daemon works on the same store. A store that is `linearizable` takes any
 * number of workers; on a `single-writer` one the whole store is held by a lease, and a second daemon
 * waits: ending instead would make Pacemaker or systemd start it again and again, and after a crash of
 * the first one nobody would be there. Workers for one host alone (`--only`) need the host's lease only.
 */
export async function workAlone(
  sole: SoleWorker,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { store, clock, worker, leaseMs, signal, waiting } = sole;
  if (store.capability === 'linearizable') {
    await work(signal);
    return;
  }
  while (!isStopped(signal)) {
    const obstacle = await obstacleTo(sole);
    if (obstacle !== null) {
      waiting(obstacle);
      await clock.sleep(leaseMs / 4, signal);
      continue;
    }
    const over = new AbortController();
    const lost = new AbortController();
    const renewing = renew(sole, over.signal, lost);
    try {
      await work(AbortSignal.any([signal, lost.signal]));
    } finally {
      over.abort();
      await renewing;
      await store.release(SOLE, worker);
    }
    if (!isStopped(lost.signal)) return;
  }
}

/** Why this worker must not work now; null: it holds the store, for one length of the lease. */
export async function obstacleTo({
  store,
  worker,
  leaseMs,
}: Pick<SoleWorker, 'store' | 'worker' | 'leaseMs'>): Promise<string | null> {
  if (store.capability === 'linearizable') return null;
  const grant = await store.lease(SOLE, worker, leaseMs);
  if (grant.kind === 'unknown') return `the store does not answer (${grant.why})`;
  return grant.value.kind === 'granted'
    ? null
    : `the worker ${grant.value.by} works on this store, which takes one only`;
}

/** Gives the store back. */
export const yieldStore = ({
  store,
  worker,
}: Pick<SoleWorker, 'store' | 'worker'>): Promise<void> =>
  store.capability === 'linearizable' ? Promise.resolve() : store.release(SOLE, worker);

/** Renews the lease until it is over, or another worker has it: a store that is away is no reason to stop. */
async function renew(
  { store, clock, worker, leaseMs }: SoleWorker,
  over: AbortSignal,
  lost: AbortController,
): Promise<void> {
  for (;;) {
    await clock.sleep(leaseMs / 3, over);
    if (isStopped(over)) return;
    const grant = await store.lease(SOLE, worker, leaseMs);
    if (grant.kind === 'known' && grant.value.kind === 'held') {
      lost.abort();
      return;
    }
  }
}

// A function, so that the type checker does not take an aborted signal for a constant.
const isStopped = (signal: AbortSignal): boolean => signal.aborted;
