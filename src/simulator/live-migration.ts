import { finishEvent } from './action-log.ts';
import { afterOnCompute, castToCompute } from './compute-steps.ts';
import { setGuest } from './guests.ts';
import { allocate, isServiceUp, release } from './hosts.ts';
import type { Host } from './hosts.ts';
import { saveInstance, setInstanceHost } from './instances.ts';
import { setMigrationDest, setMigrationStatus } from './migrations.ts';
import { acceptMove, countMove, endMove, failMove, KINDS } from './moving.ts';
import type { MoveOrder, Moving } from './moving.ts';
import { selectDestination } from './scheduler.ts';
import type { World } from './world.ts';

const NO_HOST = 'No valid host was found. There are not enough hosts available.';

/** A live migration: the guest runs on while its memory is copied, then goes on elsewhere in one moment. */
export const acceptLiveMigration = (world: World, order: MoveOrder): boolean =>
  acceptMove(world, KINDS.live, order, conduct);

/** conductor/tasks/live_migrate.py: whatever is wrong before the source is asked leaves the guest as it was. */
function conduct(moving: Moving): void {
  const { world, instance, source, requested } = moving;
  countMove(moving);
  world.clock.at(world.clock.now() + world.timings.schedulerMs, () => {
    if (!world.plane.conductorUp) {
      endMove(moving);
    } else if (!isServiceUp(world, source)) {
      const message = `Compute service of ${source.name} is unavailable at this time.`;
      failMove(moving, 'error', message);
    } else if (!world.plane.schedulerUp) {
      failMove(moving, 'error', 'Timed out waiting for a reply', 'error');
    } else {
      const dest = selectDestination(world, { instance, ignored: source, requested });
      if (dest === undefined) failMove(moving, 'error', NO_HOST);
      else sendToSource(moving, dest);
    }
  });
}

function sendToSource(moving: Moving, dest: Host): void {
  const { world, instance, source, row, event, action } = moving;
  allocate(dest, instance);
  moving.dest = dest;
  setMigrationDest(row, dest);
  finishEvent(world, action, event);
  castToCompute(source, () => {
    setMigrationStatus(world, row, 'queued');
    onSource(moving, 0, () => {
      setMigrationStatus(world, row, 'preparing');
      onSource(moving, world.timings.prepareMs, () => {
        prepare(moving, dest);
      });
    });
  });
}

/** A step of the nova-compute of the source, which drives the migration; when it dies, nobody ends it. */
function onSource(moving: Moving, delayMs: number, run: () => void): void {
  const { world, source } = moving;
  const lost = (): void => {
    endMove(moving);
  };
  afterOnCompute(world, { host: source, delayMs, run, lost });
}

/** pre_live_migration on the destination; a failure there is rolled back. */
function prepare(moving: Moving, dest: Host): void {
  const { world, row } = moving;
  if (dest.compute !== 'running' || dest.spawnFailure !== undefined) {
    failMove(moving, 'failed', `Pre live migration failed at ${dest.name}`);
    return;
  }
  setMigrationStatus(world, row, 'running');
  const { spawnMs } = world.timings;
  const copyMs = dest.spawnMs ?? (typeof spawnMs === 'number' ? spawnMs : spawnMs(dest.name));
  onSource(moving, copyMs, () => {
    switchOver(moving, dest);
  });
}

/** First the instance gets its new host and loses its task, then the source ends the record. */
function switchOver(moving: Moving, dest: Host): void {
  const { world, instance, source, row } = moving;
  if (instance.deleted) {
    release(dest, instance);
    setMigrationStatus(world, row, 'error');
    endMove(moving);
    return;
  }
  if (dest.machine !== 'on' || dest.compute !== 'running') {
    failMove(moving, 'failed', `Live migration to ${dest.name} was aborted`);
    return;
  }
  if (source.guests.get(instance) !== 'running') {
    failMove(moving, 'error', 'domain is not running', 'error');
    return;
  }
  setGuest(world, source, instance, undefined);
  setGuest(world, dest, instance, 'running');
  release(source, instance);
  setInstanceHost(instance, dest);
  saveInstance(world, instance, { taskState: null });
  onSource(moving, world.timings.finishMs, () => {
    setMigrationStatus(world, row, 'completed');
    endMove(moving);
  });
}
