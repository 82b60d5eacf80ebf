import { beginEvent, finishEvent } from './action-log.ts';
import { afterOnCompute } from './compute-steps.ts';
import { setGuest } from './guests.ts';
import { release } from './hosts.ts';
import type { Host } from './hosts.ts';
import { saveInstance, setInstanceHost } from './instances.ts';
import type { ActionEvent } from './instances.ts';
import { createMigration, setMigrationDest, setMigrationStatus } from './migrations.ts';
import type { Migration } from './migrations.ts';
import { violatesGroup } from './scheduler.ts';
import { endFlight } from './world.ts';
import type { Flight, World } from './world.ts';

/** A rebuild in the hands of one nova-compute process. */
interface Rebuild {
  readonly world: World;
  readonly flight: Flight;
  readonly dest: Host;
  readonly event: ActionEvent;
}

const SPAWN_MESSAGES: Readonly<Record<string, string>> = {
  spawn: 'internal error: process exited while connecting to monitor',
  image: 'Image could not be found.',
  network: 'Binding failed for port, please check neutron logs for more information.',
  volume: 'Volume could not be attached.',
};

/** Takes a rebuild message (compute/manager.py, rebuild_instance) and works on it step by step. */
export function rebuildOnDestination(world: World, flight: Flight, dest: Host): void {
  if (flight.instance.deleted) {
    endFlight(world, flight);
    return;
  }
  const event = beginEvent(world, flight.action, 'compute_rebuild_instance', dest.name);
  const rebuild: Rebuild = { world, flight, dest, event };
  next(rebuild, world.timings.claimMs, claim);
}

function next(rebuild: Rebuild, delayMs: number, step: (rebuild: Rebuild) => void): void {
  const { world, flight, dest } = rebuild;
  afterOnCompute(world, {
    host: dest,
    delayMs,
    run: () => {
      step(rebuild);
    },
    lost: () => {
      endFlight(world, flight);
    },
  });
}

function claim(rebuild: Rebuild): void {
  const { world, flight, dest } = rebuild;
  const { instance } = flight;
  const row = flight.migration ?? adoptNewRow(rebuild);
  flight.migration = row;
  setMigrationDest(row, dest);
  setMigrationStatus(world, row, 'pre-migrating');
  // The record names its destination before the resources are tested.
  if (dest.spawnFailure === 'claim' || dest.allocations.size > dest.capacity) {
    fail(rebuild, 'Insufficient compute resources: Free memory.', 'unchanged');
    return;
  }
  if (violatesGroup(world, dest, instance)) {
    const { groupViolationIsError } = world.habits;
    fail(
      rebuild,
      'Anti-affinity server group policy was violated.',
      groupViolationIsError ? 'error' : 'unchanged',
    );
    return;
  }
  if (!save(rebuild, 'rebuilding', { taskState: 'rebuild_block_device_mapping' })) return;
  next(rebuild, world.timings.prepareMs, prepare);
}

/** With no accepted row left the claim makes its own. */
function adoptNewRow(rebuild: Rebuild): Migration {
  const { world, flight, dest } = rebuild;
  const { instance, userId, projectId } = flight;
  return createMigration(world, {
    instance,
    type: 'evacuation',
    source: instance.host ?? dest,
    userId,
    projectId,
    destName: dest.name,
    status: 'accepted',
  });
}

function prepare(rebuild: Rebuild): void {
  const { world, dest } = rebuild;
  if (!save(rebuild, 'rebuild_block_device_mapping', { taskState: 'rebuild_spawning' })) return;
  const { spawnMs } = world.timings;
  const durationMs = dest.spawnMs ?? (typeof spawnMs === 'number' ? spawnMs : spawnMs(dest.name));
  next(rebuild, durationMs, spawn);
}

function spawn(rebuild: Rebuild): void {
  const { world, flight, dest } = rebuild;
  const { instance } = flight;
  if (dest.spawnFailure !== undefined && dest.spawnFailure !== 'claim') {
    fail(rebuild, SPAWN_MESSAGES[dest.spawnFailure] ?? 'spawn failed', 'error');
  } else if (dest.guests.has(instance)) {
    fail(rebuild, `Instance ${instance.id} already exists.`, 'error');
  } else {
    // A root disk on a local file system is made anew from the image: the data is gone, and Nova says nothing.
    if (dest.storage === 'local' && instance.imageId !== undefined) {
      instance.diskLost = true;
      instance.disk = instance.imageId;
    }
    setGuest(world, dest, instance, 'running');
    next(rebuild, world.timings.saveMs, settle);
  }
}

/** Active and without a task, but still with the source as its host: the window that fools pollers. */
function settle(rebuild: Rebuild): void {
  const { world, flight } = rebuild;
  const endsStopped =
    flight.originalVmState === 'stopped' ||
    (flight.endStopped && flight.originalVmState !== 'error');
  const taskState = endsStopped ? 'powering-off' : null;
  const launchedAtMs = world.clock.now();
  const change = { vmState: 'active', taskState, powerState: 1, launchedAtMs, fault: undefined };
  if (!save(rebuild, 'rebuild_spawning', change)) return;
  if (endsStopped) next(rebuild, world.timings.stopMs, stop);
  else next(rebuild, world.timings.finishMs, finish);
}

function stop(rebuild: Rebuild): void {
  const { world, flight, dest } = rebuild;
  setGuest(world, dest, flight.instance, 'stopped');
  const change = { vmState: 'stopped', taskState: null, powerState: 4 };
  if (save(rebuild, 'powering-off', change)) next(rebuild, world.timings.finishMs, finish);
}

/** resource_tracker.finish_evacuation: first the host, then `done`, whatever the row has become meanwhile. */
function finish(rebuild: Rebuild): void {
  const { world, flight, dest, event } = rebuild;
  const { instance, migration } = flight;
  if (!instance.deleted) {
    setInstanceHost(instance, dest);
    saveInstance(world, instance, {});
    if (migration !== undefined) setMigrationStatus(world, migration, 'done');
  }
  finishEvent(world, flight.action, event);
  endFlight(world, flight);
}

/** Saves with an expected task state; a mismatch aborts the rebuild and leaves any guest it has built. */
function save(
  rebuild: Rebuild,
  expected: string,
  change: Parameters<typeof saveInstance>[2],
): boolean {
  const { world, flight } = rebuild;
  const { instance } = flight;
  if (instance.deleted) {
    fail(rebuild, `Instance ${instance.id} could not be found.`, 'unchanged');
    return false;
  }
  if (instance.taskState !== expected) {
    const actual = instance.taskState === null ? 'None' : `'${instance.taskState}'`;
    const message = `Conflict updating instance ${instance.id}. Expected: {'task_state': ['${expected}']}. Actual: {'task_state': ${actual}}`;
    fail(rebuild, message, 'error-keeping-task');
    return false;
  }
  saveInstance(world, instance, change);
  return true;
}

/**
 * compute/manager.py, rebuild_instance: the record fails first, then the allocation is removed, then the
 * state and the fault are written, and the event ends last of all. A process that dies in between leaves
 * the rest undone.
 */
function fail(
  rebuild: Rebuild,
  message: string,
  outcome: 'unchanged' | 'error' | 'error-keeping-task',
): void {
  const { world, flight, dest } = rebuild;
  const { instance, migration } = flight;
  if (migration !== undefined) setMigrationStatus(world, migration, 'failed');
  if (instance.host !== dest) release(dest, instance);
  next(rebuild, world.timings.faultMs, () => {
    writeFault(rebuild, message, outcome);
  });
}

function writeFault(
  { world, flight, event }: Rebuild,
  message: string,
  outcome: 'unchanged' | 'error' | 'error-keeping-task',
): void {
  const { instance } = flight;
  if (!instance.deleted) {
    const fault = { code: 500, message, createdAtMs: world.clock.now() };
    if (outcome === 'unchanged') saveInstance(world, instance, { taskState: null, fault });
    else if (outcome === 'error') {
      saveInstance(world, instance, { vmState: 'error', taskState: null, fault });
    } else saveInstance(world, instance, { vmState: 'error', fault });
  }
  finishEvent(world, flight.action, event, message);
  endFlight(world, flight);
}
