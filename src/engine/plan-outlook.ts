import { capacityOf, needOf, type Forecast, type Room } from '../domain/capacity.ts';
import { isActive, tracked, type Evacuation } from '../domain/evacuation.ts';
import type { Aggregate } from '../domain/facts.ts';
import { openRooms } from '../domain/foresee.ts';
import { controlPlaneGate } from '../domain/gates.ts';
import type { Fleet } from '../domain/host.ts';
import type { Instance } from '../domain/instance.ts';
import { mapKnown, NOT_ASKED, type Known } from '../domain/known.ts';
import type { Policy } from '../domain/policy.ts';
import { everyPolicy } from '../domain/profile.ts';
import { because, type Reason } from '../domain/reason.ts';
import { mayStop } from '../domain/states.ts';
import { stormHold } from '../domain/storm.ts';
import { summaryOf, type Summary } from '../domain/summary.ts';
import type { Switchboard } from '../domain/switchboard.ts';
import { holdOf, needsAggregates } from '../domain/switches.ts';
import type { Instant } from '../domain/time.ts';
import type { Capacity, Compute, Store } from './ports.ts';

/** Where the circumstances of an evacuation are looked up. */
export interface OutlookParts {
  readonly compute: Compute;
  /** Where it is missing, nobody can tell whether there is room. */
  readonly capacity?: Capacity | undefined;
  /** Where it is missing, nothing is said about other marks and switches. */
  readonly store?: Pick<Store, 'list' | 'switchboard'> | undefined;
  readonly policy: Policy;
}

/** The region and the store around an evacuation, as they are now. */
export interface Outlook {
  readonly rooms: Known<readonly Room[]>;
  /** Null: nobody needs to know. */
  readonly canLeaveStopped: Known<boolean> | null;
  readonly aggregates: Known<readonly Aggregate[]>;
  /** Null: there is no store to ask. */
  readonly peers: Known<readonly Summary[]> | null;
  readonly board: Known<Switchboard> | null;
}

/** A handful of calls, whatever the number of instances; `known` is what was read of aggregates already. */
export async function askOutlook(
  { compute, capacity, store, policy }: OutlookParts,
  aggregates: () => Promise<Known<readonly Aggregate[]> | undefined>,
  now: Instant,
): Promise<Outlook> {
  const [rooms, canLeaveStopped, peers, board] = await Promise.all([
    capacity?.rooms() ?? NOT_ASKED,
    everyPolicy(policy).some(mayStop) ? compute.canLeaveStopped() : null,
    store?.list() ?? null,
    store?.switchboard() ?? null,
  ]);
  const switches = board === null ? NOT_ASKED : mapKnown(board, (whole) => whole.switches);
  const wanted =
    peers !== null && (policy.storm.aggregateKey !== '' || needsAggregates(switches, now));
  const read = await aggregates();
  return {
    rooms,
    canLeaveStopped,
    aggregates: read ?? (wanted ? await compute.aggregates() : NOT_ASKED),
    peers,
    board,
  };
}

/** Everything that would keep the host from being evacuated now, although all is known about it. */
export function holdsOf(
  record: Evacuation,
  fleet: Fleet,
  { peers, board, aggregates }: Outlook,
  policy: Policy,
  now: Instant,
): readonly Reason[] {
  if (peers === null || board === null) return controlPlaneGate(fleet);
  const switches = mapKnown(board, (whole) => whole.switches);
  const held = holdOf(record.host, switches, aggregates, now).send;
  if (peers.kind === 'unknown')
    return [...held, because('NH104', { what: 'the other marks', detail: peers.why })];
  const others = peers.value.filter(({ host }) => host !== record.host);
  const marked = [...others, summaryOf(record)];
  const storm = stormHold(record, fleet, marked, { switches, aggregates }, policy, now);
  return [...held, ...(storm === null ? [] : [storm]), ...controlPlaneGate(fleet)];
}

/** Which of those that wait find room, by Placement, as the worker compares it before the start. */
export function roomFor(
  record: Evacuation,
  instances: readonly Instance[],
  fleet: Fleet,
  { rooms, peers }: Outlook,
): Known<Forecast> {
  const here = new Map(instances.map((instance) => [instance.id, instance]));
  const needs = tracked(record).flatMap(([id, { progress, order, exclusiveGroup }]) => {
    const instance = here.get(id);
    if (instance === undefined || progress.at !== 'pending') return [];
    return [needOf(instance, { exclusiveGroup, ...(order ?? {}) })];
  });
  const marked = new Set(
    peers?.kind === 'known' ? peers.value.filter(isActive).map(({ host }) => host) : [],
  );
  marked.add(record.host);
  return mapKnown(rooms, (all) => capacityOf(needs, openRooms(all, fleet, marked)));
}

/** What is worth knowing about the cloud beforehand. */
export function notesOnCloud(record: Evacuation, { canLeaveStopped }: Outlook): readonly Reason[] {
  const count = tracked(record).filter(([, { stop }]) => stop === true).length;
  if (count === 0 || canLeaveStopped === null) return [];
  if (canLeaveStopped.kind === 'unknown')
    return [because('NH104', { what: "Nova's microversions", detail: canLeaveStopped.why })];
  if (canLeaveStopped.value) return [];
  return [because('NH338', { what: count === 1 ? '1 instance' : `${String(count)} instances` })];
}
