import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { asEvent, asWorker } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { applied, type WriteOutcome } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { createFleetCache } from '../../src/engine/fleet-cache.ts';
import type { Chance, Compute, Log, Store } from '../../src/engine/ports.ts';
import { fleet, H2, H3, isolated, service, T0 } from './domain.ts';

/** A clock that stands until it is moved. */
export function createStandingClock() {
  let passed = 0;
  return {
    now: () => T0 + passed,
    monotonicMs: () => passed,
    sleep: () => Promise.resolve(),
    pass: (lengthMs: number) => {
      passed += lengthMs;
    },
  };
}

/** A log that keeps its lines. */
export function createKeptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (line: string): void => {
    lines.push(line);
  };
  return { lines, debug: () => undefined, info: keep, warn: keep, error: keep };
}

/** Event ids that count. */
export function createCounting(): Chance {
  let events = 0;
  return {
    event: () => {
      events += 1;
      return asEvent(`ev-${String(events)}`);
    },
    fraction: () => 0.5,
  };
}

/**
 * Nova with an isolated compute-1 and nobody on it. What it is asked to do is noted in `calls`; every
 * part can be given another answer.
 */
export function createFakeCompute(
  change: Partial<Compute> = {},
): Compute & { readonly calls: string[] } {
  const calls: string[] = [];
  const note = <T>(call: string, value: T): Promise<T> => {
    calls.push(call);
    return Promise.resolve(value);
  };
  const services = fleet([isolated(), service(H2), service(H3)]);
  return {
    calls,
    fleet: () => note('fleet', known(services, T0)),
    changeService: (id, what) => note(`change ${id} ${JSON.stringify(what)}`, applied(isolated())),
    instancesOn: () => note('instances', known([], T0)),
    changedSince: () => note('changed', known([], T0)),
    sighting: (id) => note(`sighting ${id}`, unknown('not told')),
    evacuationsFrom: () => note('migrations', known([], T0)),
    evacuate: (id) => note(`evacuate ${id}`, applied({ requestId: 'req' })),
    trace: () => note('trace', known(null, T0)),
    stop: (id) => note(`stop ${id}`, applied(null)),
    start: () => note('start', applied(null)),
    lock: () => note('lock', applied(null)),
    unlock: () => note('unlock', applied(null)),
    resetState: (id) => note(`reset ${id}`, applied(null)),
    canLeaveStopped: () => note('versions', known(true, T0)),
    rebuild: (id, image) => note(`rebuild ${id} ${image}`, applied(null)),
    groups: () => note('groups', known([], T0)),
    aggregates: () => note('aggregates', known([], T0)),
    joinAggregate: (id, host) => note(`join ${String(id)} ${host}`, applied(null)),
    leaveAggregate: (id, host) => note(`leave ${String(id)} ${host}`, applied(null)),
    flavors: () => note('flavors', known([], T0)),
    ...change,
  };
}

/** The next writes of a store, each done or not, and each told as it is said here. */
export interface ToldWrite {
  readonly done: boolean;
  readonly told: WriteOutcome<{ readonly version: number }> | 'as-it-is';
}

/** A store that lies about its next writes. */
export function withWrites(store: Store, next: ToldWrite[]): Store {
  return {
    ...store,
    write: async (expectation, record) => {
      const told = next.shift();
      if (told === undefined) return store.write(expectation, record);
      const outcome = told.done ? await store.write(expectation, record) : null;
      if (told.told !== 'as-it-is') return told.told;
      return outcome ?? { kind: 'uncertain', why: 'it was not done' };
    },
  };
}

/** Everything that engine use cases are made of, on a standing clock and a memory store. */
export function createParts(
  change: { compute?: Partial<Compute>; store?: (sound: Store) => Store } = {},
) {
  const clock = createStandingClock();
  const memory = createMemoryStore({ clock });
  const compute = createFakeCompute(change.compute);
  const log = createKeptLog();
  return {
    clock,
    memory,
    store: change.store?.(memory) ?? memory,
    compute,
    log,
    chance: createCounting(),
    policy: DEFAULT_POLICY,
    fencing: { proof: () => Promise.resolve(known(null, T0)) },
    fleet: createFleetCache(compute, clock),
    worker: asWorker('w1'),
    leaseMs: 15_000,
    pollMs: 1000,
  };
}
