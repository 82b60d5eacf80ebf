import { createMemoryStore } from '../../../src/adapters/store/memory.ts';
import { createOpenStack } from '../../../src/adapters/openstack/openstack.ts';
import type { MoveRequest } from '../../../src/domain/drain.ts';
import { asEvent, asHost } from '../../../src/domain/ids.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/policy.ts';
import {
  checkDrain,
  disableForDrain,
  drainHost,
  type DrainParts,
} from '../../../src/engine/drain-host.ts';
import type { MoveEnd } from '../../../src/engine/move-instances.ts';
import type { Store } from '../../../src/engine/ports.ts';
import { createVirtualClock } from '../../../src/simulator/clock.ts';
import { createCloud, type CloudOptions } from '../../../src/simulator/cloud.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import { ADMIN } from '../simulated-http.ts';
import { createLedger } from './ledger.ts';
import { createSimHttp, LATE_EFFECT_MS, type Weather } from './network.ts';
import { createProcess, type SimProcess } from './processes.ts';

const START_MS = Date.UTC(2026, 10, 20, 12);

/** The policy of drains in worlds: small limits, and windows above what a request can be late. */
export const MOVE_POLICY: Policy = {
  ...DEFAULT_POLICY,
  pace: { ...DEFAULT_POLICY.pace, inFlight: 4, perDestination: 4 },
  retry: { ...DEFAULT_POLICY.retry, uncertainMs: LATE_EFFECT_MS + 15_000, stalledMs: 300_000 },
};

/** Everything, the running live and the stopped cold. */
export const BOTH: MoveRequest = { instances: null, target: null, ways: 'both' };

const silent = (): void => undefined;

/** A simulated cloud whose hosts are emptied by plan, on a virtual clock with any weather. */
export function createMoveWorld(
  options: {
    readonly seed?: number;
    readonly trouble?: number;
    readonly policy?: Policy;
    readonly cloud?: Partial<CloudOptions>;
  } = {},
) {
  const random = createRandom(options.seed ?? 1);
  const clock = createVirtualClock(START_MS);
  const cloud = createCloud({ hosts: 4, ...options.cloud, clock, random });
  clock.advanceTo(START_MS + 30_000);
  const now = (): number => clock.now();
  const ledger = createLedger(cloud, now);
  const store: Store = createMemoryStore({
    clock: { now, monotonicMs: now },
  });
  const weather: Weather = { trouble: options.trouble ?? 0, outage: false, random };
  const overlaps: string[] = [];
  let events = 0;

  const partsOf = (process: SimProcess, signal: AbortSignal): DrainParts => {
    const openstack = createOpenStack({
      cloud: ADMIN,
      clock: process.clock,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      http: createSimHttp(ledger, clock, process, weather),
    });
    return {
      compute: openstack.compute,
      images: openstack.images,
      mover: openstack.mover,
      store,
      clock: process.clock,
      chance: {
        event: () => asEvent(`event-${String((events += 1))}`),
        fraction: () => random.next(),
      },
      policy: options.policy ?? MOVE_POLICY,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      signal,
    };
  };

  /** Lets promises run, then time, until `done` or `untilMs`; watches for two migrations of one instance. */
  async function pass(lengthMs: number, done: () => boolean = () => false): Promise<boolean> {
    const untilMs = clock.now() + lengthMs;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done()) return true;
      const next = clock.nextTimerAt();
      if (next === undefined || next > untilMs) break;
      clock.runNext();
      for (const { id } of cloud.world.instances.ordered) {
        const open = [...cloud.world.truth.moves].filter((row) => row.instance.id === id);
        if (open.length > 1) overlaps.push(id);
      }
    }
    clock.advanceTo(untilMs);
    return done();
  }

  /** A process that drains a host; it may be killed at any time. */
  function startDrain(host: string, request: MoveRequest = BOTH, by = 'anna') {
    const process = createProcess(clock, `drain-${String(events)}`, 0);
    const abort = new AbortController();
    const parts = partsOf(process, abort.signal);
    const run = {
      end: null as MoveEnd | string | null,
      process,
      interrupt: () => {
        abort.abort();
      },
    };
    const work = async (): Promise<MoveEnd | string> => {
      for (;;) {
        const checked = await checkDrain(parts, asHost(host), request);
        if (checked.kind === 'unknown') continue;
        if (checked.value.kind === 'refused') return checked.value.why.code;
        const order = { host: asHost(host), by, reason: 'new disks', request };
        const disabled = await disableForDrain(parts, order, checked.value.service);
        if (disabled.kind === 'unknown') continue;
        const end = await drainHost(parts, order, disabled.value, () => undefined);
        if (end.kind === 'known') return end.value;
      }
    };
    void work().then((end) => {
      run.end = end;
    });
    return run;
  }

  return { clock, cloud, random, store, weather, ledger, overlaps, partsOf, pass, startDrain };
}

/** What is wrong with a world in which compute-1 was drained. */
export function flawsOf(
  world: ReturnType<typeof createMoveWorld>,
  booted: readonly { readonly id: string; readonly vmState: string }[],
): readonly string[] {
  const flaws: string[] = [];
  for (const double of world.cloud.doubles()) flaws.push(`${double.instanceId} ran twice`);
  for (const id of world.overlaps) flaws.push(`${id} was in two migrations at once`);
  for (const { id, vmState } of booted) {
    const instance = world.cloud.instance(id);
    if (instance.deleted) flaws.push(`${id} is deleted`);
    if (vmState === 'active' && instance.runsOn.length !== 1) flaws.push(`${id} does not run`);
    if (vmState === 'stopped' && instance.runsOn.length !== 0) flaws.push(`${id} was started`);
  }
  return flaws;
}
