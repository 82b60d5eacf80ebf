/**
 * No room, hosts that cannot build, groups that forbid every host: what waits is not forgotten, and
 * lands when it can.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asInstance } from '../../src/domain/ids.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { expectMoved, placesOf } from './harness/outcome.ts';
import { createTenant, type Tenant } from './harness/tenant.ts';
import { waitFor } from './harness/wait.ts';

const HOST = 'compute-1';

describe('a cloud without room', () => {
  let cloud: Cloud;
  let crew: Crew;
  let watch: GuestWatch;
  let tenant: Tenant;
  let others: readonly string[];
  let plain: readonly string[];
  /** A member of an anti-affinity group on each host, the failed one's first. */
  let apart: readonly string[];

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    tenant = await createTenant(cloud);
    others = cloud.hosts.filter((host) => host !== HOST);
    plain = await tenant.boot({ count: 5, host: HOST, name: 'plain' });
    const group = await tenant.group('anti-affinity');
    const members: string[] = [];
    for (const host of [HOST, ...others]) {
      members.push(...(await tenant.boot({ count: 1, host, name: 'apart', group })));
    }
    apart = members;
    for (const host of others) await set(host, { status: 'disabled', disabled_reason: 'upgrade' });
    const env = { NOVA_HA_RETRY_CAPACITY: '3s', NOVA_HA_RETRY_BACKOFF: '2s' };
    crew = await createCrew(cloud, { env });
    watch = watchGuests(cloud.directory, cloud.hosts);
    await crew.worker();
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await cloud.stop();
  });

  const set = async (host: string, change: Readonly<Record<string, unknown>>): Promise<void> => {
    const { status, body } = await cloud.nova.setService(host, change);
    expect(status, JSON.stringify(body)).toBe(200);
  };
  const places = async (): Promise<Readonly<Record<string, number>>> =>
    placesOf(await crew.record(HOST));
  const until = (what: string, wanted: Readonly<Record<string, number>>): Promise<boolean> =>
    waitFor(
      async () => {
        const seen = await places();
        const there = Object.entries(wanted).every(([place, count]) => seen[place] === count);
        if (!there) throw new Error(JSON.stringify(seen));
        return true;
      },
      { what, timeoutMs: 120_000 },
    );

  it('keeps all instances waiting, and asks again', async () => {
    await crew.lose(HOST);
    await until('all six wait for room', { 'pending NH401': 6 });
    await waitFor(async () => (await cloud.nova.migrations(HOST)).length >= 12, {
      what: 'a second request for each',
      timeoutMs: 120_000,
    });
    expect((await crew.command('status', HOST)).out).toContain('no host has room for it');
    expect((await crew.record(HOST)).phase).toBe('evacuating');
  });

  it('tries again what fails to be built', async () => {
    const [second = ''] = others;
    await cloud.spawnFailure(second, true);
    await set(second, { status: 'enabled' });
    await waitFor(
      async () => (await cloud.nova.migrations(HOST)).some(({ status }) => status === 'failed'),
      { what: 'a failed build' },
    );
    await waitFor(async () => ((await places())['pending NH402'] ?? 0) > 0, {
      what: 'an instance that waits for its next try',
    });
    await cloud.spawnFailure(second, false);
    await waitFor(
      async () => {
        const { arrived = 0, landed = 0 } = await places();
        return arrived + landed === plain.length;
      },
      { what: 'the five elsewhere', timeoutMs: 120_000 },
    );
    await expectMoved(cloud, plain, HOST);
  });

  it('waits for room in a group, and takes it when a member leaves', async () => {
    const [member = '', , third = ''] = apart;
    const host = others[1] ?? '';
    await set(host, { status: 'enabled' });
    await tenant.delete(third);
    const evacuation = await crew.settled(HOST);
    expect(evacuation.instances[asInstance(member)]?.progress).toMatchObject({
      at: 'landed',
      destination: host,
    });
    await expectMoved(cloud, [...plain, member], HOST);
  });

  it("leaves an operator's disabled host alone, and had no guest run twice", async () => {
    expect(await cloud.nova.service(others[2] ?? '')).toMatchObject({
      status: 'disabled',
      disabled_reason: 'upgrade',
    });
    expect(await watch.stop()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });
});
