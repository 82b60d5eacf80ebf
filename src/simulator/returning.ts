import { drainQueue } from './compute-steps.ts';
import { setGuest } from './guests.ts';
import { isPlaneUp, release, setReporting } from './hosts.ts';
import type { Host } from './hosts.ts';
import { saveInstance } from './instances.ts';
import type { Instance } from './instances.ts';
import { setMigrationStatus } from './migrations.ts';
import type { Migration } from './migrations.ts';
import type { World } from './world.ts';

const CLEANED = new Set(['accepted', 'pre-migrating', 'done']);

function rowsToClean(host: Host): Migration[] {
  return host.migrationsFrom.filter((row) => row.type === 'evacuation' && CLEANED.has(row.status));
}

/**
 * Starts nova-compute: first it destroys what was evacuated (compute/manager.py, init_host), only
 * then it reports. It does not look at forced_down or disabled, which both survive.
 */
export function startCompute(world: World, host: Host): void {
  if (host.machine !== 'on' || host.compute !== 'stopped') return;
  host.life += 1;
  host.compute = 'starting';
  const life = host.life;
  // On local disks it asks the destination whether it sees a file; without a destination it asks
  // itself, before it listens: one time-out for each such row.
  const unanswered =
    host.storage === 'local'
      ? rowsToClean(host).filter((row) => row.destName === undefined).length
      : 0;
  const durationMs = world.timings.cleanupMs + unanswered * world.timings.rpcResponseTimeoutMs;
  const initialise = (): void => {
    if (host.life !== life) return;
    if (isPlaneUp(world)) becomeReady(world, host);
    else world.clock.at(world.clock.now() + world.timings.reportIntervalMs, initialise);
  };
  world.clock.at(world.clock.now() + durationMs, initialise);
}

function becomeReady(world: World, host: Host): void {
  const evacuated = new Set<Instance>();
  for (const row of rowsToClean(host)) {
    evacuated.add(row.instance);
    cleanUp(world, host, row);
  }
  for (const instance of host.instances) {
    if (!evacuated.has(instance)) initialiseInstance(world, host, instance);
  }
  host.compute = 'running';
  host.traitDisabled = host.disabled;
  setReporting(world, host, world.clock.now() + world.timings.firstReportMs);
  schedulePowerSync(world, host);
  drainQueue(host);
}

function cleanUp(world: World, host: Host, row: Migration): void {
  const { instance } = row;
  // A row may be older than the instance's return to this host: Nova spares what lives here again.
  const isBack = row.status === 'done' && instance.host === host;
  if (!isBack) {
    const keepsDisk = host.storage !== 'local' || row.destName === undefined;
    if (!keepsDisk && instance.imageId !== undefined && instance.host === host) {
      instance.diskLost = true;
    }
    setGuest(world, host, instance, undefined);
    release(host, instance);
  }
  setMigrationStatus(world, row, 'completed');
}

function initialiseInstance(world: World, host: Host, instance: Instance): void {
  if (instance.vmState === 'error') return;
  if (instance.taskState?.startsWith('rebuil') === true) {
    saveInstance(world, instance, { vmState: 'error', taskState: null });
    return;
  }
  if (instance.taskState !== null) saveInstance(world, instance, { taskState: null });
  const isStopped = host.guests.get(instance) !== 'running';
  if (instance.vmState === 'active' && isStopped && world.habits.resumeGuests) {
    setGuest(world, host, instance, 'running');
  }
}

/** _sync_power_states: an active instance without a running guest becomes stopped, once per start here. */
function schedulePowerSync(world: World, host: Host): void {
  const life = host.life;
  world.clock.at(world.clock.now() + world.timings.powerSyncMs, () => {
    if (host.life !== life) return;
    for (const instance of host.instances) {
      const runs = host.guests.get(instance) === 'running';
      if (instance.vmState === 'active' && instance.taskState === null && !runs) {
        saveInstance(world, instance, { vmState: 'stopped', powerState: 4 });
      }
    }
  });
}
