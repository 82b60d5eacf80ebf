/**
 * The pacemaker store on a real cluster: marks are changed by one writer at a time on three
 * controllers, and outlive everything that Pacemaker does to a failed node and its controllers.
 */
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asHost, asWorker, type HostName } from '../../src/domain/ids.ts';
import { fullRecord, markedRecord } from '../support/record.ts';
import { increment, storedAt, valueOf } from '../support/store-contract.ts';
import { faultFile, startCluster, type Cluster } from './harness/cluster.ts';
import { createMember, type Member } from './harness/member.ts';
import { waitFor } from './harness/wait.ts';

const AGENTS = fileURLToPath(new URL('pacemaker/agents', import.meta.url));

/** Each increment is a dozen programs: more rounds find nothing more, and take the CPU for a minute. */
const ROUNDS = 3;

describe('the pacemaker store on a real cluster', () => {
  let cluster: Cluster;
  let members: readonly Member[];

  beforeAll(async () => {
    cluster = await startCluster({ agents: [AGENTS] });
    await cluster.configure();
    members = await Promise.all(cluster.controllers.map(createMember));
    await allConnected();
  });
  afterAll(async () => {
    for (const member of members) await member.close();
    await cluster.stop();
  });

  const connected = async (node: string): Promise<boolean> =>
    (await cluster.nodeState(node))?.member === true;
  const allConnected = (): Promise<boolean> =>
    waitFor(async () => (await Promise.all(cluster.computes.map(connected))).every(Boolean), {
      what: 'all remote nodes connected',
      timeoutMs: 180_000,
    });
  const memberOn = (node: string): Member => {
    const member = members.find((one) => one.node === node);
    if (member === undefined) throw new Error(`no member ${node}`);
    return member;
  };
  const first = (): Member => memberOn(cluster.controllers[0] ?? '');
  /** Marks as the fence agent does: what is refused for the moment is tried again. */
  const mark = async (member: Member, host: HostName): Promise<void> => {
    await waitFor(
      async () => {
        const version = valueOf(await member.store.read(host))?.version ?? 0;
        const outcome = await member.store.write({ version, epoch: null }, markedRecord(host));
        if (outcome.kind !== 'applied') throw new Error(JSON.stringify(outcome));
        return true;
      },
      { what: `${host} marked by ${member.node}`, timeoutMs: 45_000 },
    );
  };
  /** Whether all controllers are members, by the word of each. */
  const allMembers = (): Promise<boolean> =>
    waitFor(
      async () => {
        const views = await Promise.all(members.map(({ cib }) => cib.nodeStates()));
        const whole = views.every((view) =>
          cluster.controllers.every((name) =>
            valueOf(view).some(({ node, present }) => node === name && present),
          ),
        );
        const problems = await Promise.all(members.map(({ store }) => store.check()));
        const monitor = await cluster.monitor();
        const clean = !/<node [^>]*(pending|unclean)="true"/.test(monitor);
        return whole && clean && problems.every((problem) => problem === null);
      },
      { what: 'all controllers members', timeoutMs: 180_000 },
    );
  /** Whether every controller that runs shows the mark. */
  const markedEverywhere = async (host: HostName): Promise<boolean> => {
    const records = await Promise.all(members.map(({ store }) => store.read(host)));
    return records.every(
      (record) => record.kind === 'known' && record.value?.evacuation.mark.by === 'ctl-1',
    );
  };

  it('starts empty and well', async () => {
    for (const { store } of members) {
      expect(await store.check()).toBeNull();
      expect(valueOf(await store.list())).toEqual([]);
    }
  });

  it('adds up the increments of three controllers', async () => {
    const host = asHost('counter.example.com');
    await mark(first(), host);
    const conflicts = await Promise.all(
      members.map(async ({ store }) => {
        let sum = 0;
        for (let round = 0; round < ROUNDS; round += 1) sum += await increment(store, host);
        return sum;
      }),
    );
    const stored = await storedAt(first().store, host);
    expect(stored.evacuation.life.moves).toBe(members.length * ROUNDS);
    expect(conflicts.reduce((a, b) => a + b)).toBeGreaterThan(0);
  });

  it('keeps the mark of a node that fails, fails to reconnect, and comes back', async () => {
    const host = asHost('compute-1');
    // A machine that takes power and does not boot.
    const broken = faultFile('broken.compute-1');
    await writeFile(broken, '');
    await cluster.killRemote('compute-1');
    await mark(first(), host);
    const fenced = await waitFor(
      async () => {
        const at = (await cluster.nodeState('compute-1'))?.fencedAt ?? 0;
        return at > 0 && at;
      },
      {
        what: 'compute-1 fenced',
        everyMs: 100,
      },
    );
    expect(fenced).toBeGreaterThan(0);
    // Every failed attempt to reconnect erases the attributes of the node once more.
    const failedStart =
      "//lrm_resource[@id='compute-1']/lrm_rsc_op[@operation='start' and @rc-code!='0' and @op-status!='-1']";
    await waitFor(async () => valueOf(await first().cib.query(failedStart)).length > 0, {
      what: 'a failed attempt to reconnect',
      timeoutMs: 180_000,
    });
    expect(await markedEverywhere(host)).toBe(true);
    await rm(broken);
    await cluster.powerOn('compute-1');
    expect(await markedEverywhere(host)).toBe(true);
    await waitFor(() => connected('compute-1'), { what: 'compute-1 back', timeoutMs: 180_000 });
    expect(await markedEverywhere(host)).toBe(true);
  });

  it('is taken over when the controller of the worker dies', async () => {
    const host = asHost('compute-2');
    await mark(first(), host);
    const [one, two] = [first(), memberOn(cluster.controllers[1] ?? '')];
    const grant = valueOf(await one.store.lease(host, asWorker('anna'), 30_000));
    if (grant.kind === 'held') throw new Error(grant.by);
    const { version } = await storedAt(one.store, host);
    const working = { ...fullRecord(12, host), mark: markedRecord(host).mark };
    const written = await one.store.write({ version, epoch: grant.epoch }, working);
    expect(written.kind).toBe('applied');
    const held = valueOf(await two.store.lease(host, asWorker('bert'), 30_000));
    expect(held).toEqual({ kind: 'held', by: 'anna' });

    await cluster.powerOff(one.node);
    const epoch = await waitFor(
      async () => {
        const answer = valueOf(await two.store.lease(host, asWorker('bert'), 30_000));
        if (answer.kind === 'held') throw new Error(`held by ${answer.by}`);
        return answer.epoch;
      },
      { what: 'the lease on another controller', timeoutMs: 50_000 },
    );
    expect(epoch).toBeGreaterThan(grant.epoch);
    expect((await storedAt(two.store, host)).evacuation).toMatchObject({
      phase: 'marked',
      instances: {},
      proof: working.proof,
      isolation: working.isolation,
    });
    await cluster.powerOn(one.node);
    await waitFor(async () => (await one.store.read(host)).kind === 'known', {
      what: 'the dead controller back',
      timeoutMs: 180_000,
    });
    const late = await one.store.write({ version, epoch: grant.epoch }, working);
    expect(late.kind).toBe('refused');
    await two.store.release(host, asWorker('bert'));
  });

  it('takes no mark on the losing side of a partition', async () => {
    const host = asHost('compute-3');
    const cut = memberOn(cluster.controllers[2] ?? '');
    await allMembers();
    await cluster.isolate(cut.node);
    await waitFor(
      async () => {
        const here = await cut.attributes.here();
        return here.kind === 'known' && !here.value.quorum;
      },
      { what: 'the loss of quorum', timeoutMs: 60_000, everyMs: 50 },
    );
    const outcome = await cut.store.write({ version: 0, epoch: null }, markedRecord(host));
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'not-sent' } });
    // The attribute would be taken here, and be a report when the parts meet again; unless it is
    // fenced by now.
    const classic = await cut.attributes.all('evacuate');
    expect(classic.kind === 'known' ? classic.value.get(host) : undefined).toBeUndefined();
    const grant = await cut.store.lease(host, asWorker('carl'), 30_000);
    expect(grant.kind).toBe('unknown');

    // The other side marks meanwhile; that must outlive the reunion.
    expect(valueOf(await first().store.read(host))).toBeNull();
    await mark(first(), host);
    await cluster.heal(cut.node);
    await allMembers();
    await waitFor(() => markedEverywhere(host), { what: 'the mark on all sides' });
  });

  it('keeps the marks when all controllers lose their power at once', async () => {
    const host = asHost('compute-9');
    await mark(first(), host);
    // Each member writes its copy within moments; the first answer is not yet all disks.
    await waitFor(
      async () => {
        const copies = await Promise.all(
          cluster.controllers.map((node) =>
            cluster.exec(node, 'grep', '-c', 'mark-compute-9', '/var/lib/pacemaker/cib/cib.xml'),
          ),
        );
        return copies.every(({ stdout }) => Number(stdout) > 0);
      },
      { what: 'the mark on all disks', everyMs: 20 },
    );
    await Promise.all(cluster.controllers.map((node) => cluster.powerOff(node)));
    await Promise.all(cluster.controllers.map((node) => cluster.powerOn(node)));
    await waitFor(() => markedEverywhere(host), {
      what: 'the mark after the restart',
      timeoutMs: 180_000,
    });
    expect(await markedEverywhere(asHost('compute-1'))).toBe(true);
    await allConnected();
  });
});
