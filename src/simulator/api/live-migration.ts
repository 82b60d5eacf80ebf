import { beginAction } from '../action-log.ts';
import { setGuest } from '../guests.ts';
import { allocate, isServiceUp, release } from '../hosts.ts';
import type { Host } from '../hosts.ts';
import { saveInstance, setInstanceHost } from '../instances.ts';
import type { Instance } from '../instances.ts';
import { createMigration, setMigrationDest, setMigrationStatus } from '../migrations.ts';
import type { Migration } from '../migrations.ts';
import { asRecord, fault, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { selectDestination } from '../scheduler.ts';
import type { World } from '../world.ts';
import { forbidden } from './context.ts';
import type { Call } from './context.ts';

/** Memory has been copied: the guest stops here and goes on there, in one moment. */
function complete(world: World, instance: Instance, row: Migration, dest: Host): void {
  const { source } = row;
  const isBroken = source.compute !== 'running' || dest.compute !== 'running';
  if (instance.deleted || isBroken || source.guests.get(instance) !== 'running') {
    setMigrationStatus(world, row, 'error');
    release(dest, instance);
    if (!instance.deleted) saveInstance(world, instance, { taskState: null });
    return;
  }
  setGuest(world, source, instance, undefined);
  setGuest(world, dest, instance, 'running');
  release(source, instance);
  setInstanceHost(instance, dest);
  saveInstance(world, instance, { taskState: null });
  setMigrationStatus(world, row, 'completed');
}

/** The os-migrateLive action: the healthy way out of a host, for hosts that are drained. */
export function migrateLive(call: Call, instance: Instance, value: unknown): ApiResponse {
  const { world, requestId, projectId } = call;
  if (!call.policy.migrateLive) return forbidden('os-migrate-server:migrate_live');
  const { id, vmState, taskState, host: source } = instance;
  if (vmState !== 'active' && vmState !== 'paused') {
    return fault(409, `Cannot 'os-migrateLive' instance ${id} while it is in vm_state ${vmState}`);
  }
  if (taskState !== null) {
    return fault(
      409,
      `Cannot 'os-migrateLive' instance ${id} while it is in task_state ${taskState}`,
    );
  }
  if (source === undefined || !isServiceUp(world, source)) {
    return fault(400, `Compute service of ${source?.name ?? 'None'} is unavailable at this time.`);
  }
  const name = asRecord(value)?.['host'];
  const requested = typeof name === 'string' ? world.hosts.get(name) : undefined;
  if (typeof name === 'string' && requested === undefined) {
    return fault(400, `Compute host ${name} could not be found.`);
  }
  const userId = call.token.user.id;
  beginAction(world, instance, 'live-migration', { requestId, userId, projectId });
  saveInstance(world, instance, { taskState: 'migrating' });
  const destName = requested?.name;
  const row = createMigration(world, {
    instance,
    type: 'live-migration',
    source,
    userId,
    projectId,
    destName,
    status: 'queued',
  });
  const { schedulerMs, spawnMs } = world.timings;
  world.clock.at(world.clock.now() + schedulerMs, () => {
    const dest = selectDestination(world, { instance, ignored: source, requested });
    if (dest === undefined) {
      setMigrationStatus(world, row, 'error');
      saveInstance(world, instance, { taskState: null });
      return;
    }
    allocate(dest, instance);
    setMigrationDest(row, dest);
    setMigrationStatus(world, row, 'running');
    const copyMs = typeof spawnMs === 'number' ? spawnMs : spawnMs(dest.name);
    world.clock.at(world.clock.now() + copyMs, () => {
      complete(world, instance, row, dest);
    });
  });
  return reply(202);
}
