/**
 * A host in reserve stands in for a failed one where Placement has too little room, and is given back
 * when nobody needs it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Running } from '../support/built-agent.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { expectMoved, requestsPerInstance } from './harness/outcome.ts';
import { planOf } from './harness/plan.ts';
import { arrange, type Region } from './harness/region.ts';
import { createRounds, type Rounds } from './harness/rounds.ts';
import { createTenant } from './harness/tenant.ts';
import { waitFor } from './harness/wait.ts';

const [HOST, SECOND, RESERVED, HIS] = ['compute-1', 'compute-2', 'compute-3', 'compute-4'];
const REASON = 'Reserved for failures';

/** Two of them fill a host (of 800 GiB, times the ratio of 1.5). */
const LARGE_MIB = 500_000;

const NEEDED = `
reserve: { when: needed, match: any, add_to_aggregates: true }
retry: { uncertain: 30s, capacity: 5s }
`;
/** All go to the repaired host, so that what is taken in reserve stays empty. */
const IN_VAIN = `
reserve: { when: always, match: any, add_to_aggregates: true }
retry: { uncertain: 30s, capacity: 5s }
destination: { host: ${HOST} }
`;

describe('hosts in reserve', () => {
  let cloud: Cloud;
  let crew: Crew;
  let region: Region;
  let rounds: Rounds;
  let watch: GuestWatch;
  let worker: Running;
  let failed: readonly string[];
  let living: readonly string[];

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    const tenant = await createTenant(cloud);
    region = await arrange(cloud.nova);
    const flavor = await region.flavor('large', {}, LARGE_MIB);
    [failed, living] = await Promise.all([
      tenant.boot({ count: 2, host: HOST, name: 'large', flavor }),
      tenant.boot({ count: 1, host: SECOND, name: 'large', flavor }),
    ]);
    await region.aggregate('rack', [HOST, SECOND]);
    await set(RESERVED, { status: 'disabled', disabled_reason: REASON });
    await set(HIS, { status: 'disabled', disabled_reason: 'upgrade' });
    crew = await createCrew(cloud, { policy: NEEDED });
    rounds = createRounds(cloud, crew);
    watch = watchGuests(cloud.directory, cloud.hosts);
    worker = await crew.worker();
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await region.clear();
    await cloud.stop();
  });

  const set = async (host: string, change: Readonly<Record<string, unknown>>): Promise<void> => {
    const { status, body } = await cloud.nova.setService(host, change);
    expect(status, JSON.stringify(body)).toBe(200);
  };
  const hostsOf = async (ids: readonly string[]): Promise<readonly (string | null)[]> => {
    const servers = await Promise.all(ids.map((id) => cloud.nova.server(id)));
    return servers.map((server) => server['OS-EXT-SRV-ATTR:host']).toSorted();
  };
  const rack = async (): Promise<readonly string[]> => {
    const [aggregate] = await region.aggregates();
    return aggregate?.hosts.toSorted() ?? [];
  };

  it('are named in the plan, with who finds no room elsewhere', async () => {
    const { room, reserve } = await planOf(crew, HOST);
    expect(room).toEqual({ known: true, fits: 1, short: 1, unknown: 0 });
    expect(reserve).toMatchObject({ code: 'NH337' });
    expect(reserve?.sentence).toContain(RESERVED);
  });

  it('are enabled before anything is sent, and join the aggregates', async () => {
    await crew.lose(HOST);
    await crew.settled(HOST);
    await expectMoved(cloud, failed, HOST);
    // The scheduler takes the emptiest; which of the two that is for the second one, is chance.
    const places = await hostsOf(failed);
    expect(places).toContain(RESERVED);
    expect([SECOND, RESERVED]).toEqual(expect.arrayContaining([...places]));
    // A request that comes before the scheduler takes the host finds no room, and is made once more.
    for (const count of Object.values(await requestsPerInstance(cloud, HOST))) {
      expect(count).toBeLessThanOrEqual(2);
    }
    expect(await cloud.nova.service(RESERVED)).toMatchObject({
      status: 'enabled',
      disabled_reason: null,
    });
    expect(await rack()).toEqual([HOST, SECOND, RESERVED]);
  });

  it('stay in use with guests on them; what was disabled for another reason stays so', async () => {
    await rounds.bringBack(HOST);
    await waitFor(async () => (await crew.record(HOST)).reserve?.claims.length === 0, {
      what: 'the end of the claim',
      timeoutMs: 120_000,
    });
    expect((await crew.command('history', HOST)).out).toMatch(/it has \d instances/);
    expect((await cloud.nova.service(RESERVED)).status).toBe('enabled');
    expect(await cloud.nova.service(HIS)).toMatchObject({
      status: 'disabled',
      disabled_reason: 'upgrade',
    });
  });

  it('are given back with their reason when they stayed empty', async () => {
    await set(HIS, { status: 'disabled', disabled_reason: 'reserved, new' });
    await crew.reload(worker, IN_VAIN, 'reserve.when (needed -> always)');
    const moving = (await cloud.nova.servers(SECOND)).map(({ id }) => id);
    expect(moving).toContain(living[0]);
    const { room } = await planOf(crew, SECOND);
    expect(room).toEqual({ known: true, fits: moving.length, short: 0, unknown: 0 });
    await crew.lose(SECOND);
    await waitFor(async () => (await cloud.nova.service(HIS)).status === 'enabled', {
      what: `${HIS} enabled`,
      timeoutMs: 120_000,
      everyMs: 50,
    });
    await crew.settled(SECOND);
    await expectMoved(cloud, moving, SECOND);
    expect(new Set(await hostsOf(moving))).toEqual(new Set([HOST]));
    await waitFor(async () => (await crew.record(SECOND)).reserve?.claims.length === 0, {
      what: 'the host given back',
      timeoutMs: 180_000,
    });
    expect(await cloud.nova.service(HIS)).toMatchObject({
      status: 'disabled',
      disabled_reason: 'reserved, new',
    });
    expect(await rack()).toEqual([HOST, SECOND, RESERVED]);
  });

  it('had no guest run twice', async () => {
    expect(await watch.stop()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });
});
