import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import { createSystemClock } from '../../src/adapters/system.ts';
import { isActive } from '../../src/domain/evacuation.ts';
import { asHost, asWorker } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { createWorker } from '../../src/engine/worker.ts';
import { mark, SILENT, until } from './marking.ts';
import { startRemoteCloud } from './simulated.ts';

/** How ten hosts of a large cloud that fail at once get on with each other. */
export interface ManyHostsFigures {
  readonly hosts: number;
  readonly instances: number;
  readonly failing: number;
  readonly seconds: number;
  /** The latest that a turn began after it was due. */
  readonly latestMs: number;
  readonly turns: number;
  readonly inFlightPeak: number;
  readonly ranTwice: number;
}

/** Runs the worker in this process, with a clock that notes how late every pause ended. */
export async function measureManyHosts(
  hosts: number,
  perHost: number,
  failing: number,
): Promise<ManyHostsFigures> {
  const remote = await startRemoteCloud(hosts, perHost);
  const real = createSystemClock();
  let latestMs = 0;
  let turns = 0;
  const clock: Clock = {
    ...real,
    sleep: async (lengthMs, signal) => {
      const dueMs = performance.now() + lengthMs;
      await real.sleep(lengthMs, signal);
      if (signal?.aborted !== true) latestMs = Math.max(latestMs, performance.now() - dueMs);
    },
  };
  const store = createMemoryStore({ clock });
  const openstack = createOpenStack({ cloud: credentials(remote.authUrl), clock, log: SILENT });
  const controller = new AbortController();
  const worker = createWorker({
    store,
    compute: openstack.compute,
    fencing: { proof: () => Promise.resolve(known(null, clock.now())) },
    clock,
    log: SILENT,
    policy: DEFAULT_POLICY,
    worker: asWorker('bench'),
    leaseMs: 15_000,
    pollMs: 1000,
    onTurn: () => {
      turns += 1;
    },
  });
  const running = worker.run(controller.signal);
  const lost = Array.from({ length: failing }, (_, index) => `compute-${String(index * 7 + 1)}`);
  for (const host of lost) await remote.control('power-off', { host });
  const startMs = performance.now();
  await Promise.all(lost.map((host) => mark(store, host)));
  await until(async () => {
    const records = await Promise.all(lost.map((host) => store.read(asHost(host))));
    return records.every(
      (record) =>
        record.kind === 'known' && record.value !== null && !isActive(record.value.evacuation),
    );
  }, 900);
  const seconds = (performance.now() - startMs) / 1000;
  controller.abort();
  await running;
  const flights = (await remote.control('flights')) as { peak: number };
  const doubles = (await remote.control('doubles')) as readonly unknown[];
  openstack.close();
  remote.stop();
  return {
    hosts,
    instances: hosts * perHost,
    failing,
    seconds,
    latestMs,
    turns,
    inFlightPeak: flights.peak,
    ranTwice: doubles.length,
  };
}

const credentials = (authUrl: string) =>
  ({
    name: 'simulated',
    authUrl,
    auth: {
      kind: 'password',
      user: { name: 'admin', domain: { name: 'Default' } },
      password: 'secret',
    },
    project: { name: 'admin', domain: { name: 'Default' } },
    region: 'RegionOne',
    interfaces: ['public'],
    computeEndpoint: null,
    computeServiceType: 'compute',
    computeServiceName: null,
    tls: { insecure: false, cacert: null, cert: null, key: null },
  }) as const;
