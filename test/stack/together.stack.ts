/**
 * Both together: a real Pacemaker with the built agents drives the evacuation of a real Nova's host,
 * from the lost node to its first new guest.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { startCluster, type Cluster } from './harness/cluster.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import {
  agentsDirectory,
  everyHostReports,
  everythingRuns,
  install,
  type Installation,
  type SharedStore,
} from './harness/installation.ts';
import { expectMoved, requestsPerInstance } from './harness/outcome.ts';
import { waitFor } from './harness/wait.ts';

const HOST = 'compute-1';
const COUNT = 20;

describe.each(['redis', 'pacemaker'] as const)('a node that is lost, with %s', (kind) => {
  let cloud: Cloud;
  let cluster: Cluster;
  let redis: RedisServer | null = null;
  let agents: Awaited<ReturnType<typeof agentsDirectory>>;
  let installed: Installation;
  let watch: GuestWatch;
  let ids: readonly string[];

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    agents = await agentsDirectory();
    redis = kind === 'redis' ? await startRedis() : null;
    const store: SharedStore = redis === null ? 'pacemaker' : { redisPort: redis.port };
    cluster = await startCluster({
      cloud,
      agents: [agents.directory],
      ports: redis === null ? [] : [redis.port],
      managedCompute: true,
    });
    installed = await install({ cluster, store, access: cloud.nova.access, managedCompute: true });
    await everythingRuns(cluster, installed);
    await everyHostReports(cloud);
    ids = await cloud.boot(COUNT, HOST);
    watch = watchGuests(cloud.directory, cloud.hosts);
  });
  afterAll(async () => {
    await watch.stop();
    await cluster.stop();
    await redis?.stop();
    await agents.remove();
    await cloud.stop();
  });

  it('is fenced, marked and isolated', async () => {
    await cluster.killRemote(HOST);
    await waitFor(async () => ((await cluster.nodeState(HOST))?.fencedAt ?? 0) > 0, {
      what: `${HOST} fenced`,
      everyMs: 100,
    });
    // The mark was durable before Pacemaker heard of success.
    const status = await installed.status(HOST);
    expect(status?.by).toMatch(/^fence_nova@ctl-/);
    expect(await cloud.nova.service(HOST)).toMatchObject({
      status: 'disabled',
      forced_down: true,
      disabled_reason: expect.stringMatching(
        `^nova-ha: ${status?.event ?? ''} evacuat(ing|ed) `,
      ) as string,
    });
  });

  it('has all its guests elsewhere, each asked for once', async () => {
    const { counts } = await installed.until(HOST, 'settled', ({ finished, total, phase }) => {
      return phase !== 'marked' && total === COUNT && finished === COUNT;
    });
    expect(counts).toMatchObject({ landed: COUNT });
    await expectMoved(cloud, ids, HOST);
    expect(await requestsPerInstance(cloud, HOST)).toEqual(
      Object.fromEntries(ids.map((id) => [id, 1])),
    );
  });

  it('comes back, cleans up, and is taken back', async () => {
    await installed.until(HOST, 'taken back', ({ phase }) => phase === 'closed');
    expect((await cluster.nodeState(HOST))?.member).toBe(true);
    const rows = await cloud.nova.migrations(HOST);
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['completed']));
    expect((await cloud.guests()).hosts[HOST]).toEqual({});
    expect(await cloud.nova.service(HOST)).toMatchObject({
      status: 'enabled',
      state: 'up',
      forced_down: false,
      disabled_reason: null,
    });
  });

  it('gets new guests', async () => {
    const [fresh = ''] = await cloud.boot(1, HOST);
    expect(await cloud.runningOn(fresh)).toEqual([HOST]);
    await expectMoved(cloud, ids, HOST);
  });

  it('had no guest run twice at any moment, and Pacemaker is content', async () => {
    expect(watch.looks()).toBeGreaterThan(10);
    expect(await watch.stop()).toEqual([]);
    expect(await installed.said()).not.toMatch(/\b(ERROR|invariant)\b/);
    await everythingRuns(cluster, installed);
    const [node = ''] = cluster.controllers;
    const check = await installed.command(node, 'pacemaker', '--check');
    expect(check).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('as it should be') as string,
    });
  });
});
