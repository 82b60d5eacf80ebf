import type { WorkerId } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { Clock } from '../../engine/ports.ts';
import type { NodeAttributes } from './pacemaker-ports.ts';

/** The private node attribute by which a worker shows that it works on this cluster. */
export const CLAIM = 'nova-ha-worker';

const RENEW_MS = 5000;
const STALE_MS = 60_000;

/**
 * The guard against a second worker on another machine. That there is one worker is Pacemaker's
 * business (the resource runs once, after its last controller was fenced); this catches the operator
 * who starts another by hand. A claim goes with its controller, and is stale when not renewed.
 */
export interface WorkerClaim {
  /** Null when this worker may work; else who else does. Asks the cluster every few seconds at most. */
  hold(worker: WorkerId): Promise<Known<WorkerId | null>>;
  drop(worker: WorkerId): Promise<void>;
}

interface Claim {
  readonly worker: WorkerId;
  readonly sinceMs: number;
  readonly renewedMs: number;
}

/** The guard over node attributes; refuses (unknown) on a machine without quorum. */
export function createWorkerClaim(deps: {
  readonly attributes: NodeAttributes;
  readonly clock: Clock;
}): WorkerClaim {
  const { attributes, clock } = deps;
  let last: { readonly worker: WorkerId; readonly at: number; readonly since: number } | null =
    null;

  const renew = async (worker: WorkerId): Promise<Known<WorkerId | null>> => {
    const [here, claims] = await Promise.all([attributes.here(), attributes.all(CLAIM)]);
    if (here.kind === 'unknown') return here;
    if (claims.kind === 'unknown') return claims;
    if (!here.value.quorum) {
      return unknown(`${here.value.node} is in a part of the cluster without quorum`);
    }
    const now = clock.now();
    const since = last?.worker === worker ? last.since : now;
    for (const [node, text] of claims.value) {
      const claim = readClaim(text);
      // Two workers on one machine are kept apart by the leases of its file store.
      if (node === here.value.node || claim === null) continue;
      if (Math.abs(now - claim.renewedMs) > STALE_MS || claim.worker === worker) continue;
      if (last?.worker === worker && isOlder({ worker, sinceMs: since }, claim)) continue;
      return known(claim.worker, now);
    }
    const outcome = await attributes.set(
      CLAIM,
      writeClaim({ worker, sinceMs: since, renewedMs: now }),
    );
    if (outcome.kind !== 'applied') {
      return unknown(outcome.kind === 'refused' ? outcome.refusal.message : outcome.why);
    }
    last = { worker, at: clock.monotonicMs(), since };
    return known(null, now);
  };

  return {
    hold: (worker) => {
      const fresh = last?.worker === worker && clock.monotonicMs() - last.at < RENEW_MS;
      return fresh ? Promise.resolve(known(null, clock.now())) : renew(worker);
    },
    drop: async (worker) => {
      if (last?.worker !== worker) return;
      last = null;
      await attributes.set(CLAIM, '');
    },
  };
}

// Two that started at the same moment see each other: the one that was first stays, by both clocks.
const isOlder = (mine: Pick<Claim, 'worker' | 'sinceMs'>, other: Claim): boolean =>
  mine.sinceMs < other.sinceMs || (mine.sinceMs === other.sinceMs && mine.worker < other.worker);

const writeClaim = ({ worker, sinceMs, renewedMs }: Claim): string =>
  `${worker}@${String(sinceMs)}@${String(renewedMs)}`;

function readClaim(text: string): Claim | null {
  const match = /^(.+)@(\d+)@(\d+)$/.exec(text);
  return match === null
    ? null
    : { worker: match[1] as WorkerId, sinceMs: Number(match[2]), renewedMs: Number(match[3]) };
}
