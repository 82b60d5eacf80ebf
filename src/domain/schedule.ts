import type { Evacuation, Tracked } from './evacuation.ts';
import { DEFAULT_ORDER } from './order.ts';
import type { Policy } from './policy.ts';
import { groupsOf } from './sequence.ts';

/** When an instance is sent, among the others of its host. */
export interface Slot {
  readonly priority: number;
  readonly group: string | null;
  /** Where that was said; empty where nobody says anything. */
  readonly from: readonly string[];
  /** 1: at once, as far as limits let it; higher: when the waves before have landed. */
  readonly wave: number;
  /** The group that must have landed before; null: it waits for none. */
  readonly after: string | null;
}

/** The order in which a host is emptied, as far as it is known beforehand. */
export interface Schedule {
  /** The groups one after the other, each with how many of its members move. */
  readonly groups: readonly { readonly name: string; readonly members: number }[];
  readonly slotOf: (entry: Tracked) => Slot;
}

/**
 * The sequence of a host, by the function that then opens its groups. Whoever has no group is in the
 * first wave; within a wave the highest priority goes first. Each host has a sequence of its own: the
 * groups of one do not wait for those of another.
 */
export function scheduleOf(evacuation: Evacuation, { order: { sequence } }: Policy): Schedule {
  const groups = groupsOf(evacuation);
  const members = new Map<string, number>();
  for (const { order, progress } of Object.values(evacuation.instances)) {
    const name = order?.group ?? null;
    if (name !== null && progress.at !== 'skipped') members.set(name, (members.get(name) ?? 0) + 1);
  }
  const rank = new Map(sequence ? groups.map(({ name }, index) => [name, index]) : []);
  return {
    groups: groups.map(({ name }) => ({ name, members: members.get(name) ?? 0 })),
    slotOf: ({ order }) => {
      const { priority, group } = order ?? DEFAULT_ORDER;
      const index = group === null ? 0 : (rank.get(group) ?? 0);
      const after = index === 0 ? null : (groups[index - 1]?.name ?? null);
      return { priority, group, from: order?.from ?? [], wave: index + 1, after };
    },
  };
}

/** What is under way first, then wave by wave and by priority, then what stays; equals keep their order. */
export const inOrder = <Row>(
  rows: readonly Row[],
  placeOf: (row: Row) => { readonly isSkipped: boolean; readonly slot: Slot | null },
): readonly Row[] => {
  const rankOf = (row: Row): number => {
    const { isSkipped, slot } = placeOf(row);
    return isSkipped ? Infinity : (slot?.wave ?? 0);
  };
  const priorityOf = (row: Row): number => placeOf(row).slot?.priority ?? 0;
  // Infinity minus itself is no number, and leaves the order of the skipped as it is.
  return [...rows].sort((a, b) => rankOf(a) - rankOf(b) || priorityOf(b) - priorityOf(a));
};

/** The slot in words: `priority 900 (nova-ha:priority of the flavor), group web, after db has landed`. */
export function sentenceOfSlot({ priority, group, from, after }: Slot): string {
  const said = from.length === 0 ? '' : ` (${from.join(', ')})`;
  const rest = group === null ? '' : `, group ${group}`;
  const waits = after === null ? '' : `, after group ${after} has landed`;
  return `priority ${String(priority)}${rest}${said}${waits}`;
}
