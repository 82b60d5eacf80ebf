import { beginAction, finishEvent } from './action-log.ts';
import { afterOnCompute, castToCompute } from './compute-steps.ts';
import { setGuest } from './guests.ts';
import { allocate, release } from './hosts.ts';
import type { Host } from './hosts.ts';
import { saveInstance, setInstanceHost } from './instances.ts';
import type { Instance } from './instances.ts';
import { setMigrationDest, setMigrationStatus } from './migrations.ts';
import type { Migration } from './migrations.ts';
import { acceptMove, countMove, endMove, failMove, KINDS } from './moving.ts';
import type { MoveOrder, Moving } from './moving.ts';
import { selectDestination } from './scheduler.ts';
import type { World } from './world.ts';

const NO_HOST = 'No valid host was found. No valid host found for cold migrate';

/** A cold migration: shut down here, built there, and then in VERIFY_RESIZE until somebody confirms. */
export const acceptColdMigration = (world: World, order: MoveOrder): boolean =>
  acceptMove(world, KINDS.cold, order, conduct);

function conduct(moving: Moving): void {
  const { world, instance, source, requested } = moving;
  countMove(moving);
  world.clock.at(world.clock.now() + world.timings.schedulerMs, () => {
    if (!world.plane.conductorUp) {
      endMove(moving);
      return;
    }
    const dest = world.plane.schedulerUp
      ? selectDestination(world, { instance, ignored: source, requested })
      : undefined;
    if (dest === undefined) {
      failMove(moving, 'error', NO_HOST);
      return;
    }
    allocate(dest, instance);
    moving.dest = dest;
    finishEvent(world, moving.action, moving.event);
    castToCompute(dest, () => {
      on(moving, dest, world.timings.claimMs, () => {
        claim(moving, dest);
      });
    });
  });
}

function on(moving: Moving, host: Host, delayMs: number, run: () => void): void {
  const lost = (): void => {
    endMove(moving);
  };
  afterOnCompute(moving.world, { host, delayMs, run, lost });
}

/** prep_resize on the destination. */
function claim(moving: Moving, dest: Host): void {
  const { world, row, instance, source } = moving;
  if (dest.spawnFailure === 'claim') {
    failMove(moving, 'error', 'Insufficient compute resources: Free memory.');
    return;
  }
  setMigrationDest(row, dest);
  saveInstance(world, instance, { taskState: 'resize_migrating' });
  castToCompute(source, () => {
    setMigrationStatus(world, row, 'migrating');
    on(moving, source, world.timings.stopMs, () => {
      leave(moving, dest);
    });
  });
}

/** resize_instance on the source: from here on the instance belongs to the destination. */
function leave(moving: Moving, dest: Host): void {
  const { world, row, instance, source } = moving;
  if (instance.deleted) {
    endMove(moving);
    return;
  }
  setGuest(world, source, instance, 'stopped');
  setMigrationStatus(world, row, 'post-migrating');
  setInstanceHost(instance, dest);
  saveInstance(world, instance, { taskState: 'resize_migrated', powerState: 4 });
  castToCompute(dest, () => {
    saveInstance(world, instance, { taskState: 'resize_finish' });
    const { spawnMs } = world.timings;
    const durationMs = dest.spawnMs ?? (typeof spawnMs === 'number' ? spawnMs : spawnMs(dest.name));
    on(moving, dest, durationMs, () => {
      arrive(moving, dest);
    });
  });
}

/** finish_resize on the destination: what was stopped stays so. */
function arrive(moving: Moving, dest: Host): void {
  const { world, row, instance, originalVmState } = moving;
  if (instance.deleted) {
    endMove(moving);
    return;
  }
  if (dest.spawnFailure !== undefined) {
    failMove(
      moving,
      'error',
      'internal error: process exited while connecting to monitor',
      'error',
    );
    return;
  }
  const runs = originalVmState !== 'stopped';
  setGuest(world, dest, instance, runs ? 'running' : 'stopped');
  setMigrationStatus(world, row, 'finished');
  const powerState = runs ? 1 : 4;
  saveInstance(world, instance, { vmState: 'resized', taskState: null, powerState });
  endMove(moving);
}

/** The record that a confirmation is for; undefined: "Instance has not been resized". */
export const finishedMove = (instance: Instance): Migration | undefined =>
  instance.migrations.find(({ status }) => status === 'finished');

/** The confirmation: the source forgets the guest, and the instance is what it was before. */
export function confirmMove(
  world: World,
  instance: Instance,
  row: Migration,
  by: { readonly requestId: string; readonly userId: string; readonly projectId: string },
): void {
  setMigrationStatus(world, row, 'confirming');
  beginAction(world, instance, 'confirmResize', by);
  const { source } = row;
  castToCompute(source, () => {
    const run = (): void => {
      setGuest(world, source, instance, undefined);
      release(source, instance);
      setMigrationStatus(world, row, 'confirmed');
      if (instance.deleted) return;
      const vmState = instance.powerState === 4 ? 'stopped' : 'active';
      saveInstance(world, instance, { vmState, taskState: null });
    };
    afterOnCompute(world, {
      host: source,
      delayMs: world.timings.stopMs,
      run,
      lost: () => undefined,
    });
  });
}
