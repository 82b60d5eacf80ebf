import { isActive, tracked } from './evacuation.ts';
import { livenessOfFailed } from './fenced.ts';
import type { Step } from './invariants.ts';

/**
 * A request that was taken for lost is remembered, and repeated only by a later turn, which has seen itself that nobody
 * has begun with it and that every host that may have it in its queue is off.
 */
export function lostBeforeRepeated({ before, observation, decision }: Step): string | null {
  for (const [id, { left }] of tracked(before)) {
    const next = decision.next.instances[id];
    const isToMove = next?.progress.at === 'pending' || next?.progress.at === 'intended';
    if (left !== undefined && isToMove && next.left === undefined)
      return `the request of ${id} that was left is forgotten`;
  }
  for (const action of decision.actions) {
    if (action.do !== 'evacuate') continue;
    const { instance } = action;
    const known = before.instances[instance]?.left;
    if (known === undefined) {
      if (decision.next.instances[instance]?.left === undefined) continue;
      return `${instance} is sent again in the turn that found its request lost`;
    }
    if (known.repeated === true) continue;
    const trace = observation.traces.get(instance);
    if (trace?.kind !== 'known') return `${instance} is sent again without a look at its request`;
    const { building, buildingOn } = trace.value ?? { building: 'none', buildingOn: null };
    if (building !== 'none')
      return `${instance} is sent again although ${buildingOn ?? 'a host'} has begun`;
    const living = known.on.find((host) => livenessOfFailed(host, observation) !== 'dead');
    if (living !== undefined) return `${instance} may be begun by ${living} and is sent again`;
  }
  return null;
}

/** No host is settled, and so may start its nova-compute, while requests may wait in its queue. */
export function queueEmptyBeforeReturn({
  before,
  observation,
  decision: { next },
  policy,
  now,
}: Step): string | null {
  if (!isActive(before) || next.phase !== 'settled') return null;
  if (observation.peers.kind === 'unknown') return 'settled while the other marks are unknown';
  const closedAt = before.phase === 'evacuating' ? before.phaseSince : now;
  for (const peer of observation.peers.value) {
    if (peer.host === before.host || !isActive(peer)) continue;
    const { queuedOn = [], queuedSince = Infinity } = peer;
    if (queuedOn.includes(before.host) || queuedSince <= closedAt + policy.fence.skewMs)
      return `settled while requests of ${peer.host} may wait in its queue`;
  }
  return null;
}
