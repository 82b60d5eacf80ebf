import { asHost, asWorker, type HostName, type WorkerId } from '../domain/ids.ts';
import type { Known } from '../domain/known.ts';
import { known } from '../domain/known.ts';
import type { Millis } from '../domain/time.ts';
import type { Clock, Store } from './ports.ts';

const LEASE_MS = 15_000;

/** The right to be the one who moves instances of a host by plan. */
export interface MoveLease {
  /** Aborted when another one has it. */
  readonly lost: AbortSignal;
  readonly release: () => Promise<void>;
}

/**
 * Keeps two drains of one host apart, so that the limits hold once and not twice; against doubled
 * migrations Nova itself stands. It is no lease on the host: an evacuation never waits for a drain. A
 * store for a single worker has no lease to spare (its worker's would be taken), so there is none.
 * Waits for as long as a killed run's lease may last; null: somebody else is at work.
 */
export async function leaseMoves(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  host: HostName,
  who: string,
  waiting: (by: WorkerId) => void,
): Promise<Known<MoveLease | { readonly heldBy: WorkerId }>> {
  const over = new AbortController();
  const lost = new AbortController();
  if (store.capability !== 'linearizable') return known(leaseOf(over, lost, nothing), clock.now());
  const key = asHost(`_moves-${host}`);
  const worker = asWorker(`moves-${who}`);
  const until = clock.monotonicMs() + LEASE_MS + 2000;
  let told = false;
  for (;;) {
    const grant = await store.lease(key, worker, LEASE_MS);
    if (grant.kind === 'unknown') return grant;
    if (grant.value.kind === 'granted') break;
    if (clock.monotonicMs() >= until) return known({ heldBy: grant.value.by }, grant.at);
    if (!told) waiting(grant.value.by);
    told = true;
    await clock.sleep(1000);
  }
  const renewing = renew(async (lengthMs) => {
    await clock.sleep(lengthMs, over.signal);
    if (over.signal.aborted) return false;
    const grant = await store.lease(key, worker, LEASE_MS);
    if (grant.kind === 'known' && grant.value.kind === 'held') lost.abort();
    return !lost.signal.aborted;
  });
  return known(
    leaseOf(over, lost, async () => {
      await renewing;
      await store.release(key, worker);
    }),
    clock.now(),
  );
}

const nothing = (): Promise<void> => Promise.resolve();

const leaseOf = (
  over: AbortController,
  lost: AbortController,
  end: () => Promise<void>,
): MoveLease => ({
  lost: lost.signal,
  release: async () => {
    over.abort();
    await end();
  },
});

async function renew(once: (lengthMs: Millis) => Promise<boolean>): Promise<void> {
  let goesOn = true;
  while (goesOn) goesOn = await once(LEASE_MS / 3);
}
