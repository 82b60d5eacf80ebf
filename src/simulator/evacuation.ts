import { beginAction, beginEvent, finishEvent } from './action-log.ts';
import { castToCompute } from './compute-steps.ts';
import { allocate, isPlaneUp, release } from './hosts.ts';
import type { Host } from './hosts.ts';
import type { Instance } from './instances.ts';
import { saveInstance } from './instances.ts';
import { createMigration, firstAccepted, setMigrationStatus } from './migrations.ts';
import type { Migration } from './migrations.ts';
import { rebuildOnDestination } from './rebuild.ts';
import { selectDestination } from './scheduler.ts';
import { countFlight, countFlightTo, endFlight } from './world.ts';
import type { Flight, World } from './world.ts';

/** An evacuate request that has passed nova-api's checks. */
export interface EvacuateOrder {
  readonly instance: Instance;
  readonly source: Host;
  readonly requestedHost: Host | undefined;
  readonly bypassScheduler: boolean;
  readonly endStopped: boolean;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
}

/**
 * What nova-api does with it (compute/api.py, evacuate): task state without any expectation, a
 * new `accepted` row, a cast to the conductor. Returns undefined if the cast fails (RabbitMQ is
 * down): the row stays behind all the same, which is why a 500 settles nothing.
 */
export function acceptEvacuation(world: World, order: EvacuateOrder): Migration | undefined {
  const { instance, requestId, userId, projectId } = order;
  const action = beginAction(world, instance, 'evacuate', order);
  saveInstance(world, instance, { taskState: 'rebuilding' });
  const migration = createMigration(world, {
    instance,
    type: 'evacuation',
    source: order.source,
    userId,
    projectId,
    destName: order.requestedHost?.name,
    status: 'accepted',
  });
  instance.evacuatePosts.push({
    atMs: world.clock.now(),
    requestId,
    migrationUuid: migration.uuid,
    source: order.source.name,
  });
  if (!world.plane.rabbitUp) return undefined;
  const flight: Flight = {
    instance,
    action,
    userId,
    projectId,
    requestedHost: order.requestedHost,
    bypassScheduler: order.bypassScheduler,
    endStopped: order.endStopped,
    originalVmState: instance.vmState,
    migration: undefined,
    dest: undefined,
    event: undefined,
    counted: false,
  };
  countFlight(world, flight);
  castToConductor(world, flight);
  return migration;
}

function castToConductor(world: World, flight: Flight): void {
  if (!world.plane.conductorUp || !world.plane.rabbitUp) {
    world.plane.conductorQueue.push(() => {
      castToConductor(world, flight);
    });
    return;
  }
  world.plane.inConductor.add(flight);
  const startMs = world.clock.now() + world.timings.conductorMs;
  world.clock.at(startMs, () => {
    if (world.plane.inConductor.has(flight)) conduct(world, flight);
  });
}

/** conductor/manager.py, rebuild_instance: takes the first accepted row, which may be another request's. */
function conduct(world: World, flight: Flight): void {
  const { instance } = flight;
  if (instance.deleted) {
    endFlight(world, flight);
    return;
  }
  flight.migration = firstAccepted(instance);
  flight.event = beginEvent(world, flight.action, 'rebuild_server', 'controller-1');
  if (flight.bypassScheduler && flight.requestedHost !== undefined) {
    sendToDestination(world, flight, flight.requestedHost);
    return;
  }
  const answers = world.plane.schedulerUp && isPlaneUp(world);
  const { schedulerMs, rpcResponseTimeoutMs } = world.timings;
  world.clock.at(world.clock.now() + (answers ? schedulerMs : rpcResponseTimeoutMs), () => {
    if (!world.plane.inConductor.has(flight)) return;
    if (answers && world.plane.schedulerUp) schedule(world, flight);
    else orphan(world, flight, 'MessagingTimeout: Timed out waiting for a reply');
  });
}

function schedule(world: World, flight: Flight): void {
  const { instance, requestedHost } = flight;
  const dest = selectDestination(world, {
    instance,
    ignored: instance.host,
    requested: requestedHost,
  });
  if (dest === undefined) {
    failScheduling(world, flight);
    return;
  }
  allocate(dest, instance);
  sendToDestination(world, flight, dest);
}

/** NoValidHost: the only failure which turns the row to `error`, and the instance with it. */
function failScheduling(world: World, flight: Flight): void {
  const { instance } = flight;
  const message =
    flight.requestedHost === undefined
      ? 'No valid host was found. There are not enough hosts available.'
      : 'No valid host was found. ';
  if (flight.migration !== undefined) setMigrationStatus(world, flight.migration, 'error');
  saveInstance(world, instance, {
    vmState: 'error',
    taskState: null,
    fault: { code: 500, message, createdAtMs: world.clock.now() },
  });
  if (flight.event !== undefined) finishEvent(world, flight.action, flight.event, message);
  endFlight(world, flight);
}

/** An exception nobody handles: the row stays `accepted` and the task state `rebuilding` for ever. */
function orphan(world: World, flight: Flight, message: string): void {
  if (flight.event !== undefined) finishEvent(world, flight.action, flight.event, message);
  endFlight(world, flight);
}

/** The conductor's cast; its event says Success as soon as the message is sent. */
function sendToDestination(world: World, flight: Flight, dest: Host): void {
  world.plane.inConductor.delete(flight);
  if (!world.plane.rabbitUp) {
    release(dest, flight.instance);
    orphan(world, flight, 'MessageDeliveryFailure: Unable to connect to AMQP server');
    return;
  }
  if (flight.event !== undefined) finishEvent(world, flight.action, flight.event);
  if (dest.compute === 'running' || dest.compute === 'frozen') countFlightTo(flight, dest);
  else endFlight(world, flight);
  castToCompute(dest, () => {
    rebuildOnDestination(world, flight, dest);
  });
}
