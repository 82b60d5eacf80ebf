import type { InventoryFacts } from './facts.ts';
import type { Instance, ServerGroup } from './instance.ts';
import type { Request } from './mark.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { select } from './selection.ts';
import { NO_SNAPSHOTS } from './storage.ts';
import { treatmentOf, type Treatment } from './treatment.ts';

/** What is to become of an instance of a failed host. */
export type Verdict =
  | ({ readonly verdict: 'evacuate' } & Treatment)
  | { readonly verdict: 'skip'; readonly why: Reason };

/** What an instance is judged by beside itself and the policy. */
export interface Circumstances {
  readonly groups: readonly ServerGroup[];
  readonly facts: InventoryFacts;
  readonly request: Request;
}

const skip = (why: Reason): Verdict => ({ verdict: 'skip', why });

/**
 * Decides what becomes of an instance: the first rule that applies names the one reason.
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
  const treated = treatmentOf(instance, facts.snapshots ?? NO_SNAPSHOTS, policy);
  if (treated.kind === 'skip') return skip(treated.why);
  const affinity = groups.find(
    (group) => group.policy === 'affinity' && group.members.includes(id),
  );
  if (affinity !== undefined) return skip(because('NH306', { id, group: affinity.name }));
  return { verdict: 'evacuate', ...treated.treatment };
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
