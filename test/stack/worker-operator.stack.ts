/**
 * Operators act while the worker does, and hosts come back too early: nothing of theirs is undone,
 * nobody is lost.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asInstance } from '../../src/domain/ids.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { expectMoved, expectRecorded, placesOf, requestsPerInstance } from './harness/outcome.ts';
import { createRounds, type Rounds } from './harness/rounds.ts';
import { createTenant, type Tenant } from './harness/tenant.ts';
import { waitFor } from './harness/wait.ts';

const HOST = 'compute-1';
const HIS = 'compute-3';
const FORCED = 'compute-4';

describe('an operator at the same time', () => {
  let cloud: Cloud;
  let crew: Crew;
  let rounds: Rounds;
  let tenant: Tenant;
  let watch: GuestWatch;

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    tenant = await createTenant(cloud);
    await cloud.boot(8, HOST);
    crew = await createCrew(cloud, { env: { NOVA_HA_PACE_IN_FLIGHT: '1' } });
    rounds = createRounds(cloud, crew);
    watch = watchGuests(cloud.directory, cloud.hosts);
    await crew.worker();
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await cloud.stop();
  });
  afterEach(() => {
    expect(watch.doubles()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });

  const set = async (host: string, change: Readonly<Record<string, unknown>>): Promise<void> => {
    const { status, body } = await cloud.nova.setService(host, change);
    expect(status, JSON.stringify(body)).toBe(200);
  };

  it('evacuates one by hand, deletes another, disables and forces down other hosts', async () => {
    await set(HOST, { status: 'disabled', disabled_reason: 'bad memory' });
    const victim = await rounds.fullest();
    expect(victim.host).toBe(HOST);
    await rounds.slow(2);
    await crew.lose(HOST);
    const sent = await rounds.underWay(victim, 1);
    const [byHand = '', deleted = '', ...others] = victim.ids.filter(
      (id) => !sent.some(({ instance_uuid }) => instance_uuid === id),
    );
    expect((await cloud.nova.evacuate(byHand)).status).toBe(200);
    await tenant.delete(deleted);
    await set(HIS, { status: 'disabled', disabled_reason: 'his own' });
    await set(FORCED, { forced_down: true });

    const evacuation = await crew.settled(HOST);
    expect(evacuation.instances[asInstance(deleted)]?.progress).toEqual({ at: 'gone' });
    expect((await requestsPerInstance(cloud, HOST))[byHand]).toBe(1);
    const moved = [byHand, ...others, ...sent.map(({ instance_uuid }) => instance_uuid)];
    await expectMoved(cloud, moved, HOST);
    // What he sent was followed to its new host as if it were ours.
    await expectRecorded(cloud, evacuation, moved);
  });

  it('finds everything as he left it, the failed host among it', async () => {
    for (const host of cloud.hosts) await cloud.spawnDelay(host, 0);
    await cloud.powerOn(HOST);
    await crew.closed(HOST);
    const enabled = { forced_down: false, state: 'up' };
    const disabled = { ...enabled, status: 'disabled' };
    expect(await cloud.nova.service(HOST)).toMatchObject({
      ...disabled,
      disabled_reason: 'bad memory',
    });
    expect(await cloud.nova.service(HIS)).toMatchObject({
      ...disabled,
      disabled_reason: 'his own',
    });
    expect(await cloud.nova.service(FORCED)).toMatchObject({
      forced_down: true,
      status: 'enabled',
    });
    for (const host of [HOST, HIS]) await set(host, { status: 'enabled' });
    await set(FORCED, { forced_down: false });
    await waitFor(async () => (await cloud.nova.service(FORCED)).state === 'up', {
      what: `${FORCED} up`,
    });
  });

  it('boots the host in the middle: who is not gone yet stays, and nobody is lost', async () => {
    // So many that some are left when the worker sees that the host is back.
    await cloud.boot(5, (await rounds.fullest()).host);
    const victim = await rounds.fullest();
    await rounds.slow(6);
    await crew.lose(victim.host);
    await rounds.underWay(victim, 1);
    await cloud.powerOn(victim.host);
    const evacuation = await crew.settled(victim.host);

    const { hosts } = await cloud.guests();
    expect(placesOf(evacuation)['skipped NH307']).toBeGreaterThan(0);
    for (const id of victim.ids) {
      const progress = evacuation.instances[asInstance(id)]?.progress;
      const server = await cloud.nova.server(id);
      const host = server['OS-EXT-SRV-ATTR:host'] ?? '';
      if (progress?.at === 'landed') {
        expect(host).toBe(progress.destination);
        await expectMoved(cloud, [id], victim.host);
      } else {
        expect(progress).toMatchObject({ at: 'skipped', why: { code: 'NH307' } });
        expect(host).toBe(victim.host);
        expect(Object.keys(hosts[victim.host] ?? {})).toContain(id);
      }
    }
    // The destinations have written `done` over what the early nova-compute had completed.
    await cloud.part('restart', victim.host);
    await crew.closed(victim.host);
    expect(await cloud.nova.service(victim.host)).toMatchObject({
      status: 'enabled',
      state: 'up',
      forced_down: false,
    });
  });
});
