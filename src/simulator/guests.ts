import type { Host } from './hosts.ts';
import type { Instance } from './instances.ts';
import type { World } from './world.ts';

/** One instance that ran on two hosts at once: what must never happen. */
export interface DoubleRun {
  readonly instanceId: string;
  readonly hosts: readonly string[];
  readonly atMs: number;
}

/** Where the guest of an instance runs at this moment. */
export interface GuestPlace {
  readonly instanceId: string;
  readonly hosts: readonly string[];
  /** Its record is deleted: nobody will ever stop this guest. */
  readonly orphan: boolean;
}

/** Changes what a hypervisor does with a guest (undefined: forgets it) and records doubles as they happen. */
export function setGuest(
  world: World,
  host: Host,
  instance: Instance,
  state: 'running' | 'stopped' | undefined,
): void {
  if (state === undefined) host.guests.delete(instance);
  else host.guests.set(instance, state);
  const index = instance.runsOn.indexOf(host);
  if (state !== 'running') {
    if (index >= 0) instance.runsOn.splice(index, 1);
    return;
  }
  if (index >= 0) return;
  instance.runsOn.push(host);
  if (instance.runsOn.length > 1) {
    world.truth.doubles.push({
      instanceId: instance.id,
      hosts: instance.runsOn.map((other) => other.name),
      atMs: world.clock.now(),
    });
  }
}

/** Every instance with the hosts on which its guest runs, orphans included. */
export function listGuests(world: World): GuestPlace[] {
  const places: GuestPlace[] = [];
  for (const instance of world.instances.byId.values()) {
    if (instance.deleted && instance.runsOn.length === 0) continue;
    places.push({
      instanceId: instance.id,
      hosts: instance.runsOn.map((host) => host.name),
      orphan: instance.deleted,
    });
  }
  return places;
}
