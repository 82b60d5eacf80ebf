import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asHost } from '../../src/domain/ids.ts';
import { expectEvacuatedOnce, instancesOn } from '../support/aftermath.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { bundleImpatient, type ImpatientProgram } from '../support/impatient-program.ts';
import { startRedis, startSentinels } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { setStage, terminate, type Stage, type StagePlace } from '../support/worker-stage.ts';

const HOST = 'compute-1';

let program: ImpatientProgram;

beforeAll(async () => {
  expectFreshDist();
  program = await bundleImpatient();
});

afterAll(async () => {
  await program.remove();
});

/** A host with guests of which some are on their way, and a worker (or two) at work. */
async function underWay(
  place: StagePlace,
  workers = 1,
): Promise<{
  readonly stage: Stage;
  readonly lost: Record<string, readonly string[]>;
  readonly end: () => Promise<void>;
}> {
  const stage = await setStage({
    place,
    spawnMs: 300,
    program: program.file,
    env: { IMPATIENT_LEASE_MS: '2000', NOVA_HA_PACE_IN_FLIGHT: '4' },
  });
  stage.cloud.boot({ host: HOST, count: 24 });
  const lost = { [HOST]: instancesOn(stage.cloud, HOST) };
  const running = await Promise.all(Array.from({ length: workers }, () => stage.startWorker()));
  await stage.lose(HOST);
  await stage.mark(HOST);
  await until(() => stage.cloud.world.migrations.length >= 6, 30_000);
  return {
    stage,
    lost,
    end: async () => {
      await until(() => stage.isSettled(HOST), 60_000);
      await expectEvacuatedOnce(stage, lost);
      for (const worker of running) expect(await terminate(worker)).toMatchObject({ code: 0 });
    },
  };
}

/** The line of the worker that says what is wrong with the store. */
const COMPLAINT = /warn: .*(Redis|[Ss]tore)/;

describe('an evacuation while Redis', () => {
  it.concurrent('is killed and started again', async () => {
    const redis = await startRedis();
    const { stage, end } = await underWay({ kind: 'redis', port: redis.port });
    try {
      for (let time = 0; time < 3; time += 1) {
        const before = stage.cloud.world.migrations.length;
        await redis.restart();
        await until(
          async () => stage.cloud.world.migrations.length > before || (await stage.isSettled(HOST)),
          30_000,
        );
      }
      await end();
    } finally {
      await stage.stop();
      await redis.stop();
    }
  });

  it.concurrent('is frozen for longer than a lease', async () => {
    const redis = await startRedis();
    const { stage, end } = await underWay({ kind: 'redis', port: redis.port });
    try {
      redis.signal('SIGSTOP');
      const host = asHost(HOST);
      // Our own view of the store: it does not answer, twice in a row.
      for (let time = 0; time < 2; time += 1) {
        await until(async () => (await stage.store.read(host)).kind === 'unknown', 30_000);
      }
      const sent = stage.cloud.world.migrations.length;
      await until(async () => (await stage.store.read(host)).kind === 'unknown', 30_000);
      // Without the store nothing new is sent: an intent must be durable first.
      expect(stage.cloud.world.migrations.length).toBe(sent);
      redis.signal('SIGCONT');
      await end();
    } finally {
      redis.signal('SIGCONT');
      await stage.stop();
      await redis.stop();
    }
  });

  it.concurrent('fails over to its replica', async () => {
    const set = await startSentinels();
    const { stage, end } = await underWay({ kind: 'sentinel', sentinels: set.sentinels }, 2);
    try {
      set.master.signal('SIGKILL');
      await until(async () => (await set.replica.cli('role')).startsWith('master'), 30_000);
      await end();
    } finally {
      await stage.stop();
      await set.stop();
    }
  });

  it.concurrent('loses everything: the marks come back from Nova', async () => {
    const redis = await startRedis();
    const { stage, lost } = await underWay({ kind: 'redis', port: redis.port });
    try {
      const read = await stage.store.read(asHost(HOST));
      const event =
        read.kind === 'known' && read.value !== null ? read.value.evacuation.mark.event : '';
      await redis.cli('flushall');
      // The worker that ran looks for lost marks once a minute, one that starts does so at once.
      const second = await stage.startWorker();
      await until(() => stage.isSettled(HOST), 60_000);
      expect(await stage.store.read(asHost(HOST))).toMatchObject({
        value: { evacuation: { mark: { event, origin: 'rebuilt' } } },
      });
      expect(stage.cloud.doubles()).toEqual([]);
      for (const id of lost[HOST] ?? []) {
        expect(stage.cloud.instance(id).runsOn).toHaveLength(1);
        expect(stage.cloud.evacuatePosts(id)).toHaveLength(1);
      }
      const { err } = await terminate(second);
      expect(err).toContain('the mark was rebuilt');
    } finally {
      await stage.stop();
      await redis.stop();
    }
  });

  it.concurrent('is away when a worker starts', async () => {
    const redis = await startRedis();
    const stage = await setStage({ place: { kind: 'redis', port: redis.port } });
    try {
      redis.signal('SIGKILL');
      const worker = await stage.startWorker();
      let text = '';
      worker.child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await until(() => COMPLAINT.test(text), 30_000);
      await redis.restart();
      stage.cloud.boot({ host: HOST, count: 3 });
      const lost = { [HOST]: instancesOn(stage.cloud, HOST) };
      await stage.lose(HOST);
      await stage.mark(HOST);
      await until(() => stage.isSettled(HOST), 60_000);
      await expectEvacuatedOnce(stage, lost);
    } finally {
      await stage.stop();
      await redis.stop();
    }
  });
});
