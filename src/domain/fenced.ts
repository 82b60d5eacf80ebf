import { isFailed } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName } from './ids.ts';
import type { Liveness } from './life.ts';
import type { Known } from './known.ts';
import type { Summary } from './summary.ts';
import type { Instant } from './time.ts';

/** What the failed hosts are judged by: their records, and Nova's own list. */
export interface FailedHosts {
  readonly peers: Known<readonly Summary[]>;
  readonly fleet: Known<Fleet>;
}

/**
 * Whether a host is proven off and stays so. One that gives signs of life takes up the rebuilds that
 * waited for it; its record tells of them, and a list that is younger than its record even sooner.
 */
export function livenessOfFailed(host: HostName, { peers, fleet }: FailedHosts): Liveness {
  if (peers.kind === 'unknown') return 'doubtful';
  const peer = peers.value.find((one) => one.host === host);
  if (peer === undefined || !isFailed(peer) || peer.lives === true) return 'alive';
  if (peer.provenAt === null || fleet.kind === 'unknown') return 'doubtful';
  const service = fleet.value.services.get(host);
  if (service === undefined || service.state !== 'down') return 'doubtful';
  // A record of an older release does not say what was seen of its service.
  return peer.lastSign === undefined || peer.lastSign === service.updatedAt ? 'dead' : 'doubtful';
}

/** The hosts that are proven off now, with the instants of the proofs. */
export function fencedHosts(failed: FailedHosts): ReadonlyMap<HostName, Instant> {
  const fenced = new Map<HostName, Instant>();
  if (failed.peers.kind === 'unknown') return fenced;
  for (const { host, provenAt } of failed.peers.value)
    if (provenAt !== null && livenessOfFailed(host, failed) === 'dead') fenced.set(host, provenAt);
  return fenced;
}
