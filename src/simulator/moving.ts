import { beginAction, beginEvent, finishEvent } from './action-log.ts';
import { isPlaneUp, release } from './hosts.ts';
import type { Host } from './hosts.ts';
import { saveInstance } from './instances.ts';
import type { ActionEvent, Instance, InstanceAction } from './instances.ts';
import { createMigration, setMigrationStatus } from './migrations.ts';
import type { Migration } from './migrations.ts';
import type { World } from './world.ts';

/** A live or cold migration that nova-api has let pass. */
export interface MoveOrder {
  readonly instance: Instance;
  readonly source: Host;
  /** Checked by the scheduler; undefined: it chooses. */
  readonly requested: Host | undefined;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
}

/** A migration in the hands of the conductor and of two nova-computes. */
export interface Moving extends MoveOrder {
  readonly world: World;
  readonly action: InstanceAction;
  readonly originalVmState: string;
  row: Migration;
  event: ActionEvent;
  dest: Host | undefined;
}

interface Kind {
  readonly type: 'live-migration' | 'migration';
  readonly action: string;
  readonly taskState: string;
  readonly event: string;
  readonly firstStatus: 'accepted' | 'pre-migrating';
}

/** What live and cold migrations differ in, up to the scheduler. */
export const KINDS: Readonly<Record<'live' | 'cold', Kind>> = {
  live: {
    type: 'live-migration',
    action: 'live-migration',
    taskState: 'migrating',
    event: 'conductor_live_migrate_instance',
    firstStatus: 'accepted',
  },
  cold: {
    type: 'migration',
    action: 'migrate',
    taskState: 'resize_prep',
    event: 'conductor_migrate_server',
    firstStatus: 'pre-migrating',
  },
};

/**
 * What nova-api does with it (compute/api.py, live_migrate and resize): the task state, which keeps
 * every other action away, and a cast. The record is made by the conductor: until then there is none.
 * False when the cast fails: the task state stays behind.
 */
export function acceptMove(
  world: World,
  kind: Kind,
  order: MoveOrder,
  conduct: (moving: Moving) => void,
): boolean {
  const { instance } = order;
  const action = beginAction(world, instance, kind.action, order);
  const originalVmState = instance.vmState;
  saveInstance(world, instance, { taskState: kind.taskState });
  if (!world.plane.rabbitUp) return false;
  const cast = (): void => {
    if (!isPlaneUp(world)) {
      world.plane.conductorQueue.push(cast);
      return;
    }
    world.clock.at(world.clock.now() + world.timings.conductorMs, () => {
      // What a killed conductor had in hand is lost; the task state stays.
      if (!world.plane.conductorUp || instance.deleted) return;
      const { source, requested, userId, projectId } = order;
      const { type, firstStatus: status, event } = kind;
      const destName = undefined;
      conduct({
        ...order,
        requested,
        world,
        action,
        originalVmState,
        row: createMigration(world, {
          instance,
          type,
          source,
          userId,
          projectId,
          destName,
          status,
        }),
        event: beginEvent(world, action, event, 'controller-1'),
        dest: undefined,
      });
    });
  };
  cast();
  return true;
}

/** The record ends badly; the instance is left as it was, or in ERROR. */
export function failMove(
  moving: Moving,
  status: 'error' | 'failed',
  message: string,
  outcome: 'unchanged' | 'error' = 'unchanged',
): void {
  const { world, instance, row, event, action, dest } = moving;
  setMigrationStatus(world, row, status);
  endMove(moving);
  if (dest !== undefined && instance.host !== dest) release(dest, instance);
  if (!instance.deleted) {
    const fault = { code: 500, message, createdAtMs: world.clock.now() };
    const vmState = outcome === 'error' ? 'error' : instance.vmState;
    saveInstance(world, instance, { vmState, taskState: null, fault });
  }
  if (event.finishedAtMs === null) finishEvent(world, action, event, message);
}

/** Counts a migration as under way. */
export function countMove({ world, row }: Moving): void {
  const { moves } = world.truth;
  moves.add(row);
  world.truth.movesPeak = Math.max(world.truth.movesPeak, moves.size);
}

/** Ends the counting. */
export function endMove({ world, row }: Moving): void {
  world.truth.moves.delete(row);
}
