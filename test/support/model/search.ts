import { createTurns, type Laws } from './laws.ts';
import { createPool } from './pool.ts';
import { isRest, problemsOf, successors } from './steps.ts';
import { beginning, type Budget, type World } from './world.ts';

/** What a search found. */
export interface Finding {
  readonly states: number;
  readonly transitions: number;
  /** True when every state within the budget was visited. */
  readonly complete: boolean;
  /** The shortest way to a broken promise, or null. */
  readonly broken: { readonly what: string; readonly path: readonly string[] } | null;
  /** The shortest way to a state from which nothing leads to rest any more, or null. */
  readonly deadEnd: readonly string[] | null;
}

/** Visits every state that can be reached, breadth first, and looks for what must not be. */
export function search(options: {
  readonly budget: Budget;
  readonly instances: number;
  readonly laws: Laws;
  readonly maxStates: number;
}): Finding {
  const { laws, maxStates } = options;
  const pool = createPool();
  const turns = createTurns(laws, pool);
  const first = pool.normal(beginning(options.budget, options.instances));
  const numbers = new Map<string, number>([[first.key, 0]]);
  const parents: number[] = [-1];
  const labels: string[] = ['the beginning'];
  const resting: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let frontier: { readonly number: number; readonly world: World }[] = [
    { number: 0, world: first.world },
  ];
  const pathTo = (state: number, last?: string): readonly string[] => {
    const path = last === undefined ? [] : [last];
    for (let at = state; at > 0; at = parents[at] ?? -1) path.unshift(labels[at] ?? '');
    return path;
  };
  const result = (broken: Finding['broken'], complete: boolean): Finding => {
    const dead = broken === null && complete ? deadEnd(parents.length, resting, from, to) : null;
    const end = dead === null ? null : pathTo(dead);
    return { states: parents.length, transitions: from.length, complete, broken, deadEnd: end };
  };
  while (frontier.length > 0) {
    const found: typeof frontier = [];
    for (const { number, world } of frontier) {
      if (isRest(world)) {
        resting.push(number);
        continue;
      }
      for (const next of successors(world, laws, turns)) {
        const what = [...next.broken, ...problemsOf(next.world)][0];
        if (what !== undefined) return result({ what, path: pathTo(number, next.label) }, false);
        const { world: after, key } = pool.normal(next.world);
        let state = numbers.get(key);
        if (state === undefined) {
          state = parents.length;
          numbers.set(key, state);
          parents.push(number);
          labels.push(next.label);
          found.push({ number: state, world: after });
        }
        from.push(number);
        to.push(state);
      }
      if (parents.length > maxStates) return result(null, false);
    }
    frontier = found;
  }
  return result(null, true);
}

/** The first state from which no resting state can be reached. */
function deadEnd(
  states: number,
  resting: readonly number[],
  from: readonly number[],
  to: readonly number[],
): number | null {
  const before: number[][] = Array.from({ length: states }, () => []);
  to.forEach((state, edge) => before[state]?.push(from[edge] ?? 0));
  const alive = new Uint8Array(states);
  const queue = [...resting];
  for (const state of queue) alive[state] = 1;
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (const earlier of before[state] ?? []) {
      if (alive[earlier] === 1) continue;
      alive[earlier] = 1;
      queue.push(earlier);
    }
  }
  const dead = alive.indexOf(0);
  return dead === -1 ? null : dead;
}
