import { beginAction, beginEvent, finishEvent } from './action-log.ts';
import { afterOnCompute, castToCompute } from './compute-steps.ts';
import { saveInstance } from './instances.ts';
import type { Instance } from './instances.ts';
import type { World } from './world.ts';

/**
 * What Nova does to make a snapshot (compute/api.py, snapshot): an image that waits for its data, with
 * the properties by which it is known; the data is the work of nova-compute. Returns the image's id.
 */
export function takeSnapshot(
  world: World,
  instance: Instance,
  name: string,
  by: { readonly requestId: string; readonly userId: string; readonly projectId: string },
): string {
  const { host, imageId: base = '' } = instance;
  const action = beginAction(world, instance, 'createImage', by);
  const id = world.random.uuid();
  const image = {
    id,
    name,
    tags: [],
    hidden: false,
    visibility: 'private',
    owner: instance.projectId,
    minDiskGb: instance.flavor.diskGb,
    properties: { image_type: 'snapshot', instance_uuid: instance.id, base_image_ref: base },
    createdAtMs: world.clock.now(),
  } as const;
  world.images.set(id, { ...image, status: 'queued' });
  saveInstance(world, instance, { taskState: 'image_snapshot_pending' });
  if (host === undefined) return id;
  castToCompute(host, () => {
    const event = beginEvent(world, action, 'compute_snapshot_instance', host.name);
    const run = (): void => {
      if (instance.deleted || instance.taskState !== 'image_snapshot_pending') return;
      world.images.set(id, { ...image, status: 'active' });
      saveInstance(world, instance, { taskState: null });
      finishEvent(world, action, event);
    };
    afterOnCompute(world, { host, delayMs: world.timings.saveMs, run, lost: () => undefined });
  });
  return id;
}
