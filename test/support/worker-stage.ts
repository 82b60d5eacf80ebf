import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { createRedisStore } from '../../src/adapters/store/redis.ts';
import { createSystemChance, createSystemClock } from '../../src/adapters/system.ts';
import { isActive } from '../../src/domain/evacuation.ts';
import { asHost } from '../../src/domain/ids.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { markHost } from '../../src/engine/mark-host.ts';
import type { Log, Store } from '../../src/engine/ports.ts';
import { createRealClock } from '../../src/simulator/clock.ts';
import { createCloud, type Cloud, type CloudOptions } from '../../src/simulator/cloud.ts';
import { createFaults } from '../../src/simulator/faults.ts';
import { isServiceUp } from '../../src/simulator/hosts.ts';
import { createRandom } from '../../src/simulator/random.ts';
import type { ApiRequest } from '../../src/simulator/request.ts';
import { startSimulator, type Simulator } from '../../src/simulator/server.ts';
import { built, startProgram, type Finished, type Running } from './built-agent.ts';
import { workersOf } from './cli-process.ts';
import { until } from './until.ts';

/** Where the marks are kept. */
export type StagePlace =
  | { readonly kind: 'file' }
  | { readonly kind: 'redis'; readonly port: number }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly string[] };

/** How a stage is set. */
export interface StageOptions {
  readonly place?: StagePlace;
  readonly hosts?: number;
  readonly spawnMs?: number;
  readonly seed?: number;
  /** Another program than the built one. */
  readonly program?: string;
  /** NOVA_HA_* and other variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sees every request before the simulated cloud does. */
  readonly onRequest?: (request: ApiRequest, cloud: Cloud) => void;
  readonly cloud?: Pick<CloudOptions, 'identity' | 'timings'>;
}

/** A simulated cloud over HTTP, a store, and worker processes on both. */
export interface Stage {
  readonly cloud: Cloud;
  readonly simulator: Simulator;
  readonly store: Store;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Starts the program; `worker` when nothing else is said. */
  start(args?: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Starts a worker and waits until it watches the store. */
  startWorker(env?: Readonly<Record<string, string>>): Promise<Running>;
  /** The host dies, and Nova comes to see it. */
  lose(host: string): Promise<void>;
  /** Marks it as the fence agent does; the event that was acknowledged. */
  mark(host: string): Promise<string>;
  isSettled(...hosts: readonly string[]): Promise<boolean>;
  stop(): Promise<void>;
}

const QUICK = {
  conductorMs: 5,
  schedulerMs: 5,
  claimMs: 5,
  prepareMs: 5,
  saveMs: 5,
  finishMs: 5,
  reportIntervalMs: 200,
  serviceDownTimeMs: 1000,
  cleanupMs: 10,
};

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** What of the configuration follows from the place of the marks. */
function storeEnv(place: StagePlace): Readonly<Record<string, string>> {
  switch (place.kind) {
    case 'file':
      return {};
    case 'redis':
      return {
        NOVA_HA_STORE_KIND: 'redis',
        NOVA_HA_STORE_REDIS_URL: `redis://127.0.0.1:${String(place.port)}`,
      };
    case 'sentinel':
      return {
        NOVA_HA_STORE_KIND: 'redis',
        NOVA_HA_STORE_REDIS_SENTINELS: place.sentinels.join(','),
      };
  }
}

function openStore(place: StagePlace, directory: string): Store {
  const clock = createSystemClock();
  switch (place.kind) {
    case 'file':
      return createFileStore({ directory: join(directory, 'state', 'store'), clock });
    case 'redis':
      return createRedisStore({ redis: { url: `redis://127.0.0.1:${String(place.port)}` }, clock });
    case 'sentinel':
      return createRedisStore({ redis: { sentinels: place.sentinels }, clock });
  }
}

function environment(directory: string, authUrl: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: directory,
    USER: 'anna',
    OS_AUTH_URL: authUrl,
    OS_USERNAME: 'admin',
    OS_PASSWORD: 'secret',
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_REGION_NAME: 'RegionOne',
    NOVA_HA_STATE_DIRECTORY: join(directory, 'state'),
    NOVA_HA_RUN_DIRECTORY: join(directory, 'run'),
    NOVA_HA_WORKER_LEASE: '2s',
    NOVA_HA_WORKER_POLL: '100ms',
    NOVA_HA_PACE_POLL_MIN: '50ms',
    NOVA_HA_PACE_POLL_MAX: '300ms',
    NOVA_HA_RETRY_BACKOFF: '100ms',
    NOVA_HA_RETRY_BACKOFF_MAX: '500ms',
    NOVA_HA_STORM_MAX_SHARE: '1',
    NOVA_HA_STORM_MAX_HOSTS: '100',
  };
}

// A test that ran out of time leaves no process behind either.
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Sets a stage; `stop` ends every process that was started on it. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const { place = { kind: 'file' }, hosts = 4, spawnMs = 200, seed = 1 } = options;
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-worker-'));
  const cloud = createCloud({
    clock: createRealClock(),
    random: createRandom(seed),
    hosts,
    ...options.cloud,
    timings: { ...QUICK, spawnMs, ...options.cloud?.timings },
  });
  const faults = createFaults(cloud.world.random);
  const decide: typeof faults.decide = (request) => {
    options.onRequest?.(request, cloud);
    return faults.decide(request);
  };
  const simulator = await startSimulator({ cloud, faults: { ...faults, decide } });
  const base = environment(directory, simulator.authUrl);
  const env = { ...base, ...storeEnv(place), ...options.env };
  const store = openStore(place, directory);
  const running: Running[] = [];
  const start: Stage['start'] = (args = ['worker'], more = {}) => {
    const program = options.program ?? built('nova-ha.cjs');
    const given = { args: [program, ...args], env: { ...env, ...more }, cwd: directory };
    const process_ = startProgram(process.execPath, given);
    running.push(process_);
    alive.add(process_.child);
    process_.child.once('close', () => alive.delete(process_.child));
    return process_;
  };
  return {
    cloud,
    simulator,
    store,
    directory,
    env,
    start,
    startWorker: async (more) => {
      const worker = start(['worker'], more);
      await watching(worker);
      return worker;
    },
    lose: async (host) => {
      cloud.powerOff(host);
      await until(() => !isServiceUp(cloud.world, cloud.host(host)));
    },
    mark: (host) => markAsAgent(store, host),
    isSettled: async (...names) => {
      const records = await Promise.all(names.map((name) => store.read(asHost(name))));
      return records.every(
        (read) => read.kind === 'known' && read.value !== null && !isActive(read.value.evacuation),
      );
    },
    stop: async () => {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ finished }) => finished));
      for (const pid of await workersOf(directory)) process.kill(pid, 'SIGKILL');
      await store.close();
      await simulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves when a worker says that it watches the store; fails when it ends before. */
export function watching({ child, finished }: Running): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(' watches ')) resolve();
    });
    void finished.then(({ err }) => {
      reject(new Error(`the worker ended: ${err}`));
    });
  });
}

/** Ends a worker in peace. */
export function terminate({ child, finished }: Running): Promise<Finished> {
  child.kill('SIGTERM');
  return finished;
}

const clock = createSystemClock();
const chance = createSystemChance();

/** Marks until the mark is durable, as the fence agent does within its time-out. */
async function markAsAgent(store: Store, name: string): Promise<string> {
  const host = asHost(name);
  let event = '';
  await until(async () => {
    const outcome = await markHost(
      { store, clock, chance, log: SILENT },
      {
        host,
        origin: 'fence-agent',
        by: 'ctl-1',
        claim: { source: 'mark', at: clock.now(), detail: 'fence_nova off' },
        request: wholeHost,
      },
    );
    if (outcome.kind === 'applied') event = outcome.value.event;
    return outcome.kind === 'applied';
  }, 60_000);
  return event;
}
