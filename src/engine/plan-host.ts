import { classify, type Circumstances } from '../domain/classify.ts';
import { newEvacuation, tracked, type Evacuation, type Tracked } from '../domain/evacuation.ts';
import { factsFor, type InventoryFacts } from '../domain/facts.ts';
import type { Fleet, Service, UnreachableService } from '../domain/host.ts';
import { asEvent, type HostName, type InstanceId } from '../domain/ids.ts';
import type { Instance } from '../domain/instance.ts';
import { takeInventory } from '../domain/inventory.ts';
import { livenessOf } from '../domain/isolation.ts';
import { known, unknown, type Known } from '../domain/known.ts';
import type { Request } from '../domain/mark.ts';
import type { Policy } from '../domain/policy.ts';
import { assignmentOf, describeRule, policyOf } from '../domain/profile.ts';
import { because, sentenceOf, type Reason } from '../domain/reason.ts';
import { select } from '../domain/selection.ts';
import type { Instant } from '../domain/time.ts';
import { askImages, askRegion, newcomers } from './observe-facts.ts';
import { planReserve } from './plan-reserve.ts';
import type { Compute, Images, Store } from './ports.ts';

/** What stands in the way of a host, before anybody looks at its instances. */
export interface HostView {
  readonly host: HostName;
  readonly service: Service | UnreachableService | null;
  /** All hosts that Nova knows, for a near name when this one is none of them. */
  readonly hosts: readonly HostName[];
  readonly problems: readonly Reason[];
}

/** What would become of one instance. */
export interface PlannedInstance {
  readonly id: InstanceId;
  readonly name: string;
  readonly vmState: string;
  readonly verdict: 'evacuate' | 'skip';
  /** Why it is skipped. */
  readonly why: Reason | null;
  /** What selected it; completes "evacuated because ...". */
  readonly by: string | null;
  /** What is worth knowing about its evacuation beforehand. */
  readonly notes: readonly Reason[];
}

/** What an evacuation of a host would do, instance by instance. */
export interface Plan extends HostView {
  readonly instances: readonly PlannedInstance[];
  /** The profile that would apply, and what decides that. */
  readonly profile: { readonly name: string | null; readonly why: string };
  /** Which reserved host it would take, or why none; null where the policy takes none. */
  readonly reserve: Reason | null;
}

/** What a plan is made from. */
export interface PlanningParts {
  readonly compute: Compute;
  readonly images?: Images | undefined;
  /** What others have claimed and switched; needed only where hosts are kept in reserve. */
  readonly store?: Pick<Store, 'list' | 'switchboard'> | undefined;
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
  return known(viewOf(host, fleet.value), fleet.at);
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
  const [fleet, inventory, groups, migrations, region] = await Promise.all([
    compute.fleet(),
    compute.instancesOn(host),
    compute.groups(),
    compute.evacuationsFrom(host, 0),
    askRegion(parts, parts.now),
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
  const view = viewOf(host, fleet.value);
  const zone = view.service !== null && 'zone' in view.service ? view.service.zone : null;
  const rule = assignmentOf(parts.policy, { host, zone, aggregates: facts.aggregates });
  const policy = policyOf(parts.policy, { profile: rule?.profile });
  const census = {
    instances: inventory.value,
    groups: groups.value,
    migrations: migrations.value,
    facts,
  };
  const counted = takeInventory(bare, census, policy, fleet.at);
  const shown = new Map(inventory.value.map((instance) => [instance.id, instance]));
  const plan: Plan = {
    ...view,
    profile: { name: rule?.profile ?? null, why: describeRule(parts.policy, rule) },
    reserve: await planReserve({ ...parts, ...region, policy }, host, fleet.value, request),
    instances: tracked(counted).flatMap(([id, entry]) => {
      const instance = shown.get(id);
      return instance === undefined
        ? []
        : [planned(instance, entry, { ...census, request }, policy)];
    }),
  };
  return known(plan, fleet.at);
}

function planned(
  instance: Instance,
  { progress }: Tracked,
  { facts, groups, request }: Circumstances,
  policy: Policy,
): PlannedInstance {
  const { id, name, vmState } = instance;
  const common = { id, name, vmState };
  if (progress.at === 'skipped')
    return { ...common, verdict: 'skip', why: progress.why, by: null, notes: [] };
  const verdict = classify(instance, { facts, groups, request }, policy);
  const notes = verdict.verdict === 'evacuate' ? (verdict.notes ?? []) : [];
  const by =
    progress.at === 'accepted'
      ? 'Nova is evacuating it already'
      : selector(instance, facts, request, policy);
  return { ...common, verdict: 'evacuate', why: null, by, notes };
}

/** What selected an instance; null where nothing narrows the choice, so that there is nothing to tell. */
function selector(
  instance: Instance,
  facts: InventoryFacts,
  request: Request,
  policy: Policy,
): string | null {
  if (request.instances !== null) return 'it is asked for (--instance)';
  const { mode, hosts, rules } = policy.select;
  if (mode === 'all' && hosts === 'all' && rules.length === 0) return null;
  const choice = select(instance, facts, policy.select);
  return choice.kind === 'selected' ? choice.by : null;
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

function viewOf(host: HostName, fleet: Fleet): HostView {
  const service = fleet.services.get(host) ?? null;
  return {
    host,
    service,
    hosts: [...fleet.services.keys()],
    problems: problemsOf(host, service),
  };
}

function problemsOf(
  host: HostName,
  service: Service | UnreachableService | null,
): readonly Reason[] {
  if (service === null) return [because('NH103', { host })];
  if (service.state === 'unknown') {
    return [because('NH104', { what: host, detail: 'its cell cannot be reached' })];
  }
  const fresh = { updatedAt: null, moves: 0, movedAt: null };
  return livenessOf(fresh, service) === 'dead' ? [] : [because('NH602', { host })];
}
