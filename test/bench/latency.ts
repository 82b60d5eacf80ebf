import { createFileStore } from '../../src/adapters/store/file.ts';
import { createRedisStore } from '../../src/adapters/store/redis.ts';
import { createSystemClock } from '../../src/adapters/system.ts';
import type { Store } from '../../src/engine/ports.ts';
import { startRedis } from '../support/redis-server.ts';
import { mark, until } from './marking.ts';
import { fenceHost, startLocalCloud } from './simulated.ts';
import { startWorker, writeConfig } from './worker-process.ts';

/** Milliseconds from the durable mark to the first POST evacuate at Nova, over several hosts. */
export interface LatencyFigures {
  readonly store: 'file' | 'redis';
  readonly medianMs: number;
  readonly worstMs: number;
  readonly runs: number;
}

/** Marks one host after the other, each proven off and forced down, and waits for its first POST. */
export async function measureLatency(
  kind: 'file' | 'redis',
  runs: number,
): Promise<LatencyFigures> {
  const local = await startLocalCloud(runs + 10, { spawnMs: 200 });
  const redis = kind === 'redis' ? await startRedis() : null;
  const config = writeConfig(
    local.server.authUrl,
    redis === null
      ? 'storm:\n  max_share: 1\n  max_hosts: 1000\n'
      : `store:\n  kind: redis\n  redis:\n    url: redis://127.0.0.1:${String(redis.port)}\nstorm:\n  max_share: 1\n  max_hosts: 1000\n`,
  );
  const worker = await startWorker(config);
  const clock = createSystemClock();
  const store: Store =
    redis === null
      ? createFileStore({ directory: `${config.directory}/state/store`, clock })
      : createRedisStore({ redis: { url: `redis://127.0.0.1:${String(redis.port)}` }, clock });
  const delays: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const host = `compute-${String(run)}`;
    const [id = ''] = local.cloud.boot({ host, count: 3 });
    const ids = local.cloud.world.instances.ordered.slice(-3).map((instance) => instance.id);
    await fenceHost(local, host);
    const markedMs = await mark(store, host);
    const firstMs = (): number =>
      Math.min(
        ...ids.map((one) => local.cloud.evacuatePosts(one)[0]?.atMs ?? Number.POSITIVE_INFINITY),
      );
    await until(() => Number.isFinite(firstMs()), 30);
    delays.push(firstMs() - markedMs);
    await until(
      () => local.cloud.flights().now === 0 && local.cloud.instance(id).host?.name !== host,
      60,
    );
  }
  await worker.stop();
  await store.close();
  await redis?.stop();
  await local.server.close();
  delays.sort((a, b) => a - b);
  return {
    store: kind,
    medianMs: delays[Math.floor(delays.length / 2)] ?? Number.NaN,
    worstMs: delays.at(-1) ?? Number.NaN,
    runs,
  };
}
