/**
 * Fence proof, return, adoption and configuration on a real cluster that was set up with the very
 * commands that nova-ha prints.
 */
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdoption, type Adoption } from '../../src/adapters/pacemaker/adopt.ts';
import { readConfiguration } from '../../src/adapters/pacemaker/configuration.ts';
import { createPacemakerFencing } from '../../src/adapters/pacemaker/proof.ts';
import { createPresence, type Presence } from '../../src/adapters/pacemaker/return.ts';
import { asHost } from '../../src/domain/ids.ts';
import type { FenceProof } from '../../src/domain/mark.ts';
import type { Instant } from '../../src/domain/time.ts';
import { checkCluster } from '../../src/surfaces/pacemaker/check.ts';
import { markedRecord } from '../support/record.ts';
import { valueOf } from '../support/store-contract.ts';
import { faultFile, startCluster, type Cluster } from './harness/cluster.ts';
import { configureByCommands } from './harness/installation.ts';
import { createMember, type Member } from './harness/member.ts';
import { waitFor } from './harness/wait.ts';

const AGENTS = fileURLToPath(new URL('pacemaker/agents', import.meta.url));

describe('fencing on a real cluster', () => {
  let cluster: Cluster;
  let member: Member;

  beforeAll(async () => {
    cluster = await startCluster({ agents: [AGENTS] });
    await configureByCommands(cluster, 'pcs');
    const [controller = ''] = cluster.controllers;
    member = await createMember(controller);
    await waitFor(
      async () =>
        (await Promise.all(cluster.computes.map(presence))).every(
          (one) => one?.kind === 'connected',
        ),
      { what: 'all remote nodes connected', timeoutMs: 180_000 },
    );
  });
  afterAll(async () => {
    await member.close();
    await cluster.stop();
  });

  const presence = async (node: string): Promise<Presence | null> => {
    const answer = await createPresence({ cib: member.cib, now: () => Date.now() })(node);
    return answer.kind === 'known' ? answer.value : null;
  };
  const proofSince = async (node: string, since: Instant): Promise<FenceProof | null> => {
    const { cib, history } = member;
    // Pacemaker counts whole seconds here.
    const fencing = createPacemakerFencing({ cib, history, now: () => Date.now(), skewMs: 1000 });
    const mark = { ...markedRecord().mark, at: since };
    return valueOf(await fencing.proof(asHost(node), mark));
  };
  const adoption = async (): Promise<Adoption> => {
    const { cib, history, attributes } = member;
    const now = (): number => Date.now();
    const look = createAdoption({ cib, history, attributes, now, skewMs: 1000 });
    return valueOf(await look({ summaries: [], hosts: cluster.computes.map(asHost) }));
  };
  const withFault = async (name: string, work: () => Promise<void>): Promise<void> => {
    await writeFile(faultFile(name), '');
    await work().finally(() => rm(faultFile(name), { force: true }));
  };
  const backAgain = (node: string): Promise<unknown> =>
    waitFor(async () => (await presence(node))?.kind === 'connected', {
      what: `${node} back in the cluster`,
      timeoutMs: 180_000,
    });

  it('finds nothing to say about a cluster that was set up with its own commands', async () => {
    const cluster = valueOf(await readConfiguration(member.cib));
    expect(checkCluster(cluster)).toEqual([]);
  });

  it('has no proof before the fencing, one after it, and sees the return', async () => {
    const since = Date.now();
    expect(await proofSince('compute-1', since)).toBeNull();
    await cluster.killRemote('compute-1');
    const proof = await waitFor(() => proofSince('compute-1', since), {
      what: 'a fence proof',
      everyMs: 50,
    });
    expect(proof).toMatchObject({ source: 'pacemaker' });
    expect(proof.at).toBeGreaterThanOrEqual(since - 1000);
    expect(await presence('compute-1')).toMatchObject({ kind: 'fenced' });
    await backAgain('compute-1');
    // What was off then stays proven; what fails later is not.
    expect(await proofSince('compute-1', since)).not.toBeNull();
    expect(await proofSince('compute-1', Date.now() + 2000)).toBeNull();
  });

  it('takes a fencing whose later device fails for no proof', async () => {
    const since = Date.now();
    await withFault('fail.mark', async () => {
      await cluster.killRemote('compute-2');
      const failed = await waitFor(
        async () => {
          const events = valueOf(await member.history());
          return events.find(
            (event) =>
              event.target === 'compute-2' &&
              event.status === 'failed' &&
              (event.completedAt ?? 0) >= since - 1000,
          );
        },
        { what: 'a failed fencing', everyMs: 50 },
      );
      expect(failed.action).toBe('reboot');
      // Its power was cut, but the whole fencing has not succeeded.
      for (let look = 0; look < 5; look += 1) {
        expect(await proofSince('compute-2', since)).toBeNull();
      }
      expect(await presence('compute-2')).toEqual({ kind: 'lost' });
    });
    await waitFor(() => proofSince('compute-2', since), {
      what: 'a fence proof at last',
      timeoutMs: 120_000,
    });
    await backAgain('compute-2');
  });

  it('adopts a node that was fenced and carries no mark', async () => {
    expect((await adoption()).failures).toEqual([]);
    await withFault('silent.mark', () =>
      withFault('broken.compute-3', async () => {
        await cluster.killRemote('compute-3');
        const [failure] = await waitFor(
          async () => {
            const { failures } = await adoption();
            return failures.length > 0 && failures;
          },
          { what: 'the unmarked failure', everyMs: 100 },
        );
        expect(failure).toMatchObject({ host: 'compute-3', proof: { source: 'pacemaker' } });
      }),
    );
    await cluster.powerOn('compute-3');
    await backAgain('compute-3');
    expect((await adoption()).failures).toEqual([]);
  });

  it('adopts a node that was fenced by hand while it was connected', async () => {
    const [controller = ''] = cluster.controllers;
    await withFault('silent.mark', () =>
      withFault('broken.compute-2', async () => {
        const { code } = await cluster.exec(controller, 'stonith_admin', '--fence', 'compute-2');
        expect(code).toBe(0);
        const [failure] = await waitFor(
          async () => {
            const { failures } = await adoption();
            return failures.length > 0 && failures;
          },
          { what: 'the unmarked failure', everyMs: 50 },
        );
        expect(failure).toMatchObject({ host: 'compute-2', proof: { source: 'pacemaker' } });
      }),
    );
    await cluster.powerOn('compute-2');
    // Pacemaker notices by its next monitor that the connection is dead, and connects anew.
    await waitFor(async () => (await adoption()).failures.length === 0, {
      what: 'the end of the failure',
      timeoutMs: 180_000,
    });
    await backAgain('compute-2');
  });

  it('takes up the report of an agent that only knows the classic attribute', async () => {
    await member.attributes.set('evacuate', 'yes', 'compute-1');
    const [failure] = await waitFor(
      async () => {
        const { failures } = await adoption();
        return failures.length > 0 && failures;
      },
      { what: 'the report' },
    );
    // The node is connected: its earlier fencing must prove nothing.
    expect(failure).toMatchObject({ host: 'compute-1', proof: null });
    await member.attributes.set('evacuate', 'no', 'compute-1');
    await waitFor(async () => (await adoption()).failures.length === 0, { what: 'its end' });
  });
});
