/**
 * A destination, nova-api and Keystone fail under an evacuation.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { expectMoved } from './harness/outcome.ts';
import { createRounds, type Rounds } from './harness/rounds.ts';
import { waitFor } from './harness/wait.ts';

const IMPATIENT = { NOVA_HA_RETRY_UNCERTAIN: '30s', NOVA_HA_RETRY_STALLED: '60s' };
const PATIENCE_MS = 240_000;

describe('an evacuation while its surroundings fail', () => {
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

  it('sends again what was on its way to a destination that died', async () => {
    const victim = await rounds.fullest();
    await rounds.slow(15);
    await crew.lose(victim.host);
    const building = await rounds.underWay(victim, 3, ['pre-migrating']);
    const [second = ''] = building.flatMap(({ dest_compute: host }) => host ?? []);
    const there = (await cloud.nova.servers(second)).map(({ id }) => id);
    await crew.lose(second);
    await rounds.slow(0);
    await Promise.all([crew.settled(victim.host), crew.settled(second)]);
    const { hosts } = await cloud.guests();
    expect(Object.values(hosts[victim.host] ?? {})).not.toContain('running');
    await expectMoved(cloud, [...victim.ids, ...there], victim.host);
    await expectMoved(cloud, [...victim.ids, ...there], second);
    await rounds.bringBack(victim.host);
    await rounds.bringBack(second);
  });

  it.each(['restart', 'kill'] as const)('goes on after a %s of nova-api', async (how) => {
    const victim = await rounds.fullest();
    await rounds.slow(1);
    await crew.lose(victim.host);
    await rounds.underWay(victim, 1);
    await cloud.part(how, 'nova-api');
    if (how === 'kill') await cloud.part('start', 'nova-api');
    await rounds.ends(victim, PATIENCE_MS);
    await rounds.bringBack(victim.host);
  });

  it('waits for a nova-api that hangs while it takes requests', async () => {
    const victim = await rounds.fullest();
    await crew.lose(victim.host);
    await rounds.underWay(victim, 1);
    await cloud.part('freeze', 'nova-api');
    const frozenAt = performance.now();
    // Nothing in the cloud tells how long a process has been stopped.
    await waitFor(() => performance.now() - frozenAt >= 20_000, { what: '20 s of silence' });
    await cloud.part('thaw', 'nova-api');
    await rounds.ends(victim, PATIENCE_MS);
    await rounds.bringBack(victim.host);
  });

  it('waits for Keystone when its token must be renewed', async () => {
    const victim = await rounds.fullest();
    await revokeTokens();
    await cloud.part('stop', 'keystone');
    await cloud.part('restart', 'nova-api'); // it had remembered the old tokens as good
    await crew.lose(victim.host);
    expect((await crew.record(victim.host)).phase).toBe('marked');
    await waitFor(
      async () => (await crew.record(victim.host)).reasons.some(({ code }) => code === 'NH104'),
      { what: 'the worker that says what it cannot see' },
    );
    await cloud.part('start', 'keystone');
    await rounds.ends(victim, PATIENCE_MS);
    await rounds.bringBack(victim.host);
  });

  /** A new password, the same as before, ends all tokens of its user. */
  async function revokeTokens(): Promise<void> {
    const { authUrl, username, password } = cloud.nova.access;
    const headers = {
      'X-Auth-Token': await cloud.nova.token(),
      'Content-Type': 'application/json',
      Connection: 'close',
    };
    const found = await fetch(`${authUrl}/users?name=${username}`, { headers });
    const { users } = (await found.json()) as { users: readonly { readonly id: string }[] };
    const changed = await fetch(`${authUrl}/users/${users[0]?.id ?? ''}`, {
      method: 'PATCH',
      headers,
      body: JSON.stringify({ user: { password } }),
    });
    expect(changed.status).toBe(200);
  }
});
