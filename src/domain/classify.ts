import type { InventoryFacts } from './facts.ts';
import type { Instance, ServerGroup } from './instance.ts';
import type { Request } from './mark.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { select } from './selection.ts';

/** What is to become of an instance of a failed host. */
export type Verdict =
  { readonly verdict: 'evacuate' } | { readonly verdict: 'skip'; readonly why: Reason };

/** What an instance is judged by beside itself and the policy. */
export interface Circumstances {
  readonly groups: readonly ServerGroup[];
  readonly facts: InventoryFacts;
  readonly request: Request;
}

const skip = (why: Reason): Verdict => ({ verdict: 'skip', why });

/** The vm_states that POST evacuate takes (nova/compute/api.py, `evacuate`); every other one is 409. */
const EVACUABLE = new Set(['active', 'stopped', 'error']);

/**
 * Decides what becomes of an instance: the first rule that applies names the one reason. Decided on
 * vm_state and task_state, never on `status`, which mixes both.
 */
export function classify(
  instance: Instance,
  { groups, request, facts }: Circumstances,
  policy: Policy,
): Verdict {
  const id = instance.id;
  if (request.instances !== null && !request.instances.includes(id)) return skip(because('NH308'));
  // Whom an operator has named is meant, whatever the rules say about the many.
  const choice = request.instances === null ? select(instance, facts, policy.select) : null;
  if (choice?.kind === 'left-out') return skip(choice.why);
  if (instance.taskState === 'deleting' || instance.taskState === 'soft-deleting') {
    return skip(because('NH304'));
  }
  if (instance.taskState === 'migrating') {
    return skip(because('NH303', { id, state: instance.taskState }));
  }
  if (!EVACUABLE.has(instance.vmState)) {
    return skip(because('NH301', { id, state: instance.vmState, host: instance.host ?? '' }));
  }
  if (!instance.launched) return skip(because('NH302', { id }));
  if (
    policy.storage.kind === 'local' &&
    policy.storage.localDisk === 'skip' &&
    instance.imageBacked
  ) {
    return skip(because('NH305', { id }));
  }
  const affinity = groups.find(
    (group) => group.policy === 'affinity' && group.members.includes(id),
  );
  if (affinity !== undefined) return skip(because('NH306', { id, group: affinity.name }));
  return { verdict: 'evacuate' };
}

/**
 * The group whose members must not be evacuated side by side: members of an anti-affinity group race
 * for hosts, and Nova's late check turns the loser into ERROR. Null when there is none.
 */
export function exclusiveGroupOf(
  instance: Instance,
  groups: readonly ServerGroup[],
): string | null {
  const group = groups.find(
    (candidate) => candidate.policy === 'anti-affinity' && candidate.members.includes(instance.id),
  );
  return group?.id ?? null;
}
