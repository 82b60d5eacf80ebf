import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tracked } from '../../src/domain/evacuation.ts';
import { asHost, asWorker } from '../../src/domain/ids.ts';
import type { Stored } from '../../src/engine/ports.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { expectEvacuatedOnce, instancesOn } from '../support/aftermath.ts';
import type { Running } from '../support/built-agent.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { bundleImpatient, type ImpatientProgram } from '../support/impatient-program.ts';
import { moment, seedOf } from '../support/moment.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { setStage, terminate, type Stage } from '../support/worker-stage.ts';

const ROUNDS = 6;
const HOST = asHost('compute-1');

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

/** A change that somebody asked Nova for. */
interface Change {
  readonly user: string;
  readonly path: string;
}

const USERS = ['admin-1', 'admin-2'] as const;

/** The process that has the lease now. */
async function holderPid({ store }: Stage): Promise<number | null> {
  const grant = await store.lease(HOST, asWorker('probe'), 1);
  if (grant.kind === 'unknown') return null;
  if (grant.value.kind === 'held') return Number(/:(\d+):/.exec(grant.value.by)?.[1] ?? 0);
  await store.release(HOST, asWorker('probe'));
  return null;
}

async function recordOf({ store }: Stage): Promise<Stored> {
  const read = await store.read(HOST);
  if (read.kind === 'unknown' || read.value === null) throw new Error('no record');
  return read.value;
}

const intendedIn = ({ evacuation }: Stored): readonly string[] =>
  tracked(evacuation)
    .filter(([, { progress }]) => progress.at === 'intended')
    .map(([id]) => id);

/**
 * Freezes the leaseholder at a random moment, lets the other worker take over, thaws it and looks at
 * what it asks Nova for: nothing but what it was sending when it froze. True when the other one kept
 * the lease all the while (on a busy machine it may lose it, and the thawed one may work again).
 */
async function freezeAndThaw(
  stage: Stage,
  workers: readonly Running[],
  changes: readonly Change[],
  random: () => number,
): Promise<boolean> {
  let frozen = -1;
  await until(async () => {
    const pid = await holderPid(stage);
    frozen = workers.findIndex(({ child }) => child.pid === pid);
    return frozen >= 0;
  }, 30_000);
  const [victim, other] = [workers[frozen], workers[1 - frozen]];
  await moment(random() * 300);
  victim?.child.kill('SIGSTOP');
  const sending = intendedIn(await recordOf(stage));
  await until(async () => (await holderPid(stage)) === other?.child.pid, 30_000);
  const taken = await recordOf(stage);
  await moment(random() * 400);
  const before = changes.length;
  victim?.child.kill('SIGCONT');
  await until(async () => {
    const now = await recordOf(stage);
    return now.version > taken.version + 3 || now.evacuation.phase === 'settled';
  }, 30_000);
  const after = await recordOf(stage);
  expect(after.version).toBeGreaterThanOrEqual(taken.version);
  if (after.epoch !== taken.epoch) return false;
  const late = changes.slice(before).filter(({ user }) => user === USERS[frozen]);
  for (const { path } of late) {
    const id = /servers\/([^/]+)\/action/.exec(path)?.[1];
    expect(sending).toContain(id);
  }
  return true;
}

describe('two workers of which the leaseholder is frozen', () => {
  it.concurrent.each(['file', 'redis'] as const)(
    'the other one takes over, and the thawed one changes nothing (%s)',
    async (kind) => {
      const random = createRandom(seedOf(`${String(ROUNDS)} times frozen, ${kind}`));
      const changes: Change[] = [];
      const stage = await setStage({
        place: kind === 'file' ? { kind } : { kind, port: redis.port },
        spawnMs: 400,
        program: program.file,
        cloud: {
          identity: {
            users: ['admin', ...USERS].map((name) => ({
              name,
              password: 'secret',
              roles: { admin: ['admin'], '*system': ['admin'] },
            })),
          },
        },
        env: {
          IMPATIENT_LEASE_MS: '1000',
          IMPATIENT_UNCERTAIN_MS: '10000',
          IMPATIENT_DEADLINE_MS: '20000',
          NOVA_HA_PACE_IN_FLIGHT: '3',
        },
        onRequest: ({ service, method, path, headers }, cloud) => {
          if (service !== 'compute' || method === 'GET') return;
          const token = cloud.world.identity.tokens.get(headers['x-auth-token'] ?? '');
          changes.push({ user: token?.user.name ?? '', path });
        },
      });
      try {
        stage.cloud.boot({ host: HOST, count: 90 });
        const lost = { [HOST]: instancesOn(stage.cloud, HOST) };
        const workers = await Promise.all(
          USERS.map((user) => stage.startWorker({ OS_USERNAME: user })),
        );
        await stage.lose(HOST);
        await stage.mark(HOST);
        await until(() => stage.cloud.flights().now > 0);
        let proven = 0;
        for (let round = 0; round < ROUNDS && !(await stage.isSettled(HOST)); round += 1) {
          if (await freezeAndThaw(stage, workers, changes, () => random.next())) proven += 1;
        }
        expect(proven).toBeGreaterThan(0);
        await until(() => stage.isSettled(HOST), 90_000);
        await expectEvacuatedOnce(stage, lost);
        for (const worker of workers) expect(await terminate(worker)).toMatchObject({ code: 0 });
      } finally {
        await stage.stop();
      }
    },
    240_000,
  );
});
