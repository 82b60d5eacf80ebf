/**
 * Who is evacuated, in which order and how many at once, as a policy says it by flavors, images and
 * aggregates, with another policy in the middle; and a snapshot that takes the place of a local disk.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asInstance } from '../../src/domain/ids.ts';
import type { Running } from '../support/built-agent.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import type { NovaMigration } from './harness/nova.ts';
import { expectMoved, expectRecorded, requestsPerInstance } from './harness/outcome.ts';
import { planOf, type PlannedRow } from './harness/plan.ts';
import { arrange, type Region } from './harness/region.ts';
import { createRounds, type Rounds } from './harness/rounds.ts';
import { createTenant, type Tenant } from './harness/tenant.ts';
import { waitFor } from './harness/wait.ts';

const HOST = 'compute-1';

const policy = (inFlight: number, paused = 'skip'): string => `
select:
  mode: tagged
  rules:
    - { name: spares, exclude: { name: 'spare*' } }
    - { include: { image_property: { os_distro: prized } } }
    - { exclude: { flavor_spec: { tier: bronze }, aggregate_metadata: { rack: r1 } } }
pace: { in_flight: ${String(inFlight)} }
states: { paused: ${paused} }
`;
const WRONG = 'pace: { in_flights: 9 }\n';
const RESTORE = 'storage: { kind: local, local_disk: restore }\n';

/** What becomes of whom, and by whose word. */
const EXPECTED: Readonly<Record<string, readonly [string, unknown]>> = {
  db: ['evacuate', 'it is tagged: evacuable on its flavor'],
  web: ['evacuate', 'it is tagged: evacuable on its flavor'],
  'image tagged': ['evacuate', 'it is tagged: evacuable on its image'],
  prized: ['evacuate', 'rule 2 of select.rules includes it'],
  spare: ['skip', 'NH310'],
  bronze: ['skip', 'NH310'],
  plain: ['skip', 'NH311'],
  paused: ['skip', 'NH301'],
};

describe('an evacuation by a policy', () => {
  let cloud: Cloud;
  let crew: Crew;
  let region: Region;
  let rounds: Rounds;
  let tenant: Tenant;
  let watch: GuestWatch;
  let worker: Running;
  let planned: readonly PlannedRow[];
  const ids: Record<string, readonly string[]> = {};

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    tenant = await createTenant(cloud);
    region = await arrange(cloud.nova);
    await bootAll();
    // Who says below that the host is off need not be doubted for long: its power was cut.
    const env = { NOVA_HA_FENCE_WATCH: '1s' };
    crew = await createCrew(cloud, { policy: policy(1), env });
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

  async function bootAll(): Promise<void> {
    await region.aggregate('rack', [HOST], { metadata: { rack: 'r1' } });
    const tagged = await region.flavor('tagged', { evacuable: 'True' });
    const bronze = await region.flavor('bronze', { evacuable: 'true', tier: 'bronze' });
    const image = await region.image('tagged', { tags: ['evacuable'] });
    const prized = await region.image('prized', { fields: { os_distro: 'prized' } });
    const boot = async (name: string, more: object, count = 1): Promise<void> => {
      ids[name] = await tenant.boot({ count, host: HOST, name, ...more });
    };
    const group = (name: string, priority: number): object => ({
      flavor: tagged,
      metadata: { 'nova-ha:group': name, 'nova-ha:priority': String(priority) },
    });
    await Promise.all([
      boot('db', group('db', 900), 2),
      boot('web', group('web', 100), 2),
      boot('image tagged', { image }),
      boot('prized', { image: prized }),
      boot('spare', { flavor: tagged }),
      boot('bronze', { flavor: bronze }),
      boot('plain', {}),
      boot('paused', { flavor: tagged }),
    ]);
    await tenant.bring(ids['paused'] ?? [], { pause: null }, 'paused');
  }

  const of = (...names: readonly string[]): readonly string[] =>
    names.flatMap((name) => ids[name] ?? []);
  const moving = (): readonly string[] =>
    planned.filter(({ verdict }) => verdict === 'evacuate').map(({ id }) => id);
  const rowsOf = async (...names: readonly string[]): Promise<readonly NovaMigration[]> => {
    const rows = await cloud.nova.migrations(HOST);
    const found = rows.filter((row) => of(...names).includes(row.instance_uuid));
    return found.toSorted((a, b) => a.id - b.id);
  };

  it('is told beforehand, instance by instance', async () => {
    const plan = await planOf(crew, HOST);
    planned = plan.instances;
    for (const [name, [verdict, by]] of Object.entries(EXPECTED)) {
      for (const id of of(name)) {
        const row = planned.find((one) => one.id === id);
        expect([row?.verdict, row?.why?.code ?? row?.by], name).toEqual([verdict, by]);
      }
    }
    expect(plan.groups).toEqual([
      { name: 'db', members: 2 },
      { name: 'web', members: 2 },
    ]);
    expect(plan.room).toMatchObject({ known: true, fits: moving().length, short: 0, unknown: 0 });
  });

  it('keeps to the old limit while the new file is wrong, and to the new one from then on', async () => {
    const victim = { host: HOST, ids: moving(), before: 0 };
    await rounds.slow(3);
    await crew.lose(HOST);
    await rounds.underWay(victim, 1);
    const line = await crew.reload(worker, WRONG, 'was not taken over');
    expect(line).toContain('config.yaml:');
    expect(line).toContain('Did you mean "in_flight"?');
    await waitFor(async () => (await cloud.nova.migrations(HOST)).length === 2, {
      what: 'the second request',
    });
    const said = await crew.reload(
      worker,
      policy(10, 'reset-and-evacuate'),
      'was read again: changed: ',
    );
    expect(said).toContain('pace.in_flight (1 -> 10)');
    expect(said).toContain('states.paused (skip -> reset-and-evacuate)');
    await rounds.underWay(victim, 3);
    await crew.settled(HOST);
    // Nova's own dates: the second was sent when the first had landed.
    const [first, second] = await rowsOf('db');
    expect(first?.updated_at).toBeTruthy();
    expect((first?.updated_at ?? '') <= (second?.created_at ?? '')).toBe(true);
  });

  it('does exactly what was planned', async () => {
    const evacuation = await crew.record(HOST);
    await expectMoved(cloud, moving(), HOST);
    await expectRecorded(cloud, evacuation, moving());
    const once = Object.fromEntries(moving().map((id) => [id, 1]));
    expect(await requestsPerInstance(cloud, HOST)).toEqual(once);
    const left = (await cloud.nova.servers(HOST)).map(({ id }) => id);
    expect(left.toSorted()).toEqual(of('spare', 'bronze', 'plain', 'paused').toSorted());
    for (const { id, why } of planned.filter(({ verdict }) => verdict === 'skip')) {
      const progress = evacuation.instances[asInstance(id)]?.progress;
      expect(progress).toMatchObject({ at: 'skipped', why: { code: why?.code } });
    }
  });

  it('asks for no web server before the last database has landed', async () => {
    const landed = (await rowsOf('db')).map(({ updated_at }) => updated_at ?? '').toSorted();
    const asked = (await rowsOf('web')).map(({ created_at }) => created_at).toSorted();
    expect(asked).toHaveLength(2);
    expect((landed.at(-1) ?? 'never') <= (asked[0] ?? '')).toBe(true);
  });

  it('takes up what the new policy allows when it is asked for the host again', async () => {
    const [id = ''] = of('paused');
    const again = await crew.command('evacuate', HOST, '--confirm-fenced');
    expect(again, again.err).toMatchObject({ code: 0 });
    const server = await cloud.nova.server(id);
    expect(server).toMatchObject({ status: 'SHUTOFF', 'OS-EXT-STS:task_state': null });
    expect(server['OS-EXT-SRV-ATTR:host']).not.toBe(HOST);
    expect((await requestsPerInstance(cloud, HOST))[id]).toBe(1);
    const left = (await cloud.nova.servers(HOST)).map((one) => one.id);
    expect(left.toSorted()).toEqual(of('spare', 'bronze', 'plain').toSorted());
  });

  it('recreates from its snapshot what had one, and leaves the others', async () => {
    const [id = ''] = of('db');
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.nova.server(id);
    const there = (await cloud.nova.servers(host ?? '')).map((server) => server.id);
    await tenant.act(id, { createImage: { name: 'nightly' } });
    const snapshot = await region.imageNamed('nightly');
    await crew.reload(worker, RESTORE, 'was read again');
    const plan = await planOf(crew, host ?? '');
    for (const row of plan.instances) {
      if (row.id === id) expect(row.notes.map(({ code }) => code)).toEqual(['NH422']);
      else expect(row.why?.code, row.name).toBe('NH328');
    }
    await rounds.slow(0);
    await crew.lose(host ?? '');
    const { instances } = await crew.settled(host ?? '');
    expect(instances[asInstance(id)]?.progress.at).toBe('landed');
    await expectMoved(cloud, [id], host ?? '');
    const { body } = await cloud.nova.call({ path: `/servers/${id}` });
    expect(body).toMatchObject({ server: { image: { id: snapshot } } });
    const left = (await cloud.nova.servers(host ?? '')).map((server) => server.id);
    expect(left.toSorted()).toEqual(there.filter((one) => one !== id).toSorted());
  });

  it('had no guest run twice', async () => {
    expect(await watch.stop()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });
});
