import type { Evacuation } from '../domain/evacuation.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { known, type Known, mapKnown, NOT_ASKED } from '../domain/known.ts';
import type { Answer, ActionTrace, Observation, Sighting } from '../domain/observation.ts';
import type { Policy } from '../domain/policy.ts';
import { policyOf } from '../domain/profile.ts';
import { firstQuestions, followUps } from '../domain/questions.ts';
import { reservesToCount, withReserves, type Questions } from '../domain/reserve-questions.ts';
import type { Switchboard } from '../domain/switchboard.ts';
import { needsAggregates } from '../domain/switches.ts';
import { formatInstant, parseNovaTime, type Instant } from '../domain/time.ts';
import type { FleetCache } from './fleet-cache.ts';
import { askImages, askRegion, newcomers } from './observe-facts.ts';
import type { Capacity, Compute, Fencing, Images, Lookout, Store } from './ports.ts';

/** What a look at the world needs. */
export interface ObservingParts {
  readonly compute: Compute;
  readonly fencing: Fencing;
  readonly store: Store;
  readonly fleet: FleetCache;
  readonly images?: Images | undefined;
  readonly policy: Policy;
  readonly lookout?: Lookout;
  /** Where it is missing, nobody looks for room beforehand. */
  readonly capacity?: Capacity | undefined;
}

/**
 * All reads of one turn: the first questions in parallel, then what their answers leave open, and the
 * other hosts last. A read that fails is an unknown in the observation; nothing throws, nothing is guessed.
 */
export async function observe(
  parts: ObservingParts,
  evacuation: Evacuation,
  answers: readonly Answer[],
  now: Instant,
): Promise<Observation> {
  const policy = policyOf(parts.policy, evacuation);
  const questions = withReserves(firstQuestions(evacuation, policy, now), evacuation, policy);
  const first = await askFirst(parts, evacuation, questions, answers);
  const more = followUps(evacuation, first, policy, now);
  const { compute } = parts;
  const { host } = evacuation;
  const counting = countGuests(parts, evacuation);
  const [inventory, groups, region, rooms, failing, migrations, changed, sightings, traces] =
    await Promise.all([
      more.inventory && first.inventory.kind === 'unknown'
        ? compute.instancesOn(host)
        : first.inventory,
      more.groups ? compute.groups() : first.groups,
      more.groups ? askRegion(parts, now) : {},
      more.rooms ? parts.capacity?.rooms() : undefined,
      more.failing ? askFailing(parts) : (first.failing ?? NOT_ASKED),
      more.migrationsAfter === null
        ? first.migrations
        : compute.evacuationsFrom(host, more.migrationsAfter),
      more.changedSince === null ? null : compute.changedSince(backdate(more.changedSince)),
      lookUp(more.sightings, (id) => compute.sighting(id)),
      lookUp(more.traces, (id) => compute.trace(id)),
    ]);
  const seen = new Map(sightings);
  if (changed?.kind === 'known') mergeChanged(seen, changed, evacuation);
  const second = { ...first, inventory, groups, failing, migrations, sightings: seen, traces };
  const free = rooms === undefined ? {} : { rooms };
  const whole = { ...second, ...region, ...free, ...(await counting) };
  const all = await aboutNewcomers(parts, evacuation, whole, now);
  // Last, because the limits in flight hold over all hosts: what others have just sent must be seen,
  // and so must what an operator has just paused.
  const asked = questions.peers && (evacuation.phase !== 'marked' || more.inventory);
  const switching = asked || !questions.peers;
  const [peers, board] = await Promise.all([
    asked ? parts.store.list() : all.peers,
    switching ? parts.store.switchboard() : NOBODY_ASKS,
  ]);
  const switches = mapKnown(board, (whole) => whole.switches);
  const late = all.aggregates === undefined && needsAggregates(switches, now);
  const aggregates = late ? { aggregates: await parts.fleet.aggregates() } : {};
  return { ...all, peers, switches, ...aggregates };
}

/** What decides about instances that are not in the record yet, as far as the policy looks at it. */
async function aboutNewcomers(
  parts: ObservingParts,
  evacuation: Evacuation,
  seen: Observation,
  now: Instant,
): Promise<Observation> {
  const fresh = newcomers(evacuation, seen);
  // Of nobody all is known: a host that lost its last instance must not wait for images of none.
  if (fresh.length === 0) return { ...seen, ...(await askImages(parts, [])) };
  const late = seen.groups.kind === 'unknown' && evacuation.phase === 'evacuating';
  const [groups, region, images] = await Promise.all([
    late ? parts.compute.groups() : seen.groups,
    late ? askRegion(parts, now) : {},
    askImages(parts, fresh),
  ]);
  return { ...seen, groups, ...region, ...images };
}

async function askFirst(
  parts: ObservingParts,
  evacuation: Evacuation,
  questions: Questions,
  answers: readonly Answer[],
): Promise<Observation> {
  const { compute, fencing, fleet } = parts;
  const { host, mark } = evacuation;
  const [services, proof, inventory, migrations, asked, failing] = await Promise.all([
    fleet.read(questions.fleetMaxAgeMs),
    questions.proof ? fencing.proof(host, mark) : NOT_ASKED,
    questions.inventory ? compute.instancesOn(host) : NOT_ASKED,
    questions.migrationsAfter === null
      ? NOT_ASKED
      : compute.evacuationsFrom(host, questions.migrationsAfter),
    questions.aggregates ? fleet.aggregates(questions.aggregatesMaxAgeMs) : null,
    questions.failing ? askFailing(parts) : NOT_ASKED,
  ]);
  return {
    fleet: services,
    proof,
    inventory,
    groups: NOT_ASKED,
    migrations,
    sightings: new Map(),
    traces: new Map(),
    peers: NOT_ASKED,
    answers,
    failing,
    switches: NOT_ASKED,
    ...(asked === null ? {} : { aggregates: asked }),
  };
}

const NOBODY_ASKS: Known<Switchboard> = NOT_ASKED;

async function askFailing(parts: ObservingParts): Promise<Known<readonly HostName[]>> {
  if (parts.lookout === undefined) return NOT_ASKED;
  // Any list of hosts will do for their names.
  const fleet = await parts.fleet.read(FLEET_NAMES_MS);
  return fleet.kind === 'unknown' ? fleet : parts.lookout.failing([...fleet.value.services.keys()]);
}

/** Who is on the reserved hosts that may be given back; usually there is none. */
async function countGuests(
  { compute }: ObservingParts,
  evacuation: Evacuation,
): Promise<Pick<Observation, 'reserveGuests'>> {
  const hosts = reservesToCount(evacuation);
  if (hosts.length === 0) return {};
  const counted = await Promise.all(
    hosts.map(async (host) => {
      const found = await compute.instancesOn(host);
      return [host, mapKnown(found, (list) => list.length)] as const;
    }),
  );
  return { reserveGuests: new Map(counted) };
}

/** How old the list of services may be when only its names are needed. */
const FLEET_NAMES_MS = 60_000;

type Looked<T> = ReadonlyMap<InstanceId, Known<T>>;

async function lookUp<T extends Sighting | ActionTrace | null>(
  ids: readonly InstanceId[],
  look: (id: InstanceId) => Promise<Known<T>>,
): Promise<Looked<T>> {
  const found = await Promise.all(ids.map(async (id) => [id, await look(id)] as const));
  return new Map(found);
}

/** How much Nova's services may disagree about the time, with room to spare. */
const NOVA_SKEW_MS = 60_000;

/** Nova's naive UTC time, some skew earlier: created_at and updated_at come from different machines. */
function backdate(novaTime: string): string {
  const instant = parseNovaTime(novaTime);
  return instant === null ? novaTime : formatInstant(instant - NOVA_SKEW_MS).slice(0, 19);
}

function mergeChanged(
  seen: Map<InstanceId, Known<Sighting | null>>,
  changed: Extract<Known<readonly Sighting[]>, { kind: 'known' }>,
  evacuation: Evacuation,
): void {
  for (const sighting of changed.value) {
    if (evacuation.instances[sighting.id] === undefined || seen.has(sighting.id)) continue;
    seen.set(sighting.id, known(sighting, changed.at));
  }
}
