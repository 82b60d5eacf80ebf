import { decide } from '../../../src/domain/decide.ts';
import { violations } from '../../../src/domain/invariants.ts';
import { takeOver } from '../../../src/domain/take-over.ts';
import { look } from './observe.ts';
import type { Pool } from './pool.ts';
import { reduced } from './reduce.ts';
import { NOW, POLICY, SEND_TICKS, TRUSTED_TICKS, type Memory, type World } from './world.ts';

/** Parts of the machinery that a search may break, to see that it is noticed. */
export interface Laws {
  readonly decide: typeof decide;
  /** Whether a worker may still act on its lease. */
  readonly mayAct: (memory: Memory) => boolean;
  /** Whether what it decided is young enough to be done. */
  readonly isFresh: (memory: Memory) => boolean;
  /** Whether the store refuses what was decided on an older record or lease. */
  readonly compareAndSet: boolean;
  /** Whether what was decided is written before it is done. */
  readonly persistFirst: boolean;
  /** Two steps of an evacuation at a time: fewer states, for worlds of more instances. */
  readonly coarse: boolean;
}

/** The laws as they are. */
export const SOUND: Laws = {
  decide,
  mayAct: ({ leaseTicks }) => leaseTicks !== null && leaseTicks <= TRUSTED_TICKS,
  isFresh: ({ turnTicks }) => turnTicks <= SEND_TICKS,
  compareAndSet: true,
  persistFirst: true,
  coarse: false,
};

/** What a turn comes to, remembered by everything that it depends on. */
export interface Turns {
  take(world: World, memory: Memory, blind: boolean): Turn;
}

interface Turn {
  readonly decided: NonNullable<Memory['decided']>;
  readonly broken: readonly string[];
}

/** Makes the memory of turns for one search. */
export function createTurns(laws: Laws, pool: Pool): Turns {
  const known = new Map<string, Turn>();
  return {
    take(world, memory, blind) {
      const parts = [world.record, ...world.vms, world.source, memory.answers];
      const key = `${parts.map((part) => pool.idOf(part)).join(' ')}${blind ? ' blind' : ''}${memory.isNew ? ' new' : ''}`;
      const earlier = known.get(key);
      if (earlier !== undefined) return earlier;
      const before = memory.isNew ? takeOver(world.record, POLICY, NOW) : world.record;
      const observation = look({ ...world, record: before }, memory, blind);
      const decision = laws.decide(before, observation, POLICY, NOW);
      const found = violations({ before, observation, decision, policy: POLICY, now: NOW });
      const { next, actions } = reduced(decision);
      const broken = found.map((one) => `${one.invariant}: ${one.detail}`);
      const same = JSON.stringify(next) === JSON.stringify(world.record);
      const turn = { decided: { next: same ? world.record : next, actions }, broken };
      known.set(key, turn);
      return turn;
    },
  };
}
