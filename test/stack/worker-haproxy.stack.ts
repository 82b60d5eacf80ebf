/**
 * Two nova-api behind haproxy, as controllers have them: one of them dies, or hangs, under an
 * evacuation.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { proxied } from './harness/haproxy.ts';
import { createRounds, type Rounds } from './harness/rounds.ts';
import { waitFor } from './harness/wait.ts';

const PATIENCE_MS = 240_000;

describe('two nova-api behind haproxy', () => {
  let cloud: Cloud;
  let crew: Crew;
  let rounds: Rounds;
  let watch: GuestWatch;

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    await cloud.apis(2);
    await cloud.boot(10, 'compute-1');
    // Few at once, so that there are requests left to be sent when one is gone.
    crew = await createCrew(cloud, {
      env: { NOVA_HA_PACE_IN_FLIGHT: '3', NOVA_HA_RETRY_UNCERTAIN: '30s' },
    });
    rounds = createRounds(cloud, crew);
    watch = watchGuests(cloud.directory, cloud.hosts);
    await crew.worker();
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await cloud.apis(1);
    await cloud.stop();
  });
  afterEach(() => {
    expect(watch.doubles()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });

  /** Waits until haproxy answers as this part of its two servers. */
  const serves = (part: string): Promise<true> =>
    waitFor(async () => (await proxied(cloud))[part] === 'UP', { what: `${part} behind haproxy` });

  it.each(['nova-api', 'nova-api-2'])('%s is killed: the other one carries on', async (part) => {
    await serves(part);
    const victim = await rounds.fullest();
    await rounds.slow(1);
    await crew.lose(victim.host);
    await rounds.underWay(victim, 2);
    await cloud.part('kill', part);
    const evacuation = await rounds.ends(victim, PATIENCE_MS);
    expect(evacuation.phase).toBe('settled');
    // It came to its end, and back again, without the one that died.
    await rounds.bringBack(victim.host);
    await cloud.part('start', part);
  });

  it('one hangs: what it had taken is sent again, or found', async () => {
    await serves('nova-api-2');
    const victim = await rounds.fullest();
    await rounds.slow(1);
    await crew.lose(victim.host);
    await rounds.underWay(victim, 2);
    await cloud.part('freeze', 'nova-api-2');
    await rounds.ends(victim, PATIENCE_MS);
    await cloud.part('thaw', 'nova-api-2');
    await rounds.bringBack(victim.host);
  });
});
