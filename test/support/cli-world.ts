import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { policyOf } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Room } from '../../src/domain/capacity.ts';
import type { ClusterConfiguration } from '../../src/domain/cluster.ts';
import type { Evacuation, Tracked } from '../../src/domain/evacuation.ts';
import type { Aggregate } from '../../src/domain/facts.ts';
import type { Service, ServiceChange, UnreachableService } from '../../src/domain/host.ts';
import { asEvent, asHost, asInstance, type HostName } from '../../src/domain/ids.ts';
import type { Instance } from '../../src/domain/instance.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import type { FenceProof } from '../../src/domain/mark.ts';
import { applied } from '../../src/domain/outcome.ts';
import type { Instant } from '../../src/domain/time.ts';
import type { Compute, Lookout, Mover, SwitchOff } from '../../src/engine/ports.ts';
import type { ExitName } from '../../src/surfaces/cli/exit.ts';
import type { Io } from '../../src/surfaces/cli/io.ts';
import type { BackgroundStart, CloudPart, Doors, Parts } from '../../src/surfaces/cli/parts.ts';
import { runCli } from '../../src/surfaces/cli/run.ts';
import { createIdleClock } from './idle-clock.ts';

/** What a command line gave. */
export interface Ran {
  readonly exit: ExitName;
  readonly out: string;
  readonly err: string;
}

/** A compute service as Nova shows it. */
export const serviceOn = (host: string, state: 'up' | 'down' = 'up'): Service => ({
  id: `id-of-${host}`,
  host: asHost(host),
  zone: 'nova',
  status: 'enabled',
  state,
  forcedDown: false,
  disabledReason: null,
  updatedAt: '2026-11-20T11:00:00.000000',
});

/** The id of the n-th instance. */
export const instanceId = (n: number) =>
  asInstance(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);

/** An active instance. */
export const instanceOn = (host: string, n: number, change: Partial<Instance> = {}): Instance => ({
  id: instanceId(n),
  name: `vm-${String(n)}`,
  projectId: 'p',
  host: asHost(host),
  vmState: 'active',
  taskState: null,
  powerState: 1,
  imageBacked: false,
  imageId: null,
  flavor: {
    name: 'm1',
    vcpus: 1,
    ramMib: 1,
    diskGib: 1,
    ephemeralGib: 0,
    swapMib: 0,
    extraSpecs: {},
  },
  metadata: {},
  tags: [],
  locked: false,
  lockedReason: null,
  availabilityZone: null,
  launched: true,
  fault: null,
  faultAt: null,
  createdAt: '2026-11-20T10:00:00Z',
  ...change,
});

/** A tracked instance at some progress. */
export const trackedAt = (name: string, progress: Tracked['progress']): Tracked => ({
  name,
  projectId: 'p',
  before: { vmState: 'active', taskState: null, powerState: 1, locked: false },
  exclusiveGroup: null,
  progress,
});

/** Commands run on a store and a cloud in memory; everything can be changed between two runs. */
export function createCliWorld() {
  const clock = createIdleClock();
  const memory = createMemoryStore({ clock });
  const interrupt = new AbortController();
  const world = {
    clock,
    memory,
    env: { USER: 'anna' } as Record<string, string>,
    /** The configuration file; null: there is none. */
    config: null as string | null,
    isTty: false,
    frames: [] as string[],
    store: memory,
    services: [serviceOn('compute-1', 'down'), serviceOn('compute-2')] as (
      Service | UnreachableService
    )[],
    instances: [instanceOn('compute-1', 1), instanceOn('compute-1', 2)],
    aggregates: [] as readonly Aggregate[],
    newestReport: null as Instant | null,
    /** What Placement says is free; nobody asks it before that is set. */
    rooms: null as Known<readonly Room[]> | null,
    canLeaveStopped: true,
    proof: known(null, 0) as Known<FenceProof | null>,
    switches: [] as readonly SwitchOff[],
    lookout: null as Lookout | null,
    cluster: unknown('Pacemaker is not installed here') as Known<ClusterConfiguration>,
    cloud: null as CloudPart | null,
    started: [] as (readonly string[])[],
    /** What was asked of compute services. */
    changes: [] as ServiceChange[],
    background: (): BackgroundStart => NEVER_ENDS,
    closed: 0,
    events: 0,
    /** What a SIGHUP does; nothing before a worker listens. */
    hangUp: (): void => undefined,
    interrupt: () => {
      interrupt.abort();
    },
    /** Changes the record of a host as a worker would. */
    change: async (host: HostName, change: (before: Evacuation) => Evacuation) => {
      const read = await memory.read(host);
      if (read.kind === 'unknown' || read.value === null) throw new Error(`no record of ${host}`);
      const { version, evacuation } = read.value;
      await memory.write({ version, epoch: null }, change(evacuation));
      await memory.nudge(host);
    },
    run: async (...args: readonly string[]): Promise<Ran> => {
      let out = '';
      let err = '';
      const io: Io = {
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        isTty: world.isTty,
        size: () => ({ columns: 100, rows: 24 }),
        env: world.env,
        signal: interrupt.signal,
        onHangup: (listener) => void (world.hangUp = listener),
        live: () =>
          Promise.resolve({
            draw: (frame) => void world.frames.push(frame),
            done: () => undefined,
          }),
      };
      const exit = await runCli(args, io, doorsOf(world));
      return { exit, out, err };
    },
  };
  return world;
}

type World = Pick<
  ReturnType<typeof createCliWorld>,
  | 'clock'
  | 'env'
  | 'config'
  | 'store'
  | 'services'
  | 'instances'
  | 'aggregates'
  | 'newestReport'
  | 'rooms'
  | 'canLeaveStopped'
  | 'proof'
  | 'switches'
  | 'lookout'
  | 'cluster'
  | 'cloud'
  | 'started'
  | 'changes'
  | 'background'
> & { closed: number; events: number };

const NEVER_ENDS: BackgroundStart = {
  kind: 'started',
  ended: new Promise(() => undefined),
  log: '/var/lib/nova-ha/evacuate.log',
};

function doorsOf(world: World): Doors {
  return {
    version: '1.2.3',
    loadConfig: (options) =>
      Promise.resolve(
        loadConfig({
          env: world.env,
          file: options.config,
          options: options.settings,
          home: '/home/anna',
          isRoot: false,
          readFile: () =>
            world.config === null ? { kind: 'absent' } : { kind: 'text', text: world.config },
        }),
      ),
    reloadConfig: (config) =>
      Promise.resolve({
        kind: 'ok',
        config,
        policy: policyOf(config.settings),
        taken: [],
        waiting: [],
      }),
    describe: () => Promise.resolve([{ key: 'pace.in_flight', value: '20', origin: 'default' }]),
    compose: (config) => Promise.resolve(partsOf(world, config)),
  };
}

const nothing = (): void => undefined;

function partsOf(world: World, config: Parts['config']): Parts {
  const { clock } = world;
  return {
    config,
    policy: policyOf(config.settings),
    clock,
    chance: { event: () => asEvent(`event-${String((world.events += 1))}`), fraction: () => 0.5 },
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    store: world.store,
    storeWarnings: () => Promise.resolve([]),
    fencing: { proof: () => Promise.resolve(world.proof) },
    switches: world.switches,
    lookout: world.lookout,
    nodes: null,
    cluster: { configuration: () => Promise.resolve(world.cluster), dialect: 'pcs' },
    supervision: {
      ready: nothing,
      turned: nothing,
      reloading: nothing,
      reloaded: nothing,
      stopping: nothing,
    },
    machine: 'ctl-1',
    user: 'anna',
    cloud: () => Promise.resolve(world.cloud ?? cloudOf(world)),
    background: (_name, args) => {
      world.started.push(args);
      return world.background();
    },
    close: () => {
      world.closed += 1;
      return Promise.resolve();
    },
  };
}

function cloudOf(world: World): CloudPart {
  const compute: Partial<Compute> = {
    fleet: () =>
      Promise.resolve(
        known(
          {
            services: new Map(world.services.map((s) => [s.host, s])),
            conductorsUp: 1,
            schedulersUp: 1,
            ...(world.newestReport === null ? {} : { newestReport: world.newestReport }),
          },
          world.clock.now(),
        ),
      ),
    instancesOn: (host) =>
      Promise.resolve(
        world.services.some((s) => s.host === host)
          ? known(
              world.instances.filter((i) => i.host === host),
              world.clock.now(),
            )
          : unknown('an empty list that is not believed'),
      ),
    sighting: (id) => {
      const found = world.instances.find((one) => one.id === id);
      return Promise.resolve(known(found ?? null, world.clock.now()));
    },
    changeService: (id, change) => {
      world.changes.push(change);
      return Promise.resolve(applied({ ...serviceOn('any'), id }));
    },
    groups: () => Promise.resolve(known([], world.clock.now())),
    evacuationsFrom: () => Promise.resolve(known([], world.clock.now())),
    aggregates: () => Promise.resolve(known(world.aggregates, world.clock.now())),
    canLeaveStopped: () => Promise.resolve(known(world.canLeaveStopped, world.clock.now())),
  };
  const { rooms } = world;
  return {
    kind: 'ok',
    compute: compute as Compute,
    ...(rooms === null ? {} : { capacity: { rooms: () => Promise.resolve(rooms) } }),
    images: {
      byId: () => Promise.resolve(known(new Map(), world.clock.now())),
      anyTagged: () => Promise.resolve(known(false, world.clock.now())),
      madeSince: () => Promise.resolve(known([], world.clock.now())),
    },
    mover: { movesFrom: () => Promise.resolve(known([], world.clock.now())) } as unknown as Mover,
    description: 'a cloud in memory',
    signIn: () => Promise.resolve(null),
    check: () => Promise.resolve([]),
  };
}
