/**
 * Parts of Nova die under an evacuation: the worker waits, adopts or sends again, and when the part is
 * back everybody lands once.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { placesOf } from './harness/outcome.ts';
import { createRounds, type Rounds } from './harness/rounds.ts';
import { waitFor } from './harness/wait.ts';

/** The shortest that is allowed, so that what was lost is sent again while somebody waits for it. */
const IMPATIENT = { NOVA_HA_RETRY_UNCERTAIN: '30s', NOVA_HA_RETRY_STALLED: '30s' };
const PATIENCE_MS = 240_000;

describe('an evacuation while parts of the cloud fail', () => {
  let cloud: Cloud;
  let crew: Crew;
  let rounds: Rounds;
  let watch: GuestWatch;

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    await cloud.boot(8, 'compute-1');
    crew = await createCrew(cloud, { env: IMPATIENT });
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

  const schedulerState = async (): Promise<string> => {
    const { body } = await cloud.nova.call({ path: '/os-services?binary=nova-scheduler' });
    return JSON.stringify(body);
  };

  it('waits for a nova-scheduler that died', async () => {
    const victim = await rounds.fullest();
    await cloud.part('kill', 'nova-scheduler');
    await waitFor(async () => (await schedulerState()).includes('"down"'), {
      what: 'nova-scheduler down',
    });
    await crew.lose(victim.host);
    await waitFor(
      async () => (await crew.record(victim.host)).reasons.some(({ code }) => code === 'NH107'),
      { what: 'the worker that waits for the scheduler' },
    );
    expect((await rounds.underWay(victim, 0)).length).toBe(0);
    await cloud.part('start', 'nova-scheduler');
    await rounds.ends(victim);
    await rounds.bringBack(victim.host);
  });

  it('sends again what a nova-conductor that died had accepted', async () => {
    const victim = await rounds.fullest();
    // The conductor takes the requests and asks the scheduler, which does not answer.
    await cloud.part('freeze', 'nova-scheduler');
    await crew.lose(victim.host);
    await rounds.underWay(victim, victim.ids.length);
    await cloud.part('kill', 'nova-conductor');
    await cloud.part('start', 'nova-conductor');
    await cloud.part('thaw', 'nova-scheduler');
    await rounds.ends(victim, PATIENCE_MS);
    const rows = await cloud.nova.migrations(victim.host);
    const orphans = rows.filter(({ id, status }) => id > victim.before && status === 'accepted');
    expect(orphans.length).toBeGreaterThan(0);
    await rounds.bringBack(victim.host);
  });

  it('goes on after a restart of RabbitMQ', async () => {
    const victim = await rounds.fullest();
    await rounds.slow(2);
    await crew.lose(victim.host);
    await rounds.underWay(victim, 3);
    await cloud.part('restart', 'rabbitmq');
    await rounds.ends(victim, PATIENCE_MS);
    await rounds.bringBack(victim.host);
  });

  it('goes on after a restart of MariaDB', async () => {
    const victim = await rounds.fullest();
    await rounds.slow(2);
    await crew.lose(victim.host);
    await rounds.underWay(victim, 3);
    await cloud.part('restart', 'mariadb');
    const evacuation = await rounds.ends(victim, PATIENCE_MS);
    expect(placesOf(evacuation)).toMatchObject({ landed: victim.ids.length });
    await rounds.bringBack(victim.host);
  });
});
