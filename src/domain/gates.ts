import { isActive, type Evacuation } from './evacuation.ts';
import type { Fleet, Service } from './host.ts';
import type { HostName } from './ids.ts';
import { isIsolated } from './isolation.ts';
import { type Known, NOT_ASKED } from './known.ts';
import { livenessOf } from './life.ts';
import { covers, type FenceProof } from './mark.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { stormHold } from './storm.ts';
import { holdOf } from './switches.ts';
import type { Summary } from './summary.ts';
import { formatMillis, type Instant } from './time.ts';

/** The best proof that covers the mark: the one we had, the one that came with the mark, or a new one. */
export function provenBy(
  evacuation: Evacuation,
  observed: Known<FenceProof | null>,
  policy: Policy,
): FenceProof | null {
  const candidates = [
    evacuation.proof,
    evacuation.mark.claim,
    observed.kind === 'known' ? observed.value : null,
  ];
  return (
    candidates.find(
      (proof) =>
        proof !== null &&
        policy.fence.proof.includes(proof.source) &&
        covers(proof, evacuation.mark, policy.fence.skewMs),
    ) ?? null
  );
}

/** Why no proof is there, in words. */
export function unproven(evacuation: Evacuation, observed: Known<FenceProof | null>): Reason {
  const detail =
    observed.kind === 'unknown' ? observed.why : 'no source of proof has one that is new enough';
  return because('NH101', { host: evacuation.host, detail });
}

/**
 * Whether a marked host holds the others back: every marked host is isolated before any instance of
 * any of them moves, or a rebuild could be queued for a host that is dead but still looks up.
 */
function notIsolated(peer: Summary, fleet: Fleet, policy: Policy, now: Instant): boolean {
  if (!isActive(peer) || peer.excused) return false;
  const service = fleet.services.get(peer.host);
  if (service !== undefined && service.state !== 'unknown') return !isIsolated(service, policy);
  // Unknown to Nova or in a cell that cannot be reached: it counts for a while, not for ever.
  return now - peer.markedAt < 2 * policy.fence.patienceMs;
}

/** Everything that forbids to send evacuations of this host now; empty when they may go. */
export function gates(
  evacuation: Evacuation,
  service: Service,
  fleet: Fleet,
  observation: Observation,
  policy: Policy,
  now: Instant,
): readonly Reason[] {
  const { host, proof, isolation } = evacuation;
  if (proof === null) return [unproven(evacuation, observation.proof)];
  const liveness = livenessOf(evacuation.life, service, policy);
  if (liveness === 'alive') return [because('NH202', { host })];
  if (liveness === 'doubtful') {
    return [
      because('NH107', { detail: `the service record of ${host} has changed; looking again` }),
    ];
  }
  if (isolation?.seen !== true || service.state !== 'down') return [because('NH102', { host })];
  if (observation.peers.kind === 'unknown') {
    return [because('NH104', { what: 'the other marks', detail: observation.peers.why })];
  }
  const peers = observation.peers.value;
  const open = peers.find((peer) => peer.host !== host && notIsolated(peer, fleet, policy, now));
  if (open !== undefined) return [because('NH105', { host: open.host })];
  const coming = stillFailing(evacuation, observation, policy, now);
  if (coming !== null) return [because('NH112', { hosts: coming.join(', ') })];
  const switched = holdOf(host, observation.switches, observation.aggregates ?? NOT_ASKED, now);
  if (switched.send.length > 0) return switched.send;
  const storm = stormHold(evacuation, fleet, peers, observation, policy, now);
  if (storm !== null) return [storm];
  if (policy.fence.delayMs > 0 && now < proof.at + policy.fence.delayMs) {
    return [because('NH108', { time: formatMillis(policy.fence.delayMs) })];
  }
  const word = proof.source === 'operator' && isolation.wasUp;
  if (word && now < isolation.since + policy.fence.watchMs) {
    return [because('NH110', { host, time: formatMillis(policy.fence.watchMs) })];
  }
  return controlPlaneGate(fleet);
}

/**
 * Hosts that are being fenced and not marked yet, before the first instance of this one moves: their
 * marks are seconds away, and nothing may be rebuilt on them. Not for ever: a fencing may never end.
 */
function stillFailing(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): readonly HostName[] | null {
  const { failing, peers } = observation;
  if (failing?.kind !== 'known' || now - evacuation.mark.at >= 2 * policy.fence.patienceMs)
    return null;
  const marked = new Set(
    peers.kind === 'known' ? peers.value.filter(isActive).map(({ host }) => host) : [],
  );
  const coming = failing.value.filter((host) => host !== evacuation.host && !marked.has(host));
  return coming.length === 0 ? null : coming;
}

/** Without a scheduler or a conductor every request would be lost in a queue. */
export function controlPlaneGate(fleet: Fleet): readonly Reason[] {
  if (fleet.schedulersUp === 0) return [because('NH107', { detail: 'no nova-scheduler is up' })];
  if (fleet.conductorsUp === 0) return [because('NH107', { detail: 'no nova-conductor is up' })];
  return [];
}
