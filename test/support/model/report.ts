import { expect } from 'vitest';
import { SOUND } from './laws.ts';
import { search } from './search.ts';
import type { Budget } from './world.ts';

/** A small world to be searched whole. */
export interface SmallWorld {
  readonly instances: number;
  readonly budget: Partial<Budget>;
  /** Evacuations take two steps at a time. */
  readonly coarse?: boolean;
}

/** Searches a world whole: every promise holds in every state, and rest can be reached from each. */
export function expectSound({ instances, budget, coarse = false }: SmallWorld): void {
  const all: Budget = { crashes: 0, requests: 0, flights: 0, reads: 0, ...budget };
  const laws = { ...SOUND, coarse };
  const found = search({ instances, budget: all, laws, maxStates: 2_000_000 });
  process.stdout.write(
    `${String(instances)} instance(s), ${JSON.stringify(budget)}: ${String(found.states)} states, ${String(found.transitions)} transitions\n`,
  );
  expect({ broken: found.broken, deadEnd: found.deadEnd }).toEqual({ broken: null, deadEnd: null });
  expect(found.complete).toBe(true);
}
