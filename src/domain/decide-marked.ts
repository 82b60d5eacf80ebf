import type { Action } from './action.ts';
import type { Decision } from './decide.ts';
import { isCounted } from './budget.ts';
import { decideEvacuating } from './decide-evacuating.ts';
import type { Evacuation } from './evacuation.ts';
import type { Service } from './host.ts';
import { factsFor, type InventoryFacts } from './facts.ts';
import { provenBy, unproven } from './gates.ts';
import { takeInventory } from './inventory.ts';
import { isLiftedForLong, isolate } from './isolation.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { assignmentOf, policyOf } from './profile.ts';
import { because, type Reason } from './reason.ts';
import { formatMillis, type Instant, type Millis } from './time.ts';

/** The pause between two looks while something is awaited that should come soon. */
const SOON_MS = 1000;
/** The same right after the isolating PUT, whose effect shows at once. */
const AT_ONCE_MS = 20;

/**
 * A host was reported as failed: isolate it at once (that harms nothing and keeps new instances and
 * queued rebuilds away from it), and go on to evacuating when it is proven off, seen down by Nova,
 * and its inventory can be trusted.
 */
export function decideMarked(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Decision {
  const proof = provenBy(evacuation, observation.proof, policy);
  const base: Evacuation = { ...evacuation, proof };
  const wait = (
    next: Evacuation,
    reasons: readonly Reason[],
    actions: readonly Action[] = [],
  ): Decision => ({ next: { ...next, reasons }, actions, wakeAt: now + pause(next, actions, now) });

  const { fleet } = observation;
  if (fleet.kind === 'unknown') {
    return wait(base, [because('NH104', { what: 'the compute services', detail: fleet.why })]);
  }
  const service = fleet.value.services.get(base.host);
  if (service === undefined)
    return wait(excuse(base, policy, now), [because('NH103', { host: base.host })]);
  if (service.state === 'unknown') {
    const detail = 'its cell cannot be reached';
    return wait(excuse(base, policy, now), [because('NH104', { what: base.host, detail })]);
  }
  const { isolation, life, actions, loss } = isolate(base, service, policy, now);
  const isolated: Evacuation = { ...base, isolation, life, ...loss };
  if (!isolation.seen) {
    const next = excuse(isolated, policy, now);
    return wait(next, [notIsolated(next, service, now)], actions);
  }
  const seen: Evacuation = { ...isolated, excused: isLiftedForLong(isolation, policy, now) };
  if (proof === null) return wait(seen, [unproven(seen, observation.proof)], actions);
  const begun = count(seen, service, observation, policy, now);
  if ('code' in begun) return wait(seen, [begun]);
  // The others gave up its share while it waited for long: they see first that it is back.
  if (!isCounted(evacuation, now)) return { next: begun, actions: [], wakeAt: now + SOON_MS };
  return decideEvacuating(begun, observation, policyOf(policy, begun), now);
}

/** Proven off and isolated: its inventory, or what is missing for one that can be trusted. */
function count(
  seen: Evacuation,
  service: Service,
  observation: Observation,
  general: Policy,
  now: Instant,
): Evacuation | Reason {
  const { inventory, groups, migrations } = observation;
  if (inventory.kind === 'unknown') return missing('the instances', inventory.why);
  if (groups.kind === 'unknown') return missing('the server groups', groups.why);
  if (migrations.kind === 'unknown') return missing('the migrations', migrations.why);
  const told = factsFor(seen.host, observation, general);
  if (told.kind === 'unknown') return told.why;
  const { facts } = told;
  const profiled = withProfile(seen, service, facts, general);
  const census = {
    instances: inventory.value,
    groups: groups.value,
    migrations: migrations.value,
    facts,
  };
  const counted = takeInventory(profiled, census, policyOf(general, profiled), now);
  return { ...counted, phase: 'evacuating', phaseSince: now, reasons: [] };
}

/** Writes down which profile applies, so that a change of aggregates does not change it half-way. */
function withProfile(
  seen: Evacuation,
  { zone }: Service,
  { aggregates }: InventoryFacts,
  policy: Policy,
): Evacuation {
  const rule = assignmentOf(policy, { host: seen.host, zone, aggregates });
  return seen.profile === rule?.profile ? seen : { ...seen, profile: rule?.profile };
}

/** Still waiting for Nova to show the isolation, or reported because it takes too long. */
function notIsolated(next: Evacuation, service: Service, now: Instant): Reason {
  const { host } = next;
  if (!next.excused) return because('NH102', { host });
  const detail = service.forcedDown
    ? 'it is forced down but not shown as down'
    : 'it is not forced down';
  return because('NH106', { host, time: formatMillis(now - next.mark.at), detail });
}

const missing = (what: string, detail: string): Reason => because('NH104', { what, detail });

/** After a while a host that cannot be isolated is reported and no longer holds the others back. */
function excuse(evacuation: Evacuation, policy: Policy, now: Instant): Evacuation {
  // A mark may be written down long after the failure; there is something to wait for only since then.
  const since = Math.max(evacuation.mark.at, evacuation.phaseSince);
  const excused = now - since >= policy.fence.patienceMs;
  return excused === evacuation.excused ? evacuation : { ...evacuation, excused };
}

/** Short after the first isolating PUT, growing with every one that did not help. */
function pause(next: Evacuation, actions: readonly Action[], now: Instant): Millis {
  if (actions.length === 0 || next.isolation === null) return SOON_MS;
  return Math.min(SOON_MS, Math.max(AT_ONCE_MS, (now - next.isolation.since) / 2));
}
