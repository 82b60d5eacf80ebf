import type { Host } from './hosts.ts';
import type { Migration } from './migrations.ts';
import type { World } from './world.ts';

/** The flavor as it is embedded in an instance. */
export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  readonly ephemeralGb: number;
  readonly swapMb: number;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** A volume attached to an instance. */
export interface Volume {
  readonly id: string;
  readonly deleteOnTermination: boolean;
}

/** One step of an instance action. */
export interface ActionEvent {
  readonly event: string;
  readonly startedAtMs: number;
  readonly host: string | null;
  finishedAtMs: number | null;
  result: 'Success' | 'Error' | null;
  details: string | null;
}

/** One request that changed an instance, kept under Nova's local request id. */
export interface InstanceAction {
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly startedAtMs: number;
  updatedAtMs: number;
  message: string | null;
  readonly events: ActionEvent[];
}

/** What went wrong last. */
export interface InstanceFault {
  readonly code: number;
  readonly message: string;
  readonly createdAtMs: number;
}

/** One accepted evacuate request: the ground truth against which idempotence is judged. */
export interface EvacuatePost {
  readonly atMs: number;
  readonly requestId: string;
  readonly migrationUuid: string;
  readonly source: string;
}

/** A server, as Nova's database has it, with the ground truth beside it. */
export interface Instance {
  readonly id: string;
  readonly seq: number;
  readonly name: string;
  readonly projectId: string;
  readonly userId: string;
  readonly flavor: Flavor;
  /** Undefined: boot from volume. */
  imageId: string | undefined;
  readonly volumes: readonly Volume[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly groupId: string | undefined;
  /** Availability zone it was asked for, which binds it. */
  readonly pinnedZone: string | undefined;
  readonly createdAtMs: number;
  host: Host | undefined;
  vmState: string;
  taskState: string | null;
  powerState: number;
  updatedAtMs: number;
  launchedAtMs: number | undefined;
  deleted: boolean;
  lockedBy: 'owner' | 'admin' | undefined;
  lockedReason: string | null;
  fault: InstanceFault | undefined;
  /** Ground truth: hosts on which its guest runs now. */
  readonly runsOn: Host[];
  /** Ground truth: its root disk was recreated or erased. */
  diskLost: boolean;
  /** Ground truth: the image from which its root disk was made last. */
  disk: string | undefined;
  readonly actions: InstanceAction[];
  readonly migrations: Migration[];
  readonly evacuatePosts: EvacuatePost[];
}

/** Moves the record of an instance and keeps the index by host. */
export function setInstanceHost(instance: Instance, host: Host | undefined): void {
  instance.host?.instances.delete(instance);
  instance.host = host;
  host?.instances.add(instance);
}

/** Saves states of an instance as Nova does, with a new updated_at. */
export function saveInstance(
  world: World,
  instance: Instance,
  change: Partial<
    Pick<Instance, 'vmState' | 'taskState' | 'powerState' | 'fault' | 'launchedAtMs'>
  >,
): void {
  Object.assign(instance, change);
  instance.updatedAtMs = world.clock.now();
}

/** Deletes the record: instance and migrations vanish from the API, guests are another matter. */
export function removeInstance(world: World, instance: Instance): void {
  instance.deleted = true;
  instance.updatedAtMs = world.clock.now();
  for (const migration of instance.migrations) migration.deleted = true;
  setInstanceHost(instance, undefined);
  if (instance.groupId !== undefined) world.groups.get(instance.groupId)?.members.delete(instance);
  const { ordered } = world.instances;
  world.instances.byIdOrder = undefined;
  const index = positionAfter(world, instance.seq) - 1;
  if (ordered[index] === instance) ordered.splice(index, 1);
}

/** Where, in the order of creation, instances younger than `seq` begin (binary search). */
export function positionAfter(world: World, seq: number): number {
  const { ordered } = world.instances;
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ordered[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
