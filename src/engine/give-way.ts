import type { Action } from '../domain/action.ts';
import type { Evacuation } from '../domain/evacuation.ts';
import type { Answer } from '../domain/observation.ts';
import { refused } from '../domain/outcome.ts';
import type { Store } from './ports.ts';

/** What may be sent, and the answers to what gave way. */
export interface Cleared {
  readonly actions: readonly Action[];
  readonly answers: readonly Answer[];
}

/**
 * Looks once more at the other hosts when the intents are durable, before a member of an anti-affinity
 * group is sent: two hosts that decide in the same moment do not see each other's choice. Each writes
 * before it looks, so one of them at least sees the other, and whoever does lets his member wait. The
 * limits in flight need no such look: they are shared out beforehand.
 */
export async function giveWay(
  store: Pick<Store, 'list'>,
  next: Evacuation,
  actions: readonly Action[],
): Promise<Cleared> {
  const groupOf = (action: Action): string | null =>
    action.do === 'evacuate' ? (next.instances[action.instance]?.exclusiveGroup ?? null) : null;
  if (actions.every((action) => groupOf(action) === null)) return { actions, answers: [] };
  const peers = await store.list();
  const obstacleTo = (group: string): string | null => {
    if (peers.kind === 'unknown') return `the other hosts are not known (${peers.why})`;
    const rival = peers.value.find(
      ({ host, groups }) => host !== next.host && groups.includes(group),
    );
    if (rival === undefined) return null;
    return `a member of its anti-affinity group is on its way from ${rival.host}`;
  };
  const cleared: Action[] = [];
  const answers: Answer[] = [];
  for (const action of actions) {
    const group = groupOf(action);
    const why = group === null ? null : obstacleTo(group);
    if (why === null || action.do !== 'evacuate') cleared.push(action);
    else {
      const { instance, attempt } = action;
      answers.push({ instance, attempt, outcome: refused('gave-way', why) });
    }
  }
  return { actions: cleared, answers };
}
