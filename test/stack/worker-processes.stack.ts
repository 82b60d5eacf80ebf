/**
 * Workers die and hang at any moment, two of them share one Redis, and Redis itself fails: nobody is
 * asked for twice, nobody is forgotten.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asHost, asWorker } from '../../src/domain/ids.ts';
import { createRandom } from '../../src/simulator/random.ts';
import type { Running } from '../support/built-agent.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { moment, seedOf } from '../support/moment.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { requestsPerInstance } from './harness/outcome.ts';
import { createRounds, type Rounds, type Victim } from './harness/rounds.ts';
import { waitFor } from './harness/wait.ts';

const TIMES = 20;
const PATIENCE_MS = 240_000;

/** Short leases, so that who takes over does so soon; few at once, so that there is time to die. */
const FRAGILE = {
  NOVA_HA_WORKER_LEASE: '2s',
  NOVA_HA_RETRY_UNCERTAIN: '30s',
  NOVA_HA_PACE_IN_FLIGHT: '3',
};

describe('workers that fail', () => {
  let cloud: Cloud;
  let redis: RedisServer;
  let crew: Crew;
  let rounds: Rounds;
  let watch: GuestWatch;

  beforeAll(async () => {
    expectFreshDist();
    [cloud, redis] = await Promise.all([startCloud(), startRedis()]);
    await cloud.reset();
    await cloud.boot(24, 'compute-1');
    crew = await createCrew(cloud, { store: { redisPort: redis.port }, env: FRAGILE });
    rounds = createRounds(cloud, crew);
    watch = watchGuests(cloud.directory, cloud.hosts);
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await redis.stop();
    await cloud.stop();
  });
  afterEach(() => {
    expect(watch.doubles()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });

  /** Expects that each was asked for exactly once in this round. */
  async function expectAskedOnce({ host, ids, before }: Victim): Promise<void> {
    const rows = (await cloud.nova.migrations(host)).filter(({ id }) => id > before);
    expect(rows.map(({ instance_uuid }) => instance_uuid).toSorted()).toEqual(ids.toSorted());
  }

  /** The process that holds the lease on a host; null while nobody does. */
  async function holder(host: string): Promise<number | null> {
    const probe = asWorker('probe');
    const grant = await crew.store.lease(asHost(host), probe, 1);
    if (grant.kind === 'unknown') throw new Error(grant.why);
    if (grant.value.kind === 'held') return Number(/:(\d+):/.exec(grant.value.by)?.[1] ?? 0);
    await crew.store.release(asHost(host), probe);
    return null;
  }

  it(`${String(TIMES)} times killed or frozen, they evacuate everybody once`, async () => {
    const random = createRandom(seedOf(`${String(TIMES)} kills on a real Nova`));
    const victim = await rounds.fullest();
    // Twenty deaths take a minute; it must not be over before.
    await rounds.slow(15);
    await crew.lose(victim.host);
    const awake = new Map<number, Running>();
    const frozen: Running[] = [];
    const wake = (worker: Running): void => {
      worker.child.kill('SIGCONT');
      awake.set(worker.child.pid ?? 0, worker);
    };
    // Those that die while they still prove and isolate get nowhere on a busy machine.
    wake(await crew.worker());
    await rounds.underWay(victim, 1);
    for (let time = 0; time < TIMES; time += 1) {
      if (awake.size === 0) wake(await crew.worker());
      const worker = await waitFor(async () => awake.get((await holder(victim.host)) ?? 0), {
        what: 'one of them with the lease',
        everyMs: 50,
      });
      await moment(random.next() * 500);
      awake.delete(worker.child.pid ?? 0);
      if (random.next() < 0.5) {
        worker.child.kill('SIGKILL');
        await worker.finished;
      } else {
        worker.child.kill('SIGSTOP');
        frozen.push(worker);
      }
      // One that was frozen wakes up with what it wanted to do when it froze.
      const [oldest] = random.next() < 0.5 ? frozen.splice(0, 1) : [];
      if (oldest !== undefined) wake(oldest);
    }
    expect((await crew.record(victim.host)).phase).toBe('evacuating');
    await rounds.slow(0);
    for (const worker of frozen) wake(worker);
    await crew.worker();
    await rounds.ends(victim, PATIENCE_MS);
    await expectAskedOnce(victim);
    await rounds.bringBack(victim.host);
  });

  it('two on one Redis: the frozen leaseholder is replaced, and thawed does nothing more', async () => {
    const victim = await rounds.fullest();
    await rounds.slow(2);
    const workers = [await crew.worker(), await crew.worker()];
    await crew.lose(victim.host);
    await rounds.underWay(victim, 2);
    const pid = await waitFor(() => holder(victim.host), { what: 'a leaseholder' });
    process.kill(pid, 'SIGSTOP');
    await waitFor(
      async () => {
        const now = await holder(victim.host);
        return now !== null && now !== pid;
      },
      { what: 'another leaseholder' },
    );
    process.kill(pid, 'SIGCONT');
    await rounds.ends(victim, PATIENCE_MS);
    await expectAskedOnce(victim);
    await rounds.bringBack(victim.host);
    expect(workers.every(({ child }) => child.exitCode === null)).toBe(true);
  });

  it('Redis restarts in the middle', async () => {
    const victim = await rounds.fullest();
    await rounds.slow(2);
    await crew.lose(victim.host);
    await rounds.underWay(victim, 2);
    await redis.restart();
    await rounds.ends(victim, PATIENCE_MS);
    await expectAskedOnce(victim);
    await rounds.bringBack(victim.host);
  });

  it('Redis is emptied in the middle: the mark comes back from Nova', async () => {
    const victim = await rounds.fullest();
    await rounds.slow(2);
    await crew.lose(victim.host);
    const { event } = (await crew.record(victim.host)).mark;
    await rounds.underWay(victim, 2);
    await redis.cli('flushall');
    const rebuilt = await waitFor(() => crew.record(victim.host), {
      what: 'the mark once more',
      timeoutMs: 120_000,
    });
    expect(rebuilt.mark).toMatchObject({ event, origin: 'rebuilt' });
    await crew.settled(victim.host, PATIENCE_MS);
    const left = Object.values(await requestsPerInstance(cloud, victim.host));
    expect(Math.max(...left)).toBe(1);
    await rounds.bringBack(victim.host);
    for (const id of victim.ids) expect(await cloud.runningOn(id)).toHaveLength(1);
  });
});
