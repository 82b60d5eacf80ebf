import { beginAction, beginEvent, finishEvent } from './action-log.ts';
import { afterOnCompute, castToCompute } from './compute-steps.ts';
import { setGuest } from './guests.ts';
import { isPlaneUp } from './hosts.ts';
import type { Host } from './hosts.ts';
import { saveInstance } from './instances.ts';
import type { Instance, InstanceAction } from './instances.ts';
import type { World } from './world.ts';

/** A rebuild on the same host that nova-api has taken. */
interface Order {
  readonly world: World;
  readonly instance: Instance;
  readonly action: InstanceAction;
  readonly host: Host;
  readonly imageId: string;
  readonly earlierImageId: string | undefined;
  readonly wasStopped: boolean;
}

/**
 * What nova-api does with a rebuild (compute/api.py, rebuild): task state and image at once, then a
 * cast to the conductor. False if the cast fails; what was written stays.
 */
export function acceptRebuild(
  world: World,
  instance: Instance,
  imageId: string,
  by: { readonly requestId: string; readonly userId: string; readonly projectId: string },
): boolean {
  const { host } = instance;
  if (host === undefined) return false;
  const action = beginAction(world, instance, 'rebuild', by);
  const order: Order = {
    world,
    instance,
    action,
    host,
    imageId,
    earlierImageId: instance.imageId,
    wasStopped: instance.vmState === 'stopped',
  };
  instance.imageId = imageId;
  saveInstance(world, instance, { taskState: 'rebuilding' });
  if (!world.plane.rabbitUp) return false;
  conduct(order);
  return true;
}

/** With another image the scheduler is asked whether the host may stay (CVE-2017-16239). */
function conduct(order: Order): void {
  const { world, instance, host } = order;
  const { plane, timings, clock } = world;
  if (!plane.conductorUp || !plane.rabbitUp) {
    plane.conductorQueue.push(() => {
      conduct(order);
    });
    return;
  }
  const event = beginEvent(world, order.action, 'rebuild_server', 'controller-1');
  clock.at(clock.now() + timings.conductorMs + timings.schedulerMs, () => {
    // Nobody handles the time-out of the scheduler: the task state stays for ever.
    if (instance.deleted || !plane.schedulerUp || !isPlaneUp(world)) return;
    if (order.imageId !== order.earlierImageId && !schedulerTakes(order)) {
      instance.imageId = order.earlierImageId;
      const why = 'No valid host was found. There are not enough hosts available.';
      fail(order, why);
      finishEvent(world, order.action, event, why);
      return;
    }
    finishEvent(world, order.action, event);
    castToCompute(host, () => {
      build(order);
    });
  });
}

/** The filters that run for a rebuild look at what the image asks of the host, not at its room. */
function schedulerTakes({ world, host, imageId }: Order): boolean {
  const architecture = world.images.get(imageId)?.properties['hw_architecture'] ?? 'x86_64';
  return host.spawnFailure !== 'claim' && architecture === 'x86_64';
}

/** compute/manager.py, rebuild_instance on the present host: the old guest goes, a new one comes. */
function build(order: Order): void {
  const { world, instance, host, action } = order;
  const event = beginEvent(world, action, 'compute_rebuild_instance', host.name);
  const { spawnMs } = world.timings;
  const delayMs = host.spawnMs ?? (typeof spawnMs === 'number' ? spawnMs : spawnMs(host.name));
  if (!isStill(order, 'rebuilding')) return;
  saveInstance(world, instance, { taskState: 'rebuild_spawning' });
  setGuest(world, host, instance, undefined);
  const run = (): void => {
    if (!isStill(order, 'rebuild_spawning')) return;
    if (host.spawnFailure !== undefined) {
      fail(order, 'internal error: process exited while connecting to monitor');
      finishEvent(world, action, event, 'spawn failed');
      return;
    }
    instance.disk = order.imageId;
    instance.diskLost = false;
    const end = order.wasStopped ? 'stopped' : 'active';
    setGuest(world, host, instance, order.wasStopped ? 'stopped' : 'running');
    const powerState = order.wasStopped ? 4 : 1;
    saveInstance(world, instance, { vmState: end, taskState: null, powerState, fault: undefined });
    finishEvent(world, action, event);
  };
  afterOnCompute(world, { host, delayMs, run, lost: () => undefined });
}

const isStill = ({ instance, host }: Order, taskState: string): boolean =>
  !instance.deleted && instance.host === host && instance.taskState === taskState;

function fail({ world, instance }: Order, message: string): void {
  const fault = { code: 500, message, createdAtMs: world.clock.now() };
  saveInstance(world, instance, { vmState: 'error', taskState: null, fault });
}
