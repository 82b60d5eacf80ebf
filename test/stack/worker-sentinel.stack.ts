/**
 * Redis with a replica and three Sentinels fails over in the middle of an evacuation.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startSentinels, type SentinelSet } from '../support/redis-server.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { createRounds, type Rounds } from './harness/rounds.ts';
import { waitFor } from './harness/wait.ts';

const PATIENCE_MS = 240_000;

describe('a failover of Redis', () => {
  let cloud: Cloud;
  let sentinels: SentinelSet;
  let crew: Crew;
  let rounds: Rounds;
  let watch: GuestWatch;

  beforeAll(async () => {
    expectFreshDist();
    [cloud, sentinels] = await Promise.all([startCloud(), startSentinels()]);
    await cloud.reset();
    await cloud.boot(10, 'compute-1');
    const env = { NOVA_HA_PACE_IN_FLIGHT: '2', NOVA_HA_RETRY_UNCERTAIN: '30s' };
    crew = await createCrew(cloud, { store: { sentinels: sentinels.sentinels }, env });
    rounds = createRounds(cloud, crew);
    watch = watchGuests(cloud.directory, cloud.hosts);
    await Promise.all([crew.worker(), crew.worker()]);
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await sentinels.stop();
    await cloud.stop();
  });

  it('costs neither a mark nor a guest', async () => {
    const victim = await rounds.fullest();
    await rounds.slow(2);
    await crew.lose(victim.host);
    const { event } = (await crew.record(victim.host)).mark;
    await rounds.underWay(victim, 2);
    sentinels.master.signal('SIGKILL');
    await waitFor(
      async () => (await sentinels.replica.cli('info', 'replication')).includes('role:master'),
      { what: 'the replica promoted' },
    );
    const evacuation = await rounds.ends(victim, PATIENCE_MS);
    expect(evacuation.mark.event).toBe(event);
    const rows = (await cloud.nova.migrations(victim.host)).filter(({ id }) => id > victim.before);
    expect(rows.map(({ instance_uuid }) => instance_uuid).toSorted()).toEqual(
      victim.ids.toSorted(),
    );
    await rounds.bringBack(victim.host);
    expect(await watch.stop()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });
});
