/**
 * Fifty instances in all the states and groups that users bring them into: each ends where the policy
 * says, as it was before, or is left with the reason.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import { asInstance } from '../../src/domain/ids.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { expectMoved, expectRecorded, placesOf, requestsPerInstance } from './harness/outcome.ts';
import { createTenant, type Tenant } from './harness/tenant.ts';
import { waitFor } from './harness/wait.ts';

const [HOST, SECOND, THIRD, LAST] = ['compute-1', 'compute-2', 'compute-3', 'compute-4'];

describe('instances in every state', () => {
  let cloud: Cloud;
  let crew: Crew;
  let watch: GuestWatch;
  let ours: Tenant;
  let theirs: Tenant;
  let evacuation: Evacuation;
  const ids: Record<string, readonly string[]> = {};
  const of = (...names: readonly string[]): readonly string[] =>
    names.flatMap((name) => ids[name] ?? []);

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    ours = await createTenant(cloud);
    theirs = await createTenant(cloud, 'tenants');
    await bootAll();
    crew = await createCrew(cloud);
    watch = watchGuests(cloud.directory, cloud.hosts);
    await crew.worker();
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await cloud.stop();
  });

  async function bootAll(): Promise<void> {
    const boot = async (name: string, count: number, tenant = ours): Promise<readonly string[]> =>
      (ids[name] = await tenant.boot({ count, host: HOST, name }));
    await boot('active', 23);
    await ours.bring(await boot('stopped', 6), { 'os-stop': null }, 'stopped');
    await ours.bring(await boot('broken', 4), { 'os-resetState': { state: 'error' } }, 'error');
    await ours.bring(await boot('paused', 2), { pause: null }, 'paused');
    await ours.bring(await boot('suspended', 2), { suspend: null }, 'suspended');
    await ours.bring(await boot('owner stopped', 1), { 'os-stop': null }, 'stopped');
    await boot('owner', 1);
    for (const id of of('owner', 'owner stopped')) {
      await ours.act(id, { lock: { locked_reason: 'by its owner' } });
    }
    await theirs.bring(await boot('admin stopped', 1, theirs), { 'os-stop': null }, 'stopped');
    await boot('admin', 1, theirs);
    for (const id of of('admin', 'admin stopped')) {
      await ours.act(id, { lock: { locked_reason: 'by an administrator' } });
    }
    await bootGroups();
  }

  async function bootGroups(): Promise<void> {
    const grouped = async (
      name: string,
      hosts: readonly string[],
      policy: string,
      count = 1,
      rules?: Readonly<Record<string, number>>,
    ): Promise<void> => {
      const group = await ours.group(policy, rules);
      const booted: string[] = [];
      for (const host of hosts) booted.push(...(await ours.boot({ count, host, name, group })));
      ids[name] = booted;
    };
    await grouped('apart', [HOST, SECOND, THIRD], 'anti-affinity');
    await grouped('two by two', [HOST], 'anti-affinity', 2, { max_server_per_host: 2 });
    await grouped('together', [HOST], 'affinity', 2);
    await grouped('rather together', [HOST], 'soft-affinity', 2);
    await grouped('rather apart', [HOST], 'soft-anti-affinity', 2);
  }

  const hostOf = async (id: string): Promise<string | null> =>
    (await cloud.nova.server(id))['OS-EXT-SRV-ATTR:host'];
  const expectSkipped = (names: readonly string[], code: string): void => {
    for (const id of of(...names)) {
      const progress = evacuation.instances[asInstance(id)]?.progress;
      expect(progress, id).toMatchObject({ at: 'skipped', why: { code } });
    }
  };

  it('are fifty on one host, and each comes to an end', async () => {
    expect(await cloud.nova.servers(HOST)).toHaveLength(50);
    await crew.lose(HOST);
    evacuation = await crew.settled(HOST, 300_000);
    expect(placesOf(evacuation)).toEqual({ landed: 44, 'skipped NH301': 4, 'skipped NH306': 2 });
    expect(Object.values(await requestsPerInstance(cloud, HOST))).toEqual(
      Array.from({ length: 44 }, () => 1),
    );
  });

  it('run elsewhere when they ran or were only called broken', async () => {
    const running = of('active', 'broken', 'owner', 'admin');
    const grouped = of('two by two', 'rather together', 'rather apart');
    await expectMoved(cloud, [...running, ...grouped], HOST);
    await expectRecorded(cloud, evacuation, [...running, ...grouped]);
  });

  it('stay stopped when they were stopped', async () => {
    const { hosts } = await cloud.guests();
    for (const id of of('stopped', 'owner stopped', 'admin stopped')) {
      const server = await cloud.nova.server(id);
      expect(server).toMatchObject({ status: 'SHUTOFF', 'OS-EXT-STS:task_state': null });
      const host = server['OS-EXT-SRV-ATTR:host'];
      expect(host).not.toBe(HOST);
      expect(hosts[host ?? '']?.[id]).not.toBe('running');
    }
  });

  it('keep their locks and the reasons of them', async () => {
    for (const [who, reason] of [
      ['owner', 'by its owner'],
      ['admin', 'by an administrator'],
    ] as const) {
      for (const id of of(who, `${who} stopped`)) {
        const { locked, locked_reason } = await cloud.nova.server(id);
        expect({ locked, locked_reason }).toEqual({ locked: true, locked_reason: reason });
      }
    }
    for (const id of of('active')) expect((await cloud.nova.server(id)).locked).toBe(false);
  });

  it('obey the groups they are in', async () => {
    const [moved = '', ...others] = of('apart');
    expect(await hostOf(moved)).toBe(LAST);
    expect(await Promise.all(others.map(hostOf))).toEqual([SECOND, THIRD]);
    expectSkipped(['together'], 'NH306');
    for (const id of of('together')) expect(await hostOf(id)).toBe(HOST);
  });

  it('stay, with the reason, when Nova cannot move them', async () => {
    expectSkipped(['paused', 'suspended'], 'NH301');
    const status = await crew.command('status', HOST);
    expect(status.out).toContain('not evacuable in vm_state paused');
    for (const name of ['paused', 'suspended']) {
      for (const id of of(name)) {
        const server = await cloud.nova.server(id);
        expect(server).toMatchObject({ 'OS-EXT-STS:vm_state': name });
        expect(server['OS-EXT-SRV-ATTR:host']).toBe(HOST);
      }
    }
  });

  it('do not keep the host from coming back, and what was left is still there', async () => {
    await cloud.powerOn(HOST);
    await crew.closed(HOST);
    const left = of('paused', 'suspended', 'together');
    const there = (await cloud.nova.servers(HOST)).map(({ id }) => id);
    expect(there.toSorted()).toEqual(left.toSorted());
    await waitFor(
      async () =>
        Object.keys((await cloud.guests()).hosts[HOST] ?? {})
          .toSorted()
          .join() === left.toSorted().join(),
      { what: 'the moved guests removed from the host, the others kept' },
    );
  });

  it('never ran twice', async () => {
    expect(await watch.stop()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });
});
