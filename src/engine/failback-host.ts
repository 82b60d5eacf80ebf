import type { Change } from '../domain/changes.ts';
import type { MoveRequest } from '../domain/drain.ts';
import {
  newEvacuation,
  tracked,
  type Evacuation,
  type Progress,
  type Tracked,
} from '../domain/evacuation.ts';
import { asHost, type EventId, type HostName, type InstanceId } from '../domain/ids.ts';
import type { Instance, ServerGroup } from '../domain/instance.ts';
import { exclusiveGroupOf } from '../domain/classify.ts';
import { known, type Known } from '../domain/known.ts';
import { wholeHost } from '../domain/mark.ts';
import { moveStageOf, type Move } from '../domain/move.ts';
import type { Sighting } from '../domain/observation.ts';
import { keptOrder, orderOf } from '../domain/order.ts';
import { because, type Reason } from '../domain/reason.ts';
import type { Instant } from '../domain/time.ts';
import type { CensusParts, MoveList } from './drain-census.ts';
import { imagesFor, policyOfHost, type HostPolicy } from './drain-policy.ts';
import { moveInstances, type MoveEnd, type MovingParts, type Obstacle } from './move-instances.ts';
import type { MoveLook } from './move-look.ts';

/** An instance that an evacuation moved away, and where it landed. */
export interface Away {
  readonly id: InstanceId;
  readonly landed: HostName;
}

/** What an event moved away. */
export interface AwayList {
  readonly event: EventId;
  readonly away: readonly Away[];
}

const HISTORY_LIMIT = 10_000;

/**
 * The instances that an event of a host has moved away: from its record while that is the event's, else
 * from the history. Null when neither knows of any.
 */
export async function movedAway(
  { store, clock }: Pick<MovingParts, 'store' | 'clock'>,
  host: HostName,
  event: EventId | null,
): Promise<Known<AwayList | null>> {
  const stored = await store.read(host);
  if (stored.kind === 'unknown') return stored;
  const record = stored.value?.evacuation;
  if (record !== undefined && (event === null || record.mark.event === event)) {
    const away = tracked(record).flatMap(([id, { progress }]) =>
      progress.at === 'landed' ? [{ id, landed: progress.destination }] : [],
    );
    if (away.length > 0) return known({ event: record.mark.event, away }, stored.at);
  }
  const history = await store.history({ host, limit: HISTORY_LIMIT });
  if (history.kind === 'unknown') return history;
  const landings = history.value.filter(
    (entry) => entry.what === 'landed' && (event === null || entry.event === event),
  );
  const newest = landings[0];
  if (newest === undefined) return known(null, clock.now());
  const away = new Map<InstanceId, HostName>();
  for (const { event: its, instance, detail } of landings) {
    const landed = /\blanded on ([A-Za-z0-9._-]+)/.exec(detail)?.[1];
    if (its !== newest.event || instance === null || landed === undefined) continue;
    // The newest entry comes first, and counts.
    if (!away.has(instance)) away.set(instance, asHost(landed));
  }
  const list = [...away].map(([id, landed]) => ({ id, landed }));
  return known(list.length === 0 ? null : { event: newest.event, away: list }, history.at);
}

/** Why a host cannot take its instances back now; null: it can. */
export async function checkFailback(
  { compute, store }: Pick<MovingParts, 'compute' | 'store'>,
  host: HostName,
): Promise<Known<Reason | null>> {
  const [fleet, peers] = await Promise.all([compute.fleet(), store.list()]);
  if (fleet.kind === 'unknown') return fleet;
  if (peers.kind === 'unknown') return peers;
  if (!fleet.value.services.has(host)) return known(because('NH103', { host }), fleet.at);
  return known(obstacleTo(host, { fleet, peers })?.why ?? null, fleet.at);
}

function obstacleTo(host: HostName, { fleet, peers }: Pick<MoveLook, 'fleet' | 'peers'>): Obstacle {
  const peer =
    peers.kind === 'known' ? peers.value.find((other) => other.host === host) : undefined;
  if (peer !== undefined && peer.phase !== 'closed') {
    return { for: 'good', why: because('NH611', { host, phase: peer.phase }) };
  }
  if (fleet.kind === 'unknown') {
    return { for: 'now', why: because('NH104', { what: 'Nova', detail: fleet.why }) };
  }
  const service = fleet.value.services.get(host);
  const flaw =
    service === undefined || service.state === 'unknown'
      ? 'Nova does not show its service'
      : service.state === 'down'
        ? 'its nova-compute is down'
        : service.status === 'disabled'
          ? `it is disabled (${service.disabledReason ?? 'no reason given'})`
          : null;
  return flaw === null ? null : { for: 'good', why: because('NH614', { host, detail: flaw }) };
}

/** A failback as it was asked for. */
export interface FailbackOrder {
  readonly host: HostName;
  readonly by: string;
  readonly event: EventId;
  readonly request: MoveRequest;
}

/** The list of what is brought home, where each comes from, and the policy of the host that it is for. */
export interface Homecoming extends MoveList, HostPolicy {
  readonly sources: ReadonlyMap<InstanceId, HostName>;
}

/**
 * Looks up what is to come home: instances that are still where they landed and run. Everything else
 * stays, for one reason; who comes home in a migration already is followed.
 */
export async function planFailback(
  general: CensusParts,
  order: FailbackOrder,
  away: readonly Away[],
): Promise<Known<Homecoming>> {
  const { compute, mover, clock } = general;
  const chosen = await policyOfHost(general, order.host, clock.now());
  if (chosen.kind === 'unknown') return chosen;
  const parts = { ...general, policy: chosen.value.policy };
  const places = [...new Set(away.map(({ landed }) => landed))];
  const [groups, ...lists] = await Promise.all([
    compute.groups(),
    ...places.map(async (place) => {
      const instances = await compute.instancesOn(place);
      return { place, instances, moves: await mover.movesFrom(place) };
    }),
  ]);
  if (groups.kind === 'unknown') return groups;
  const now = clock.now();
  const instances: Record<InstanceId, Tracked> = {};
  const found = new Map<InstanceId, { instance: Instance; moves: readonly Move[] }>();
  for (const { instances: list, moves } of lists) {
    if (list.kind === 'unknown') return list;
    if (moves.kind === 'unknown') return moves;
    for (const instance of list.value) found.set(instance.id, { instance, moves: moves.value });
  }
  const home = away.flatMap(({ id }) => found.get(id)?.instance ?? []);
  const images = await imagesFor(parts, home);
  const rules = { policy: parts.policy, images, now };
  for (const { id, landed } of away) {
    const there = found.get(id);
    if (there?.instance.host === landed) {
      const moves = there.moves.filter((move) => move.instance === id);
      instances[id] = trackedFrom(there.instance, groups.value, order, moves, rules);
      continue;
    }
    const seen = await compute.sighting(id);
    if (seen.kind === 'unknown') return seen;
    instances[id] = { ...UNSEEN, name: id, progress: elsewhere(seen.value, order.host, now) };
  }
  const { host, by, event, request } = order;
  const asked = { ...wholeHost, instances: request.instances, target: host };
  const times = { firstAt: now, at: now, claim: null };
  const mark = { event, by, origin: 'operator', request: asked, ...times } as const;
  const ledger: Evacuation = { ...newEvacuation(host, mark, now), phase: 'evacuating', instances };
  const sources = new Map(away.map(({ id, landed }) => [id, landed]));
  return known({ ledger, sources, instances: home, images, ...chosen.value }, now);
}

const UNSEEN: Omit<Tracked, 'name' | 'progress'> = {
  projectId: '',
  before: { vmState: '', taskState: null, powerState: 0, locked: false },
  exclusiveGroup: null,
};

function elsewhere(seen: Sighting | null, home: HostName, now: Instant): Progress {
  if (seen === null || seen.vmState === 'deleted') return { at: 'gone' };
  if (seen.host === home) {
    return { at: 'landed', destination: home, since: now, restored: 'as-it-was' };
  }
  const detail = seen.host === null ? 'it has no host' : `it is on ${seen.host}`;
  return { at: 'skipped', why: because('NH619', { detail }) };
}

function trackedFrom(
  instance: Instance,
  groups: readonly ServerGroup[],
  { request }: FailbackOrder,
  moves: readonly Move[],
  { policy, images, now }: Pick<Homecoming, 'policy' | 'images'> & { readonly now: Instant },
): Tracked {
  const { id, name, projectId, vmState, taskState, powerState, locked } = instance;
  return {
    name,
    projectId,
    before: { vmState, taskState, powerState, locked },
    exclusiveGroup: exclusiveGroupOf(instance, groups),
    ...keptOrder(orderOf(instance, policy, { images })),
    progress: firstProgress(),
  };

  function firstProgress(): Progress {
    if (request.instances !== null && !request.instances.includes(id)) {
      return { at: 'skipped', why: because('NH308') };
    }
    const newest = moves[0];
    if (newest !== undefined && moveStageOf(newest.status) === 'under-way') {
      const { id: migration, destination } = newest;
      const after = migration - 1;
      return { at: 'accepted', attempt: 0, since: now, after, migration, destination, looked: 0 };
    }
    if (vmState !== 'active') {
      return { at: 'skipped', why: because('NH620', { state: vmState }) };
    }
    return { at: 'pending', attempt: 0, after: newest?.id ?? 0, notBefore: now, why: null };
  }
}

/** Brings the instances home by live migration, within the limits of an evacuation. */
export const failbackHost = (
  parts: MovingParts,
  { host, request }: FailbackOrder,
  { ledger, sources, policy }: Homecoming,
  watch: (ledger: Evacuation, changes: readonly Change[], now: Instant) => void,
): Promise<MoveEnd> =>
  moveInstances(
    { ...parts, policy },
    {
      ledger,
      request,
      sourceOf: (id) => sources.get(id) ?? host,
      ours: new Set(),
      obstacle: (look) => obstacleTo(host, look),
      watch,
    },
  );
