import { tracked, isTerminal, type Evacuation } from '../domain/evacuation.ts';
import type { Fleet } from '../domain/host.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { Instance } from '../domain/instance.ts';
import { known, mapKnown, unknown, type Known } from '../domain/known.ts';
import { movesByInstance, moveStageOf, type Move } from '../domain/move.ts';
import type { Sighting } from '../domain/observation.ts';
import type { Reason } from '../domain/reason.ts';
import type { Summary } from '../domain/summary.ts';
import { holdOf, needsAggregates } from '../domain/switches.ts';
import type { Instant } from '../domain/time.ts';
import type { Compute, Mover, Store } from './ports.ts';

/** Who is asked. */
export interface LookParts {
  readonly compute: Compute;
  readonly mover: Mover;
  readonly store: Store;
}

/** Everything that one look at the moves showed. */
export interface MoveLook {
  readonly fleet: Known<Fleet>;
  readonly peers: Known<readonly Summary[]>;
  /** What operators switched off for this host; a host under maintenance may be emptied all the same. */
  readonly paused: Reason | null;
  rowsOf(id: InstanceId): Known<readonly Move[]>;
  seenOf(id: InstanceId): Known<Sighting | null>;
  failureOf(id: InstanceId): Known<string | null>;
}

/** What is not over for an instance. */
export const openMoves = (ledger: Evacuation): readonly InstanceId[] =>
  tracked(ledger)
    .filter(([, { progress }]) => !isTerminal(progress) && progress.at !== 'stuck')
    .map(([id]) => id);

/**
 * Looks at everything that decides about the open moves: services and records, and for each host that
 * instances leave its list of instances and its migrations. Only what the list does not show is looked
 * up one by one, and the log of actions only where a record ended badly.
 */
export async function lookAtMoves(
  parts: LookParts,
  ledger: Evacuation,
  sourceOf: (id: InstanceId) => HostName,
  now: Instant,
): Promise<MoveLook> {
  const { compute, mover, store } = parts;
  const open = openMoves(ledger);
  const sources = [...new Set(open.map(sourceOf))];
  const [fleet, peers, paused, ...pairs] = await Promise.all([
    compute.fleet(),
    store.list(),
    pauseOf(parts, ledger.host, now),
    ...sources.map(async (host) => {
      // The list first: what moves while we look is then seen here and gone, not moved and still here.
      const here = await compute.instancesOn(host);
      return [host, here, mapKnown(await mover.movesFrom(host), movesByInstance)] as const;
    }),
  ]);
  const lists = new Map(pairs.map(([host, here]) => [host, byId(here)]));
  const rows = new Map(pairs.map(([host, , moves]) => [host, moves]));
  const rowsOf = (id: InstanceId): Known<readonly Move[]> => {
    const mine = rows.get(sourceOf(id));
    return mine === undefined
      ? unknown('its migrations were not looked at')
      : mapKnown(mine, (groups) => groups.get(id) ?? []);
  };
  const sightings = new Map<InstanceId, Known<Sighting | null>>();
  const failures = new Map<InstanceId, Known<string | null>>();
  await Promise.all(
    open.map(async (id) => {
      const list = lists.get(sourceOf(id));
      if (list === undefined || list.kind === 'unknown') return;
      const here = list.value.get(id);
      sightings.set(id, here === undefined ? await compute.sighting(id) : known(here, list.at));
      if (endedBadly(ledger, id, rowsOf(id))) failures.set(id, await mover.failureOf(id));
    }),
  );
  return {
    fleet,
    peers,
    paused,
    rowsOf,
    seenOf: (id) => sightings.get(id) ?? unknown('it was not looked at'),
    failureOf: (id) => failures.get(id) ?? unknown('it was not asked for'),
  };
}

async function pauseOf(
  { compute, store }: LookParts,
  host: HostName,
  now: Instant,
): Promise<Reason | null> {
  const switches = mapKnown(await store.switchboard(), (board) =>
    board.switches.filter(({ kind }) => kind !== 'maintenance'),
  );
  const aggregates = needsAggregates(switches, now) ? await compute.aggregates() : NOT_ASKED;
  return holdOf(host, switches, aggregates, now).send[0] ?? null;
}

const NOT_ASKED = unknown('they were not asked for');

const byId = (list: Known<readonly Instance[]>): Known<ReadonlyMap<InstanceId, Sighting>> =>
  mapKnown(list, (instances) => new Map(instances.map((instance) => [instance.id, instance])));

function endedBadly(ledger: Evacuation, id: InstanceId, rows: Known<readonly Move[]>): boolean {
  const progress = ledger.instances[id]?.progress;
  if (progress?.at !== 'intended' && progress?.at !== 'accepted') return false;
  const newest = rows.kind === 'known' ? rows.value[0] : undefined;
  return (
    newest !== undefined && newest.id > progress.after && moveStageOf(newest.status) === 'failed'
  );
}
