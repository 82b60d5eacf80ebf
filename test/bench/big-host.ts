import { createFileStore } from '../../src/adapters/store/file.ts';
import { createSystemClock } from '../../src/adapters/system.ts';
import { isActive } from '../../src/domain/evacuation.ts';
import { asHost } from '../../src/domain/ids.ts';
import { mark, until } from './marking.ts';
import { fenceHost, startLocalCloud, type LocalCloud } from './simulated.ts';
import { startWorker, writeConfig } from './worker-process.ts';

/** What an evacuation of one large host costs. */
export interface BigHostFigures {
  readonly instances: number;
  readonly spawnMs: number;
  readonly seconds: number;
  readonly novaCalls: number;
  readonly callsPerInstance: number;
  readonly allowed: number;
  readonly inFlightPeak: number;
  readonly towardsOnePeak: number;
  readonly cpuS: number;
  readonly peakMib: number;
  readonly ranTwice: number;
  readonly routes: string;
}

/** One host with many instances fails; a worker process evacuates it over HTTP. */
export async function measureBigHost(
  instances: number,
  hosts: number,
  spawnMs: number,
): Promise<BigHostFigures> {
  const local = await startLocalCloud(hosts, { spawnMs });
  local.cloud.boot({ host: 'compute-1', count: instances });
  const config = writeConfig(local.server.authUrl);
  const worker = await startWorker(config);
  // The worker checks the account when it starts; that is no part of an evacuation.
  await quiet(local);
  await fenceHost(local, 'compute-1');
  const store = createFileStore({
    directory: `${config.directory}/state/store`,
    clock: createSystemClock(),
  });
  const cpuBeforeS = worker.cpuS();
  const startMs = performance.now();
  await mark(store, 'compute-1');
  await until(async () => {
    const stored = await store.read(asHost('compute-1'));
    return stored.kind === 'known' && stored.value !== null && !isActive(stored.value.evacuation);
  }, 600);
  const seconds = (performance.now() - startMs) / 1000;
  const routes = local.cloud.requests.list().filter(({ service }) => service === 'compute');
  const novaCalls = routes.reduce((sum, { count }) => sum + count, 0);
  const flights = local.cloud.flights();
  const figures: BigHostFigures = {
    instances,
    spawnMs,
    seconds,
    novaCalls,
    callsPerInstance: novaCalls / instances,
    allowed: 1.05 * instances + 40,
    inFlightPeak: flights.peak,
    towardsOnePeak: Math.max(...Object.values(flights.peakByDestination)),
    cpuS: worker.cpuS() - cpuBeforeS,
    peakMib: worker.peakMib(),
    ranTwice: local.cloud.doubles().length,
    routes: routes
      .map(({ method, route, count }) => `${method} ${route} ${String(count)}`)
      .join(', '),
  };
  await worker.stop();
  await store.close();
  await local.server.close();
  return figures;
}

/** Waits until nobody has asked the cloud anything for a while. */
async function quiet({ cloud }: LocalCloud): Promise<void> {
  let seen = -1;
  let sinceMs = performance.now();
  await until(() => {
    const total = cloud.requests.total();
    if (total !== seen) sinceMs = performance.now();
    seen = total;
    return performance.now() - sinceMs > 500;
  }, 30);
}
