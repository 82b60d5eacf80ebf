import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import type { Fleet, Service, ServiceChange } from '../../src/domain/host.ts';
import { asEvent, asHost, type HostName } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { applied } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { isolateHost, settled } from '../../src/engine/isolate-host.ts';
import { markHost, unmarkHost } from '../../src/engine/mark-host.ts';
import type { Chance, Compute, Store } from '../../src/engine/ports.ts';
import type { AgentIo } from '../../src/surfaces/agent-io.ts';
import type { AgentDeps, Cloud, UseCases } from '../../src/surfaces/agent-parts.ts';
import { runFenceAgent } from '../../src/surfaces/fence/agent.ts';
import type { AgentName } from '../../src/surfaces/fence/option.ts';
import { createIdleClock } from './idle-clock.ts';

/** Makes a compute service as Nova shows it. */
export const service = (host: string, change: Partial<Service> = {}): Service => ({
  id: `id-of-${host}`,
  host: asHost(host),
  zone: 'nova',
  status: 'enabled',
  state: 'up',
  forcedDown: false,
  disabledReason: null,
  updatedAt: '2026-11-20T11:00:00.000000',
  ...change,
});

/** What a run of an agent gave. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A cloud and a store in memory, with agents run on them and faults switched at will. */
export function createAgentWorld(hosts: readonly string[] = ['compute-1', 'compute-2']) {
  const clock = createIdleClock();
  const memory = createMemoryStore({ clock });
  const services = new Map<HostName, Service>(hosts.map((h) => [asHost(h), service(h)]));
  const world = {
    clock,
    memory,
    services,
    /** How the store behaves: as it should, away, silent, or its configuration is broken. */
    store: 'fine' as 'fine' | 'away' | 'hangs' | 'misconfigured',
    nova: 'fine' as 'fine' | 'slow' | 'away' | 'hangs' | 'misconfigured',
    /** Called before every use of the store, with the monotonic time. */
    beforeStore: undefined as ((ms: number) => void) | undefined,
    calls: [] as string[],
    connected: null as boolean | null,
    unclean: [] as string[],
    /** The resource of the worker while it runs nowhere. */
    stoppedWorker: null as string | null,
    /** Pacemaker's nodes that are connected. */
    nodes: [] as string[],
    env: {} as Record<string, string | undefined>,
    input: '' as string | Uint8Array | null,
    stop: () => {
      clock.stop();
    },
    run: (argv: readonly string[], agent: AgentName = 'fence_nova'): Promise<Ran> =>
      runAgent(world.io(argv), (io) => runFenceAgent(agent, io, world.deps)),
    io: (argv: readonly string[]) => ({ argv, env: world.env, input: world.input }),
    deps: undefined as unknown as AgentDeps,
  };
  world.deps = depsOf(world);
  return world;
}

type World = ReturnType<typeof createAgentWorld>;

/** Runs an agent on captured streams. */
export async function runAgent(
  given: {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly input: string | Uint8Array | null;
  },
  run: (io: AgentIo) => Promise<number>,
): Promise<Ran> {
  let out = '';
  let err = '';
  const { argv, env, input } = given;
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  const code = await run({
    argv,
    env,
    readInput: (limit) => Promise.resolve(bytes !== null && bytes.length <= limit ? bytes : null),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    append: () => null,
  });
  return { code, out, err };
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

function depsOf(world: World): AgentDeps {
  let events = 0;
  const chance: Chance = {
    event: () => asEvent(`event-${String((events += 1))}`),
    fraction: () => 0.5,
  };
  const useCases: UseCases = {
    mark: (store, { host, by, at, detail }, log) =>
      markHost(
        { store, clock: world.clock, chance, log },
        {
          host,
          origin: 'fence-agent',
          by,
          claim: { source: 'mark', at, detail },
          request: wholeHost,
        },
      ),
    unmark: async (store, host, by, log) =>
      applied(await unmarkHost({ store, clock: world.clock, chance, log }, { host, by })),
    isolate: (store, { compute, policy }, host) =>
      isolateHost({ store, compute, clock: world.clock, policy }, host),
    settled,
  };
  return {
    version: '1.2.3',
    machine: 'ctl-1',
    clock: world.clock,
    useCases,
    cluster: {
      isConnected: () => Promise.resolve(world.connected),
      connected: () => Promise.resolve(world.nodes),
      outstanding: () =>
        Promise.resolve({ unclean: world.unclean, stoppedWorker: world.stoppedWorker }),
    },
    openStore: () =>
      Promise.resolve(
        world.store === 'misconfigured'
          ? { kind: 'error', message: '/etc/nova-ha/config.yaml:3: store.kind is wrong' }
          : { kind: 'ok', value: faultyStore(world) },
      ),
    openCloud: () =>
      Promise.resolve(
        world.nova === 'misconfigured'
          ? { kind: 'error', message: 'there are no credentials' }
          : { kind: 'ok', value: cloudOf(world) },
      ),
  };
}

function faultyStore(world: World): Store {
  const { memory } = world;
  const guarded = <T>(what: string, work: () => Promise<T>, failure: () => T): Promise<T> => {
    world.beforeStore?.(world.clock.monotonicMs());
    world.calls.push(what);
    if (world.store === 'hangs') return never();
    return world.store === 'away' ? Promise.resolve(failure()) : work();
  };
  const away = (): { kind: 'unknown'; why: string } => unknown('the store does not answer');
  return {
    ...memory,
    list: () => guarded('list', () => memory.list(), away),
    read: (host) => guarded('read', () => memory.read(host), away),
    write: (expectation, evacuation) =>
      guarded(
        `write ${evacuation.host}`,
        () => memory.write(expectation, evacuation),
        () => ({ kind: 'uncertain', why: 'the store does not answer' }),
      ),
    check: () =>
      guarded(
        'check',
        () => memory.check(),
        () => 'the store does not answer',
      ),
  };
}

function cloudOf(world: World): Cloud {
  const fleet = async () => {
    world.calls.push('fleet');
    if (world.nova === 'slow') await world.clock.sleep(2000);
    if (world.nova === 'hangs') return never<never>();
    if (world.nova === 'away') return unknown('Nova does not answer');
    const value: Fleet = { services: world.services, conductorsUp: 1, schedulersUp: 1 };
    return known(value, world.clock.now());
  };
  const changeService = (id: string, change: ServiceChange) => {
    world.calls.push(`change ${id} ${JSON.stringify(change)}`);
    if (world.nova === 'hangs') return never<never>();
    const before = [...world.services.values()].find((s) => s.id === id) ?? service('nobody');
    const after: Service = {
      ...before,
      status: change.status ?? before.status,
      forcedDown: change.forcedDown ?? before.forcedDown,
      state: change.forcedDown === true ? 'down' : before.state,
      disabledReason: change.disabledReason ?? before.disabledReason,
    };
    world.services.set(after.host, after);
    return Promise.resolve(applied(after));
  };
  const compute = { fleet, changeService } as unknown as Compute;
  return {
    compute,
    policy: DEFAULT_POLICY,
    fleet,
    check: () => {
      if (world.nova === 'hangs') return never<never>();
      return Promise.resolve(world.nova === 'away' ? 'Keystone does not answer' : null);
    },
    close: () => Promise.resolve(),
  };
}
