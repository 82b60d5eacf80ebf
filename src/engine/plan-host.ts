import type { Forecast } from '../domain/capacity.ts';
import { newEvacuation, type Evacuation } from '../domain/evacuation.ts';
import { factsFor } from '../domain/facts.ts';
import type { Fleet, Service, UnreachableService } from '../domain/host.ts';
import { asEvent, type HostName, type InstanceId } from '../domain/ids.ts';
import type { Instance } from '../domain/instance.ts';
import { takeInventory } from '../domain/inventory.ts';
import { known, NOT_ASKED, unknown, type Known } from '../domain/known.ts';
import type { Request } from '../domain/mark.ts';
import type { Policy } from '../domain/policy.ts';
import { profileFor, type ProfileChoice } from '../domain/profile.ts';
import { because, sentenceOf, type Reason } from '../domain/reason.ts';
import { scheduleOf, type Schedule } from '../domain/schedule.ts';
import type { Instant } from '../domain/time.ts';
import { askImages, askRegion, newcomers } from './observe-facts.ts';
import { plannedInstances, type PlannedInstance } from './plan-instances.ts';
import { askOutlook, holdsOf, notesOnCloud, roomFor } from './plan-outlook.ts';
import { planReserve } from './plan-reserve.ts';
import type { Capacity, Compute, Images, Store } from './ports.ts';

/** What stands in the way of a host, before anybody looks at its instances. */
export interface HostView {
  readonly host: HostName;
  readonly service: Service | UnreachableService | null;
  /** All hosts that Nova knows, for a near name when this one is none of them. */
  readonly hosts: readonly HostName[];
  readonly problems: readonly Reason[];
  /** What Nova shows on it. */
  readonly present: ReadonlySet<InstanceId>;
}

/** What an evacuation of a host would do, instance by instance. */
export interface Plan extends HostView {
  readonly instances: readonly PlannedInstance[];
  /** The profile that would apply, and what decides that. */
  readonly profile: ProfileChoice;
  /** Whether groups go one after the other; else they are names only. */
  readonly sequence: boolean;
  /** The groups of those that move, in their order. */
  readonly groups: Schedule['groups'];
  /** Whether there is room for what waits, by Placement. */
  readonly room: Known<Forecast>;
  /** What would hold it now: switches, thresholds, the control plane. */
  readonly holds: readonly Reason[];
  /** What is worth knowing about the cloud beforehand. */
  readonly notes: readonly Reason[];
  /** Which reserved host it would take, or why none; null where the policy takes none. */
  readonly reserve: Reason | null;
}

/** What a plan is made from. */
export interface PlanningParts {
  readonly compute: Compute;
  readonly images?: Images | undefined;
  /** What others have marked, claimed and switched; where it is missing, nothing is said about that. */
  readonly store?: Pick<Store, 'list' | 'switchboard'> | undefined;
  /** Where it is missing, nobody can tell whether there is room. */
  readonly capacity?: Capacity | undefined;
  readonly policy: Policy;
  /** The time that the plan is for. */
  readonly now: Instant;
}

/** Whether Nova knows a host, can list its instances, and shows it dead; changes nothing. */
export async function viewHost(
  { compute }: { readonly compute: Compute },
  host: HostName,
): Promise<Known<HostView>> {
  const [fleet, inventory] = await Promise.all([compute.fleet(), compute.instancesOn(host)]);
  if (fleet.kind === 'unknown') return fleet;
  if (inventory.kind === 'unknown') return inventory;
  return known(viewOf(host, fleet.value, inventory.value), fleet.at);
}

/**
 * Looks at a host and says what would become of it. Nothing is changed; what is read does not grow
 * with the number of instances. The inventory is taken by the very function that a worker takes it
 * with, so that the plan is what then happens.
 */
export async function planHost(
  parts: PlanningParts,
  host: HostName,
  request: Request,
): Promise<Known<Plan>> {
  const { compute } = parts;
  const asking = askRegion(parts, parts.now);
  const [fleet, inventory, groups, migrations, region, outlook] = await Promise.all([
    compute.fleet(),
    compute.instancesOn(host),
    compute.groups(),
    compute.evacuationsFrom(host, 0),
    asking,
    askOutlook(parts, async () => (await asking).aggregates, parts.now),
  ]);
  if (fleet.kind === 'unknown') return fleet;
  if (inventory.kind === 'unknown') return inventory;
  if (groups.kind === 'unknown') return groups;
  if (migrations.kind === 'unknown') return migrations;
  const bare = asIfMarked(host, request, fleet.at);
  const seen = { inventory, ...region };
  const images = await askImages(parts, newcomers(bare, seen));
  const told = factsFor(host, { ...seen, ...images }, parts.policy);
  if (told.kind === 'unknown') return unknown(sentenceOf(told.why));
  const { facts } = told;
  const view = viewOf(host, fleet.value, inventory.value);
  const zone = view.service !== null && 'zone' in view.service ? view.service.zone : null;
  const place = { host, zone, aggregates: facts.aggregates };
  const { profile, policy } = profileFor(parts.policy, place);
  const census = {
    instances: inventory.value,
    groups: groups.value,
    migrations: migrations.value,
    facts,
  };
  const record = takeInventory(bare, census, policy, fleet.at);
  const instances = inventory.value;
  const room = roomFor(record, instances, fleet.value, outlook);
  const forecast = room.kind === 'known' ? room.value : null;
  const around = { facts, groups: groups.value, request };
  const aggregates = outlook.aggregates === NOT_ASKED ? undefined : outlook.aggregates;
  const plan: Plan = {
    ...view,
    profile,
    reserve: await planReserve({ ...parts, aggregates, policy }, host, fleet.value, request),
    instances: plannedInstances({ record, instances, around, forecast, policy }),
    sequence: policy.order.sequence,
    groups: scheduleOf(record, policy).groups,
    room,
    holds: holdsOf(record, fleet.value, outlook, policy, parts.now),
    notes: notesOnCloud(record, outlook),
  };
  return known(plan, fleet.at);
}

/** A record as a mark would make it now. */
const asIfMarked = (host: HostName, request: Request, now: Instant): Evacuation =>
  newEvacuation(
    host,
    {
      event: asEvent('plan'),
      firstAt: now,
      at: now,
      origin: 'operator',
      by: 'plan',
      claim: null,
      request,
    },
    now,
  );

function viewOf(host: HostName, fleet: Fleet, instances: readonly Instance[]): HostView {
  const service = fleet.services.get(host) ?? null;
  return {
    host,
    service,
    hosts: [...fleet.services.keys()],
    problems: problemsOf(host, service),
    present: new Set(instances.map(({ id }) => id)),
  };
}

/**
 * Instances that were asked for and are neither on the host nor in its record: most likely a slip, and
 * nothing may be done to a host for a slip. Null: there are none.
 */
export function strangersTo(
  { host, present }: Pick<HostView, 'host' | 'present'>,
  wanted: readonly InstanceId[] | null,
  record?: Evacuation,
): Reason | null {
  const ids = (wanted ?? []).filter(
    (id) => !present.has(id) && record?.instances[id] === undefined,
  );
  return ids.length === 0 ? null : because('NH608', { host, ids: ids.join(', ') });
}

function problemsOf(
  host: HostName,
  service: Service | UnreachableService | null,
): readonly Reason[] {
  if (service === null) return [because('NH103', { host })];
  if (service.state === 'unknown') {
    return [because('NH104', { what: host, detail: 'its cell cannot be reached' })];
  }
  return service.state === 'up' ? [because('NH602', { host })] : [];
}
