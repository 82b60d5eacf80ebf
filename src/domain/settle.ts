import {
  isActive,
  isInFlight,
  isTerminal,
  tracked,
  type Evacuation,
  type Tracked,
} from './evacuation.ts';
import { factsFor } from './facts.ts';
import type { Service } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { Instance } from './instance.ts';
import { takeInventory } from './inventory.ts';
import { livenessOf } from './life.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { isEvacuable } from './states.ts';
import type { Summary } from './summary.ts';
import type { Instant } from './time.ts';

/** Instances that appeared on the host after the first inventory are taken up too. */
export function recount(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Evacuation {
  const { inventory, groups, migrations } = observation;
  if (inventory.kind === 'unknown' || migrations.kind === 'unknown') return evacuation;
  const told = factsFor(evacuation.host, observation, policy);
  // Who is new waits until all is known that decides about him; meanwhile the host cannot settle.
  if (groups.kind === 'unknown' || told.kind === 'unknown')
    return contradicted(evacuation, inventory.value, now);
  const census = {
    instances: inventory.value,
    groups: groups.value,
    migrations: migrations.value,
    facts: told.facts,
  };
  return contradicted(takeInventory(evacuation, census, policy, now), inventory.value, now);
}

/** How long a look at the source may lag behind a landing before they contradict each other. */
const LAG_MS = 60_000;

/** What landed, but is shown on the source all the same, needs a human; nothing is sent again. */
function contradicted(
  evacuation: Evacuation,
  onSource: readonly Instance[],
  now: Instant,
): Evacuation {
  const { host } = evacuation;
  const instances: Record<InstanceId, Tracked> = { ...evacuation.instances };
  let changed = false;
  for (const { id } of onSource) {
    const entry = instances[id];
    if (entry?.progress.at !== 'landed' || now - entry.progress.since < LAG_MS) continue;
    const { destination } = entry.progress;
    const why = because('NH412', { status: 'done', host, id });
    const stuck = { at: 'stuck', attempt: 1, since: now, after: 0, migration: null } as const;
    instances[id] = { ...entry, progress: { ...stuck, destination, why } };
    changed = true;
  }
  return changed ? { ...evacuation, instances } : evacuation;
}

/**
 * The host came back to life before all was sent: what was not sent stays there. Healthy guests are
 * never evacuated from a living host; what is in flight is followed to its end first.
 */
export function leaveOnReturnedHost(
  evacuation: Evacuation,
  service: Service,
  policy: Policy,
): Evacuation {
  if (livenessOf(evacuation.life, service, policy) !== 'alive') return evacuation;
  const entries = tracked(evacuation);
  const isAsked = ({ progress }: Tracked): boolean =>
    isInFlight(progress) || progress.at === 'resetting';
  if (entries.some(([, entry]) => isAsked(entry))) return evacuation;
  const instances: Record<InstanceId, Tracked> = {};
  for (const [id, entry] of entries) {
    instances[id] =
      entry.progress.at === 'pending'
        ? { ...entry, progress: { at: 'skipped', why: leftBehind(id, entry) } }
        : entry;
  }
  return { ...evacuation, instances };
}

/** Why it stays; what was reset already is shown as broken although nothing is wrong with it. */
function leftBehind(id: InstanceId, entry: Tracked): Reason {
  const { vmState: state } = entry.before;
  const wasReset = !isEvacuable(state) && entry.reset !== true;
  return wasReset ? because('NH426', { id, state }) : because('NH307', { id });
}

/** All terminal, and the host itself, looked at in this very turn, shows nobody who should have left. */
export function maySettle(evacuation: Evacuation, observation: Observation): boolean {
  if (observation.inventory.kind === 'unknown') return false;
  if (!tracked(evacuation).every(([, { progress }]) => isTerminal(progress))) return false;
  return observation.inventory.value.every((instance) => {
    const at = evacuation.instances[instance.id]?.progress.at;
    return at === 'skipped' || at === 'failed';
  });
}

/**
 * The hosts of which requests may wait in the queue of this one. Settled, its nova-compute may start, and
 * would begin with them in the very moment in which they are sent again. What is sent after it was seen
 * isolated goes elsewhere.
 */
export function askersOf(
  { host, phaseSince }: Evacuation,
  peers: readonly Summary[],
  { fence }: Policy,
): readonly HostName[] {
  return peers
    .filter(
      (peer) =>
        peer.host !== host &&
        isActive(peer) &&
        (peer.queuedOn?.includes(host) === true ||
          (peer.queuedSince ?? Infinity) <= phaseSince + fence.skewMs),
    )
    .map((peer) => peer.host);
}

/** Why a host with nothing left to evacuate is not settled all the same; null: it is. */
export function unsettled(
  evacuation: Evacuation,
  { peers }: Observation,
  policy: Policy,
): Reason | null {
  if (peers.kind === 'unknown')
    return because('NH104', { what: 'the other marks', detail: peers.why });
  const askers = askersOf(evacuation, peers.value, policy);
  return askers.length === 0 ? null : because('NH113', { hosts: askers.join(', ') });
}

/** Why nothing more is to be done and the mark stands all the same: Nova contradicts itself. */
export function lingering(evacuation: Evacuation, observation: Observation): readonly Reason[] {
  if (observation.inventory.kind === 'unknown') return [];
  if (!tracked(evacuation).every(([, { progress }]) => isTerminal(progress))) return [];
  const { host } = evacuation;
  return observation.inventory.value
    .filter(({ id }) => evacuation.instances[id]?.progress.at === 'gone')
    .slice(0, 1)
    .map(({ id }) => {
      const what = `instance ${id}`;
      const detail = `asked for it Nova says that there is none, and lists it on ${host}`;
      return because('NH104', { what, detail });
    });
}
