import { setGuest } from './guests.ts';
import { allocate } from './hosts.ts';
import type { Flavor, Instance, Volume } from './instances.ts';
import { setInstanceHost } from './instances.ts';
import type { World } from './world.ts';

/** What to boot; `count` instances of the same kind. */
export interface BootOptions {
  readonly host?: string;
  readonly count?: number;
  readonly id?: string;
  readonly name?: string;
  readonly vmState?: string;
  readonly taskState?: string | null;
  readonly powerState?: number;
  /** Null boots from a volume; without it, from the default image. */
  readonly imageId?: string | null;
  readonly volumes?: readonly Volume[];
  readonly flavor?: Partial<Flavor>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  readonly lockedBy?: 'owner' | 'admin';
  readonly lockedReason?: string;
  readonly groupId?: string;
  readonly pinnedZone?: string;
  readonly projectId?: string;
  readonly userId?: string;
  /** False: it never became active (launched_at is null). */
  readonly launched?: boolean;
}

/** The default image of booted instances. */
export const DEFAULT_IMAGE_ID = '70a599e0-31e7-49b7-b260-868f441e862b';

const DEFAULT_FLAVOR: Flavor = {
  id: '1',
  name: 'm1.tiny',
  vcpus: 1,
  memoryMb: 512,
  diskGb: 1,
  ephemeralGb: 0,
  swapMb: 0,
  extraSpecs: {},
};

const NO_RECORD: Readonly<Record<string, string>> = {};
const RUNNING_STATES = new Set(['active', 'paused', 'rescued', 'resized', 'error']);
const POWER_STATES: Readonly<Record<string, number>> = {
  stopped: 4,
  suspended: 4,
  building: 0,
  paused: 3,
  shelved: 4,
};

function createInstance(world: World, options: BootOptions, index: number): Instance {
  const nowMs = world.clock.now();
  const vmState = options.vmState ?? 'active';
  const seq = world.instances.nextSeq++;
  const baseName = options.name ?? `vm-${seq}`;
  const launched = options.launched ?? vmState !== 'building';
  return {
    id: index === 0 && options.id !== undefined ? options.id : world.random.uuid(),
    seq,
    name:
      options.name !== undefined && (options.count ?? 1) > 1
        ? `${baseName}-${index + 1}`
        : baseName,
    projectId: options.projectId ?? world.identity.defaultProjectId,
    userId: options.userId ?? world.identity.defaultUserId,
    flavor:
      options.flavor === undefined ? DEFAULT_FLAVOR : { ...DEFAULT_FLAVOR, ...options.flavor },
    imageId: options.imageId === null ? undefined : (options.imageId ?? DEFAULT_IMAGE_ID),
    volumes:
      options.volumes ??
      (options.imageId === null ? [{ id: world.random.uuid(), deleteOnTermination: false }] : []),
    metadata: options.metadata ?? NO_RECORD,
    tags: options.tags ?? [],
    groupId: options.groupId,
    pinnedZone: options.pinnedZone,
    createdAtMs: nowMs,
    host: undefined,
    vmState,
    taskState: options.taskState ?? null,
    powerState: options.powerState ?? POWER_STATES[vmState] ?? 1,
    updatedAtMs: nowMs,
    launchedAtMs: launched ? nowMs : undefined,
    deleted: false,
    lockedBy: options.lockedBy,
    lockedReason: options.lockedReason ?? null,
    fault: undefined,
    runsOn: [],
    diskLost: false,
    disk: options.imageId === null ? undefined : (options.imageId ?? DEFAULT_IMAGE_ID),
    actions: [],
    migrations: [],
    evacuatePosts: [],
  };
}

/** Creates instances where the options say, at once and without a scheduler. */
export function bootInstances(world: World, options: BootOptions): Instance[] {
  const host = options.host === undefined ? undefined : world.hosts.get(options.host);
  if (options.host !== undefined && host === undefined) {
    throw new Error(`cannot boot on ${options.host}: the simulated cloud has no such host`);
  }
  const booted: Instance[] = [];
  for (let index = 0; index < (options.count ?? 1); index += 1) {
    const instance = createInstance(world, options, index);
    world.instances.byId.set(instance.id, instance);
    world.instances.ordered.push(instance);
    world.instances.byIdOrder = undefined;
    if (options.flavor !== undefined) world.flavors.set(instance.flavor.id, instance.flavor);
    if (instance.groupId !== undefined) world.groups.get(instance.groupId)?.members.add(instance);
    if (host !== undefined) {
      setInstanceHost(instance, host);
      allocate(host, instance);
      if (RUNNING_STATES.has(instance.vmState) && instance.powerState !== 4) {
        setGuest(world, host, instance, 'running');
      } else if (instance.vmState !== 'building') setGuest(world, host, instance, 'stopped');
    }
    booted.push(instance);
  }
  world.flavors.set(DEFAULT_FLAVOR.id, DEFAULT_FLAVOR);
  return booted;
}
