import { isTerminal, tracked, type Evacuation, type Tracked } from './evacuation.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import type { Instant } from './time.ts';

/** Which order groups may be sent now. */
export interface Sequence {
  /** To be kept in the record with what is sent; undefined where nothing has a group. */
  readonly stage: Evacuation['stage'];
  readonly isOpen: (entry: Tracked) => boolean;
  /** Why the members of further groups wait; null when none does. */
  readonly waits: Reason | null;
}

/** An order group of a host, as far as its members have come. */
export interface Group {
  readonly name: string;
  /** Of its most important member, as instanceha has it. */
  priority: number;
  /** No member is under way or waits; what is stuck waits for a human, and the others not for him. */
  over: boolean;
  pending: number;
  landedAt: Instant;
}

const ALL_OPEN: Sequence = { stage: undefined, isOpen: () => true, waits: null };

/**
 * Groups in sequence, the most important first: the next one is opened when every member of those
 * before has landed, failed, is gone or stuck, and the delay has passed; or when it has waited for
 * longer than the policy's patience. A group that was opened stays open. Who has no group waits for nobody.
 */
export function sequenceOf(evacuation: Evacuation, policy: Policy, now: Instant): Sequence {
  if (!policy.order.sequence) return ALL_OPEN;
  const groups = groupsOf(evacuation);
  const first = groups[0];
  if (first === undefined) return ALL_OPEN;
  const found = groups.findIndex(({ name }) => name === evacuation.stage?.group);
  let at = Math.max(0, found);
  let since = found < 0 ? now : (evacuation.stage?.since ?? now);
  while (at + 1 < groups.length && isPassed(groups.slice(0, at + 1), since, policy, now)) {
    at += 1;
    since = now;
  }
  const open = new Set(groups.slice(0, at + 1).map(({ name }) => name));
  const current = groups[at] ?? first;
  const closed = groups.slice(at + 1).filter(({ pending }) => pending > 0);
  const next = closed[0];
  return {
    stage: { group: current.name, since },
    isOpen: ({ order }) => order === undefined || order.group === null || open.has(order.group),
    waits:
      next === undefined
        ? null
        : because('NH210', {
            group: next.name,
            before: current.name,
            count: closed.reduce((sum, { pending }) => sum + pending, 0),
          }),
  };
}

/** Whether the group after these may begin. */
function isPassed(
  before: readonly Group[],
  since: Instant,
  { order }: Policy,
  now: Instant,
): boolean {
  if (now - since >= order.patienceMs) return true;
  if (!before.every(({ over }) => over)) return false;
  const landedAt = before.at(-1)?.landedAt ?? 0;
  return now >= landedAt + order.delayMs;
}

/** The groups of a host in their order: by their most important member, then by name. */
export function groupsOf(evacuation: Evacuation): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const [, { order, progress }] of tracked(evacuation)) {
    const name = order?.group ?? null;
    if (order === undefined || name === null || progress.at === 'skipped') continue;
    let group = groups.get(name);
    if (group === undefined) {
      group = { name, priority: order.priority, over: true, pending: 0, landedAt: 0 };
      groups.set(name, group);
    }
    group.priority = Math.max(group.priority, order.priority);
    group.over &&= isTerminal(progress) || progress.at === 'stuck';
    if (progress.at === 'pending' || progress.at === 'resetting') group.pending += 1;
    if (progress.at === 'landed') group.landedAt = Math.max(group.landedAt, progress.since);
  }
  return [...groups.values()].sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
}
