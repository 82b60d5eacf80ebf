/**
 * The cluster's test bed itself: a compute node whose pacemaker_remoted dies is fenced,
 * and with its power goes the power of the cloud's host of the same name.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { startCluster, type Cluster } from './harness/cluster.ts';
import { waitFor } from './harness/wait.ts';

describe('a real cluster beside a real cloud', () => {
  let cloud: Cloud;
  let cluster: Cluster;

  beforeAll(async () => {
    cloud = await startCloud();
    await cloud.reset();
    cluster = await startCluster({ cloud });
    await cluster.configure();
    await waitFor(
      async () => {
        const states = await Promise.all(cluster.computes.map((node) => cluster.nodeState(node)));
        return states.every((state) => state?.member === true);
      },
      { what: 'all remote nodes connected', timeoutMs: 120_000 },
    );
  });
  afterAll(async () => {
    await cluster.stop();
    await cloud.stop();
  });

  it('lets the nodes reach the cloud by the URLs of its catalog', async () => {
    const { novaUrl } = cloud.nova.access;
    for (const node of [...cluster.controllers, ...cluster.computes]) {
      const { stdout } = await cluster.exec(node, 'curl', '-s', '-m', '10', `${novaUrl}/`);
      expect(stdout).toContain('"min_version": "2.1"');
    }
  });

  it('fences a node that is lost, and the guests of its host end', async () => {
    const [id = ''] = await cloud.boot(1, 'compute-1');
    expect(await cloud.runningOn(id)).toEqual(['compute-1']);
    await cluster.killRemote('compute-1');
    const fenced = await waitFor(
      async () => {
        const state = await cluster.nodeState('compute-1');
        return state !== null && state.fencedAt > 0 ? state : false;
      },
      { what: 'compute-1 fenced', everyMs: 100 },
    );
    expect(fenced.member).toBe(false);
    expect(await cloud.runningOn(id)).toEqual([]);
    await waitFor(async () => (await cluster.nodeState('compute-1'))?.member === true, {
      what: 'compute-1 back in the cluster',
      timeoutMs: 120_000,
    });
  });
});
