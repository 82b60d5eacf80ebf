import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asHost } from '../../src/domain/ids.ts';
import { createRandom, type Random } from '../../src/simulator/random.ts';
import { expectEvacuatedOnce, instancesOn } from '../support/aftermath.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { bundleImpatient, type ImpatientProgram } from '../support/impatient-program.ts';
import { moment, momentUntil, seedOf } from '../support/moment.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { setStage, terminate, watching, type Stage } from '../support/worker-stage.ts';

const KILLS = 200;
/** Workers at once, each killed and started again. */
const LANES = 2;
const LOST = ['compute-1', 'compute-2', 'compute-3', 'compute-4', 'compute-5'];
const PER_HOST = 24;

let program: ImpatientProgram;
let redis: RedisServer;

beforeAll(async () => {
  expectFreshDist();
  [program, redis] = await Promise.all([bundleImpatient(), startRedis()]);
});

afterAll(async () => {
  await redis.stop();
  await program.remove();
});

/**
 * Starts a worker and kills it at a random moment: any time from its start on, or right around a change
 * that it asks Nova for.
 */
async function liveAndDie(stage: Stage, random: Random, asked: () => number): Promise<void> {
  const worker = stage.start();
  if (random.next() < 0.3) {
    await moment(random.next() * 800);
  } else {
    await watching(worker);
    const before = asked();
    await momentUntil(700, () => asked() > before);
    await moment(random.next() * 30);
  }
  worker.child.kill('SIGKILL');
  await worker.finished;
}

/** One host dies and is marked, now by the engine, now by the command; the event of its mark. */
async function fail(stage: Stage, host: string, byCommand: boolean): Promise<string> {
  await stage.lose(host);
  if (!byCommand) return stage.mark(host);
  const { code, err } = await stage.start(['mark', host, '--confirm-fenced']).finished;
  expect(code).toBe(0);
  return /event ([^)]+)\)/.exec(err)?.[1] ?? '';
}

describe('a worker that is killed again and again', () => {
  it.concurrent.each(['file', 'redis'] as const)(
    'evacuates everybody exactly once (%s)',
    async (kind) => {
      const seed = seedOf(`${String(KILLS)} kills, ${kind}`);
      const random = createRandom(seed);
      const place = kind === 'file' ? { kind } : { kind, port: redis.port };
      let asked = 0;
      const stage = await setStage({
        onRequest: ({ service, method }) => {
          if (service === 'compute' && method !== 'GET') asked += 1;
        },
        place,
        seed,
        hosts: 12,
        spawnMs: 300,
        program: program.file,
        env: {
          IMPATIENT_LEASE_MS: '300',
          NOVA_HA_PACE_IN_FLIGHT: '4',
          NOVA_HA_RETRY_ATTEMPTS: '100',
        },
      });
      try {
        for (const host of LOST) stage.cloud.boot({ host, count: PER_HOST });
        const lost = Object.fromEntries(LOST.map((host) => [host, instancesOn(stage.cloud, host)]));
        const events = new Map<string, Promise<string>>();
        let kills = 0;
        const lane = async (): Promise<void> => {
          while (kills < KILLS) {
            const nextHost = LOST[events.size];
            if (nextHost !== undefined && kills >= events.size * 25)
              events.set(nextHost, fail(stage, nextHost, events.size % 2 === 1));
            if (kills === 60) stage.cloud.setSpawnFailure('compute-9', 'spawn');
            if (kills === 100) stage.cloud.setSpawnFailure('compute-9', undefined);
            kills += 1;
            await liveAndDie(stage, random, () => asked);
          }
        };
        await Promise.all(Array.from({ length: LANES }, lane));
        const epochs = await Promise.all(
          LOST.map(async (host) => {
            const read = await stage.store.read(asHost(host));
            return read.kind === 'known' && read.value !== null ? read.value.epoch : 0;
          }),
        );
        process.stderr.write(
          `${kind}: ${String(kills)} kills, epochs ${epochs.join(' ')}, ${String(
            stage.cloud.world.migrations.length,
          )} migrations\n`,
        );
        const last = await stage.startWorker();
        await until(() => stage.isSettled(...LOST), 90_000);
        expect(await terminate(last)).toMatchObject({ code: 0 });
        await expectEvacuatedOnce(stage, lost);
        for (const [host, event] of events) {
          const read = await stage.store.read(asHost(host));
          const acknowledged = await event;
          expect(read).toMatchObject({ value: { evacuation: { mark: { event: acknowledged } } } });
        }
        // The kills have hit workers at work, not only workers that waited for a lease.
        expect(epochs.reduce((sum, epoch) => sum + epoch, 0)).toBeGreaterThan(KILLS / 4);
      } finally {
        await stage.stop();
      }
    },
    300_000,
  );
});
