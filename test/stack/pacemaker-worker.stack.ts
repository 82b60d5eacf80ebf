/**
 * The built agents and the worker on a real cluster, over a simulated Nova: what Pacemaker does to
 * nodes, controllers and itself in the middle of an evacuation.
 */
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { faultFile, startCluster, type Cluster } from './harness/cluster.ts';
import {
  agentsDirectory,
  everythingRuns,
  install,
  type HostStatus,
  type Installation,
  type SharedStore,
} from './harness/installation.ts';
import { startSimulatedNova, type SimulatedNova } from './harness/simulated-nova.ts';
import { waitFor } from './harness/wait.ts';

const NODES = ['compute-1', 'compute-2', 'compute-3'] as const;
const OTHERS = ['compute-4', 'compute-5', 'compute-6'] as const;
const SLOW_MS = 15_000;

describe.each(['redis', 'pacemaker'] as const)('a cluster at work, with %s', (kind) => {
  let nova: SimulatedNova;
  let cluster: Cluster;
  let redis: RedisServer | null = null;
  let agents: Awaited<ReturnType<typeof agentsDirectory>>;
  let installed: Installation;

  beforeAll(async () => {
    expectFreshDist();
    nova = await startSimulatedNova({ hosts: 6, managed: NODES });
    agents = await agentsDirectory();
    redis = kind === 'redis' ? await startRedis() : null;
    const store: SharedStore = redis === null ? 'pacemaker' : { redisPort: redis.port };
    cluster = await startCluster({
      agents: [agents.directory],
      ports: [nova.port, ...(redis === null ? [] : [redis.port])],
      hook: nova.hook,
      managedCompute: true,
    });
    installed = await install({
      cluster,
      store,
      access: nova.access,
      managedCompute: true,
      // Half of the hosts are lost at once here, and a request needs no 90 s to show.
      lines: ['storm: {max_share: 1}', 'retry: {uncertain: 30s}'],
    });
    await everythingRuns(cluster, installed);
  });
  afterAll(async () => {
    await cluster.stop();
    await redis?.stop();
    await agents.remove();
    await nova.stop();
  });

  const spawn = (delayMs: number): void => {
    for (const host of OTHERS) nova.cloud.setSpawnDelay(host, delayMs);
  };
  const boot = (host: string, count: number): readonly string[] => nova.cloud.boot({ host, count });
  const fenced = (host: string): Promise<unknown> =>
    waitFor(async () => ((await cluster.nodeState(host))?.fencedAt ?? 0) > 0, {
      what: `${host} fenced`,
      everyMs: 100,
      timeoutMs: 120_000,
    });
  const underWay = (host: string): Promise<HostStatus> =>
    installed.until(host, 'under way', ({ in_flight: inFlight }) => inFlight > 0);
  const isSettled = ({ phase }: HostStatus): boolean =>
    phase !== 'marked' && phase !== 'evacuating';
  const settled = (host: string): Promise<HostStatus> =>
    installed.until(host, 'settled', isSettled, 300_000);
  const closed = (host: string): Promise<HostStatus> =>
    installed.until(host, 'taken back', ({ phase }) => phase === 'closed', 300_000);
  const expectMoved = (ids: readonly string[], from: string): void => {
    for (const id of ids) {
      const { host, runsOn } = nova.cloud.instance(id);
      expect(
        runsOn.map(({ name }) => name),
        id,
      ).toEqual([host?.name]);
      expect(host?.name).not.toBe(from);
      expect(nova.cloud.evacuatePosts(id), id).toHaveLength(1);
    }
    expect(nova.cloud.doubles()).toEqual([]);
  };
  const backAtWork = async (host: string, event: string): Promise<void> => {
    expect(await closed(host)).toMatchObject({ event });
    await everythingRuns(cluster, installed);
  };

  it.each([
    [['stonith_admin', '--metadata', '--agent', 'fence_nova'], 'settle_timeout'],
    [['stonith_admin', '--metadata', '--agent', 'fence_nova_evacuate'], 'settle_timeout'],
    [['crm', 'ra', 'info', 'stonith:fence_nova'], 'settle_timeout'],
    [['pcs', 'stonith', 'describe', 'fence_nova'], 'settle_timeout'],
    [['crm', 'ra', 'info', 'ocf:nova-ha:NovaEvacuate'], 'turn_timeout'],
    [['crm', 'ra', 'info', 'ocf:nova-ha:NovaComputeWait'], 'evacuation_delay'],
    [['pcs', 'resource', 'describe', 'ocf:nova-ha:NovaEvacuate'], 'turn_timeout'],
    [['pcs', 'resource', 'describe', 'ocf:nova-ha:NovaComputeWait'], 'evacuation_delay'],
  ] as const)('is understood by %s', async (command, parameter) => {
    const outcome = await cluster.exec(cluster.controllers[0] ?? '', ...command);
    expect(outcome).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(parameter) as string,
    });
  });

  it('keeps the mark of a node that fails to reconnect and comes back, and gates nova-compute', async () => {
    const ids = boot('compute-1', 4);
    spawn(SLOW_MS);
    // A machine that takes power and does not boot.
    await writeFile(faultFile('broken.compute-1'), '');
    await cluster.killRemote('compute-1');
    await fenced('compute-1');
    const marked = await installed.status('compute-1');
    expect(marked).toMatchObject({ by: expect.stringMatching(/^fence_nova@ctl-/) as string });
    const event = marked?.event ?? '';
    // The command of the systemd drop-in; the host is another one than the machine that asks.
    const wait = cluster.exec(
      'compute-2',
      'env',
      'OCF_RESKEY_host=compute-1',
      '/usr/lib/ocf/resource.d/nova-ha/NovaComputeWait',
      'wait',
    );
    const failedStart =
      "//lrm_resource[@id='compute-1']/lrm_rsc_op[@operation='start' and @rc-code!='0' and @op-status!='-1']";
    await waitFor(
      async () => {
        const [node = ''] = cluster.controllers;
        return (await cluster.exec(node, 'cibadmin', '-Q', '--xpath', failedStart)).code === 0;
      },
      { what: 'a failed attempt to reconnect', timeoutMs: 180_000 },
    );
    expect(await installed.status('compute-1')).toMatchObject({ event });
    await rm(faultFile('broken.compute-1'));
    await cluster.powerOn('compute-1');
    const { code, stderr } = await wait;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain('Waiting for compute-1');
    expect(await installed.status('compute-1')).toSatisfy(isSettled);
    spawn(0);
    await backAtWork('compute-1', event);
    expectMoved(ids, 'compute-1');
  });

  it('goes on when the controller that ran the worker is lost', async () => {
    const ids = boot('compute-2', 6);
    spawn(SLOW_MS);
    await cluster.killRemote('compute-2');
    const { event } = await underWay('compute-2');
    const lost = (await installed.worker()) ?? '';
    await cluster.powerOff(lost);
    await waitFor(
      async () => {
        const now = await installed.worker();
        return now !== null && now !== lost;
      },
      { what: 'the worker on another controller', timeoutMs: 180_000 },
    );
    expect(await settled('compute-2')).toMatchObject({ event });
    spawn(0);
    await backAtWork('compute-2', event);
    expectMoved(ids, 'compute-2');
  });

  it('goes on after a restart of the whole cluster', async () => {
    const ids = boot('compute-3', 6);
    spawn(SLOW_MS);
    await cluster.killRemote('compute-3');
    const { event } = await underWay('compute-3');
    await Promise.all(cluster.controllers.map((node) => cluster.powerOff(node)));
    await Promise.all(cluster.controllers.map((node) => cluster.powerOn(node)));
    await waitFor(() => installed.worker(), {
      what: 'a worker after the restart',
      timeoutMs: 240_000,
    });
    expect(await settled('compute-3')).toMatchObject({ event });
    spawn(0);
    await backAtWork('compute-3', event);
    expectMoved(ids, 'compute-3');
  });

  it.runIf(kind === 'redis')('marks a node in the end when the store hangs meanwhile', async () => {
    const ids = boot('compute-1', 2);
    const earlier = (await installed.status('compute-1'))?.event;
    redis?.signal('SIGSTOP');
    await cluster.killRemote('compute-1');
    await waitFor(async () => /compute-1 is not marked yet/.test(await installed.fenceLog()), {
      what: 'a first try that failed',
      everyMs: 100,
    });
    // Its power is off, and Pacemaker does not believe it fenced as long as it is not marked.
    expect(await cluster.powerStatus('compute-1')).toBe('off');
    expect(await cluster.nodeState('compute-1')).toEqual({ member: false, fencedAt: 0 });
    redis?.signal('SIGCONT');
    await fenced('compute-1');
    const marked = await installed.status('compute-1');
    expect(marked?.by).toMatch(/^fence_nova@ctl-/);
    expect(marked?.event).not.toBe(earlier);
    const [node = ''] = cluster.controllers;
    const history = await cluster.exec(node, ...'stonith_admin -V --history compute-1'.split(' '));
    expect(history.stdout).not.toMatch(/(reboot|off).*failed/);
    await backAtWork('compute-1', marked?.event ?? '');
    expectMoved(ids, 'compute-1');
  });

  it('marks and isolates three nodes lost at once before the first instance moves', async () => {
    const ids = NODES.map((node) => [node, boot(node, 3)] as const);
    const before = nova.posted.length;
    const earlier = new Map<string, string | undefined>();
    for (const node of NODES) earlier.set(node, (await installed.status(node))?.event);
    await Promise.all(NODES.map((node) => cluster.killRemote(node)));
    for (const node of NODES) {
      await installed.until(
        node,
        'taken back once more',
        ({ phase, event }) => phase === 'closed' && event !== earlier.get(node),
        300_000,
      );
    }
    const posts = nova.posted.slice(before);
    // Guests of the earlier scenarios may have landed there, too.
    expect(posts.length).toBeGreaterThanOrEqual(9);
    expect(new Set(posts.map(({ instance }) => instance)).size).toBe(posts.length);
    expect(posts[0]?.forcedDown).toEqual(expect.arrayContaining([...NODES]));
    for (const [node, those] of ids) expectMoved(those, node);
    await everythingRuns(cluster, installed);
  });

  it('marks nothing on the losing side of a partition', async () => {
    const ghost = 'compute-6';
    // It is not fenced at once, so that it lives long enough to be asked.
    await writeFile(faultFile('fail.power'), '');
    const worker = await installed.worker();
    const cut = cluster.controllers.find((node) => node !== worker) ?? '';
    await cluster.isolate(cut);
    await waitFor(async () => (await cluster.exec(cut, 'crm_node', '-q')).stdout.trim() === '0', {
      what: 'the loss of quorum',
      timeoutMs: 60_000,
      everyMs: 100,
    });
    expect(await installed.fence(cut, ghost, 'retry_timeout=2')).toMatchObject({ code: 1 });
    await rm(faultFile('fail.power'));
    await cluster.heal(cut);
    await everythingRuns(cluster, installed);
    expect(await installed.status(ghost)).toBeNull();
    expect(nova.cloud.host(ghost).forcedDown).toBe(false);
  });

  it('shows a host that needs a human as degraded, and runs on', async () => {
    const [node = ''] = cluster.controllers;
    const worker = (await installed.worker()) ?? '';
    const pidOf = async (): Promise<string> =>
      (await cluster.exec(worker, 'cat', '/run/nova-ha/worker.pid')).stdout;
    const pid = await pidOf();
    // Nova knows no such host: nobody but a human can mend that.
    expect(await installed.fence(node, 'ghost')).toMatchObject({ code: 0 });
    const degraded =
      "//lrm_resource[@id='nova-evacuate']/lrm_rsc_op[@operation='monitor' and @rc-code='190']";
    await waitFor(
      async () => (await cluster.exec(node, 'cibadmin', '-Q', '--xpath', degraded)).code === 0,
      { what: 'the monitor that says degraded', timeoutMs: 60_000 },
    );
    expect(await pidOf()).toBe(pid);
    const monitor = await cluster.monitor();
    expect(/<resource id="nova-evacuate"[^>]*>/.exec(monitor)?.[0]).toContain('role="Started"');
    const { code, stderr } = await installed.command(worker, 'unmark', 'ghost');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await pidOf()).toBe(pid);
  });

  it('lost nobody and ran nobody twice', async () => {
    expect(nova.cloud.doubles()).toEqual([]);
    expect(await installed.said()).not.toMatch(/invariant/i);
  });
});
