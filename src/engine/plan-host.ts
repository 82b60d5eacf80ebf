import { classify } from '../domain/classify.ts';
import { NO_FACTS } from '../domain/facts.ts';
import type { Service, UnreachableService } from '../domain/host.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { livenessOf } from '../domain/isolation.ts';
import { known, type Known } from '../domain/known.ts';
import type { Request } from '../domain/mark.ts';
import type { Policy } from '../domain/policy.ts';
import { because, type Reason } from '../domain/reason.ts';
import type { Compute } from './ports.ts';

/** What an evacuation of a host would do, instance by instance. */
export interface Plan {
  readonly host: HostName;
  readonly service: Service | UnreachableService | null;
  /** All hosts that Nova knows, for a near name when this one is none of them. */
  readonly hosts: readonly HostName[];
  readonly instances: readonly {
    readonly id: InstanceId;
    readonly name: string;
    readonly vmState: string;
    readonly verdict: 'evacuate' | 'skip';
    readonly why: Reason | null;
    /** What is worth knowing about its evacuation beforehand. */
    readonly notes: readonly Reason[];
  }[];
  /** What stands in the way of the whole host. */
  readonly problems: readonly Reason[];
}

/** Looks at a host and says what would become of it; three reads of Nova, nothing is changed. */
export async function planHost(
  parts: { readonly compute: Compute; readonly policy: Policy },
  host: HostName,
  request: Request,
): Promise<Known<Plan>> {
  const { compute, policy } = parts;
  const [fleet, inventory, groups] = await Promise.all([
    compute.fleet(),
    compute.instancesOn(host),
    compute.groups(),
  ]);
  if (fleet.kind === 'unknown') return fleet;
  if (inventory.kind === 'unknown') return inventory;
  if (groups.kind === 'unknown') return groups;
  const service = fleet.value.services.get(host) ?? null;
  const plan: Plan = {
    host,
    service,
    hosts: [...fleet.value.services.keys()],
    instances: inventory.value.map((instance) => {
      const verdict = classify(
        instance,
        { groups: groups.value, facts: NO_FACTS, request },
        policy,
      );
      return {
        id: instance.id,
        name: instance.name,
        vmState: instance.vmState,
        verdict: verdict.verdict,
        why: verdict.verdict === 'skip' ? verdict.why : null,
        notes: verdict.verdict === 'skip' ? [] : (verdict.notes ?? []),
      };
    }),
    problems: problemsOf(host, service),
  };
  return known(plan, fleet.at);
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
