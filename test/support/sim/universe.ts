import { createOpenStack } from '../../../src/adapters/openstack/openstack.ts';
import { isActive, tracked } from '../../../src/domain/evacuation.ts';
import { asEvent, asHost, asWorker } from '../../../src/domain/ids.ts';
import { known } from '../../../src/domain/known.ts';
import { wholeHost, type FenceProof, type Request } from '../../../src/domain/mark.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import { markHost, unmarkHost, type MarkingParts } from '../../../src/engine/mark-host.ts';
import type { Chance, Log, Store, Stored } from '../../../src/engine/ports.ts';
import type { DecisionCore } from '../../../src/engine/turn.ts';
import { createWorker, type Worker } from '../../../src/engine/worker.ts';
import { createVirtualClock, type VirtualClock } from '../../../src/simulator/clock.ts';
import { createCloud, type Cloud } from '../../../src/simulator/cloud.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import type { Timings } from '../../../src/simulator/timings.ts';
import type { Deaths } from './deaths.ts';
import { SILENT } from './log.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createSimHttp, type Weather } from './network.ts';
import { createProcess, type SimProcess } from './processes.ts';
import { createSimStore, type StoreWeather } from './stores.ts';
import { createVault } from './vault.ts';

/** The start of every simulated history. */
export const START_MS = Date.UTC(2026, 10, 20, 12);

/** How long after another a worker has read its file anew. */
const RELOADS_APART_MS = 2000;

/** How a universe is made; the seed decides everything that is left to chance. */
export interface UniverseOptions {
  readonly seed: number;
  readonly hosts: number;
  readonly policy: Policy;
  readonly timings?: Partial<Timings>;
  readonly leaseMs?: number;
  readonly trace?: (line: string) => void;
  /** Where the network takes its delays from, when they are not to be left to chance. */
  readonly steady?: Random;
  /** Who looks after silent services, and a proof of what was switched off by that; nobody without it. */
  readonly deaths?: Pick<Deaths, 'silence' | 'proof'> | undefined;
  /** A deliberately broken part, which the checks must notice. */
  readonly mutant?: Mutant;
}

/** A broken decision core, store or process; what is left out is sound. */
export interface Mutant {
  readonly core?: DecisionCore;
  readonly store?: (store: Store) => Store;
  /** A source of proof besides the mark; the sound universe has none. */
  readonly proof?: (now: number) => FenceProof;
  /** Another view of a process, such as one whose clock stands still for its leases. */
  readonly process?: (process: SimProcess) => SimProcess;
}

/** How a worker starts. */
export interface WorkerOptions {
  /** The error of its wall clock; up to a second either way by default. */
  readonly offsetMs?: number;
}

/** A cloud, a store, and the workers and agents that live between them, all on one virtual clock. */
export interface Universe {
  readonly clock: VirtualClock;
  readonly cloud: Cloud;
  readonly random: Random;
  readonly store: Store;
  readonly weather: Weather;
  readonly storeWeather: StoreWeather;
  /** Errors that ended a worker: broken invariants above all. */
  readonly crashes: readonly Error[];
  /** Who asked for what, and which evacuations overlapped. */
  readonly ledger: Ledger;
  startWorker(name: string, options?: WorkerOptions): SimProcess;
  workers(): readonly SimProcess[];
  /** Every worker goes on by another policy, one after the other within a few seconds. */
  reload(policy: Policy): void;
  /** What fence_nova does: marks the host, again and again until the mark is durable. */
  fence(host: string, request?: Request): void;
  /** An operator reports a host and vouches for nothing: the machine is left as it is. */
  report(host: string): void;
  /** What the commands of an operator work with, on a machine whose clock is right. */
  operator(): MarkingParts;
  /** What `nova-ha unmark` does; tried once. */
  unmark(host: string): void;
  /** Empties the store, leases and epochs included. */
  wipeStore(): void;
  /** Runs the world until `untilMs`, or until `done` says so; between two events everything settles. */
  run(untilMs: number, done?: () => boolean): Promise<boolean>;
  record(host: string): Promise<Stored | null>;
}

/** All pending promise callbacks run before the next macrotask. */
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Makes a universe without workers. */
export function createUniverse(options: UniverseOptions): Universe {
  const { seed, trace } = options;
  const clock = createVirtualClock(START_MS);
  const random = createRandom(seed);
  const cloud = createCloud({
    clock,
    random,
    hosts: options.hosts,
    ...(options.timings === undefined ? {} : { timings: options.timings }),
  });
  const vault = createVault(
    { now: () => clock.now(), monotonicMs: () => clock.now() - START_MS },
    options.mutant?.store ?? ((sound) => sound),
  );
  const { store } = vault;
  const ledger = createLedger(cloud, () => clock.now());
  const weather: Weather = { trouble: 0, outage: false, random: options.steady ?? random };
  const storeWeather: StoreWeather = { trouble: 0, outage: false };
  const crashes: Error[] = [];
  const running: SimProcess[] = [];
  const engines: Worker[] = [];
  let { policy } = options;
  let events = 0;

  const chance: Chance = {
    event: () => {
      events += 1;
      return asEvent(`ev-${String(events)}`);
    },
    fraction: () => random.next(),
  };
  const logOf = (name: string): Log =>
    trace === undefined
      ? SILENT
      : {
          debug: () => undefined,
          info: (line) => {
            trace(`${stamp()} ${name} ${line}`);
          },
          warn: (line) => {
            trace(`${stamp()} ${name} ! ${line}`);
          },
          error: (line) => {
            trace(`${stamp()} ${name} !! ${line}`);
          },
        };
  const stamp = (): string => ((clock.now() - START_MS) / 1000).toFixed(3).padStart(9);

  function partsFor(process: SimProcess) {
    const mine = createSimStore(store, process, storeWeather, options.steady ?? random);
    const { compute, images, capacity } = createOpenStack({
      cloud: CREDENTIALS,
      clock: process.clock,
      log: SILENT,
      http: createSimHttp(ledger, clock, process, weather),
    });
    const log = logOf(process.name);
    return { store: mine, compute, images, capacity, clock: process.clock, log, chance };
  }

  function startWorker(name: string, { offsetMs = someOffset() }: WorkerOptions = {}): SimProcess {
    const sound = createProcess(clock, name, offsetMs);
    const process = options.mutant?.process?.(sound) ?? sound;
    running.push(process);
    const { deaths } = options;
    const parts = partsFor(process);
    const worker = createWorker({
      ...parts,
      ...(deaths === undefined
        ? {}
        : { silence: { chance: parts.chance, ...deaths.silence(process) } }),
      fencing: {
        proof: (host) => {
          const now = clock.now();
          const proof = options.mutant?.proof?.(now) ?? deaths?.proof(host) ?? null;
          return Promise.resolve(known(proof, now));
        },
      },
      policy,
      worker: asWorker(`${name}-${String(clock.now())}`),
      leaseMs: options.leaseMs ?? 15_000,
      pollMs: 2000,
      ...(options.mutant?.core === undefined ? {} : { core: options.mutant.core }),
    });
    engines.push(worker);
    worker.run(new AbortController().signal).catch((error: unknown) => {
      if (process.alive()) crashes.push(error instanceof Error ? error : new Error(String(error)));
      process.kill();
    });
    return process;
  }

  const someOffset = (): number => Math.round(((options.steady ?? random).next() - 0.5) * 2000);

  function reload(next: Policy): void {
    policy = next;
    engines.forEach((engine, index) => {
      clock.at(clock.now() + index * RELOADS_APART_MS, () => {
        engine.usePolicy(next);
      });
    });
  }

  const operator = (): MarkingParts => partsFor(createProcess(clock, 'operator', 0));

  function unmark(host: string): void {
    void unmarkHost(operator(), { host: asHost(host), by: 'anna' });
  }

  function fence(host: string, request = wholeHost): void {
    const process = createProcess(clock, 'agent', someOffset());
    const parts = partsFor(process);
    const attempt = async (): Promise<void> => {
      for (;;) {
        // The power device comes first, in every try: a machine that came back meanwhile is cut off again.
        cloud.powerOff(host);
        const outcome = await markHost(parts, {
          host: asHost(host),
          origin: 'fence-agent',
          by: 'ctl-1',
          claim: { source: 'mark', at: process.clock.now(), detail: 'fenced by Pacemaker' },
          request,
        });
        if (outcome.kind === 'applied') return;
        await process.clock.sleep(1000);
      }
    };
    void attempt();
  }

  function report(host: string): void {
    const failure = { origin: 'operator', by: 'anna', claim: null, request: wholeHost } as const;
    void markHost(operator(), { ...failure, host: asHost(host) });
  }

  async function run(untilMs: number, done?: () => boolean): Promise<boolean> {
    await settle();
    for (;;) {
      if (done?.() === true) return true;
      if (crashes.length > 0) return false;
      const next = clock.nextTimerAt();
      if (next === undefined || next > untilMs) break;
      clock.runNext();
      await settle();
    }
    clock.advanceTo(untilMs);
    return done?.() ?? true;
  }

  return {
    clock,
    cloud,
    random,
    store,
    weather,
    storeWeather,
    crashes,
    ledger,
    startWorker,
    workers: () => running.filter((process) => process.alive()),
    reload,
    fence,
    operator,
    report,
    unmark,
    wipeStore: () => {
      vault.wipe();
    },
    run,
    record: async (host) => {
      const stored = await store.read(asHost(host));
      return stored.kind === 'known' ? stored.value : null;
    },
  };
}

/** Whether a record says that the work on its instances is over. */
export function isOver(stored: Stored | null): boolean {
  return stored !== null && !isActive(stored.evacuation);
}

/** Where the instances of a record stand, for messages. */
export function standings(stored: Stored): readonly string[] {
  return tracked(stored.evacuation).map(
    ([id, { progress }]) => `${id} ${JSON.stringify(progress)}`,
  );
}

const CREDENTIALS = {
  name: 'simulated',
  authUrl: 'http://cloud.test/identity/v3',
  auth: {
    kind: 'password',
    user: { name: 'admin', domain: { id: 'default' } },
    password: 'secret',
  },
  project: { name: 'admin', domain: { id: 'default' } },
  region: 'RegionOne',
  interfaces: ['public'],
  computeEndpoint: null,
  computeServiceType: 'compute',
  computeServiceName: null,
  tls: { insecure: false, cacert: null, cert: null, key: null },
} as const;
