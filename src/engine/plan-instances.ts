import type { Fit, Forecast } from '../domain/capacity.ts';
import { classify, type Circumstances } from '../domain/classify.ts';
import { tracked, type Evacuation, type Tracked } from '../domain/evacuation.ts';
import type { InventoryFacts } from '../domain/facts.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Instance } from '../domain/instance.ts';
import type { Request } from '../domain/mark.ts';
import { orderOf } from '../domain/order.ts';
import type { Policy } from '../domain/policy.ts';
import type { Reason } from '../domain/reason.ts';
import { inOrder, scheduleOf, type Slot } from '../domain/schedule.ts';
import { select } from '../domain/selection.ts';

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
  /** When it is sent; null for what is skipped or under way already. */
  readonly slot: Slot | null;
  /** Members of this anti-affinity group are sent one at a time. */
  readonly exclusiveGroup: string | null;
  /** Whether there is room for it by Placement; null where that was not compared. */
  readonly fit: Fit | null;
}

/** What the instances of a plan are made from. */
export interface Counted {
  /** The record as the inventory would make it. */
  readonly record: Evacuation;
  readonly instances: readonly Instance[];
  readonly around: Circumstances;
  readonly forecast: Forecast | null;
  /** The policy with the profile of the host. */
  readonly policy: Policy;
}

/** The instances in the order in which they are sent; what is skipped comes last. */
export function plannedInstances(counted: Counted): readonly PlannedInstance[] {
  const shown = new Map(counted.instances.map((instance) => [instance.id, instance]));
  const { slotOf } = scheduleOf(counted.record, counted.policy);
  const rows = tracked(counted.record).flatMap(([id, entry]) => {
    const instance = shown.get(id);
    if (instance === undefined) return [];
    return [
      planned(instance, entry, entry.progress.at === 'pending' ? slotOf(entry) : null, counted),
    ];
  });
  return inOrder(rows, ({ verdict, slot }) => ({ isSkipped: verdict === 'skip', slot }));
}

function planned(
  instance: Instance,
  { progress, exclusiveGroup }: Tracked,
  slot: Slot | null,
  { around, forecast, policy }: Counted,
): PlannedInstance {
  const { id, name, vmState } = instance;
  const common = { id, name, vmState, slot, exclusiveGroup };
  if (progress.at === 'skipped')
    return { ...common, verdict: 'skip', why: progress.why, by: null, notes: [], fit: null };
  const verdict = classify(instance, around, policy);
  const notes = [
    ...(verdict.verdict === 'evacuate' ? (verdict.notes ?? []) : []),
    ...orderOf(instance, policy, around.facts).warnings,
  ];
  const by =
    progress.at === 'accepted'
      ? 'Nova is evacuating it already'
      : selector(instance, around.facts, around.request, policy);
  const fit = slot === null ? null : (forecast?.of.get(id) ?? null);
  return { ...common, verdict: 'evacuate', why: null, by, notes, fit };
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
