/**
 * The way of every day: a host with twenty guests loses its power, is fenced, evacuated, repaired and
 * taken back.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finished, Running } from '../support/built-agent.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { expectMoved, expectRecorded, placesOf, requestsPerInstance } from './harness/outcome.ts';
import { waitFor } from './harness/wait.ts';

const HOST = 'compute-1';
const COUNT = 20;

describe('a host that loses its power', () => {
  let cloud: Cloud;
  let crew: Crew;
  let watch: GuestWatch;
  let ids: readonly string[];
  let unfenced: Promise<Finished>;
  let gate: Running;

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    ids = await cloud.boot(COUNT, HOST);
    crew = await createCrew(cloud);
    watch = watchGuests(cloud.directory, cloud.hosts);
    await crew.worker();
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await cloud.stop();
  });

  it('is isolated by the fence agent before it returns', async () => {
    await crew.lose(HOST);
    const { mark } = await crew.record(HOST);
    expect(mark).toMatchObject({ origin: 'fence-agent', claim: { source: 'mark' } });
    expect(await cloud.nova.service(HOST)).toMatchObject({
      status: 'disabled',
      state: 'down',
      forced_down: true,
      disabled_reason: `nova-ha: ${mark.event} evacuating (fenced)`,
    });
    // Pacemaker asks for the way back at once; it has to wait until the host may come up.
    unfenced = crew.fence('on', HOST, { settle_timeout: '170' });
    gate = crew.gate(HOST);
  });

  it('has all its guests elsewhere, each asked for once', async () => {
    const evacuation = await crew.settled(HOST);
    expect(placesOf(evacuation)).toEqual({ landed: COUNT });
    expect(evacuation.phase).toBe('settled');
    await expectMoved(cloud, ids, HOST);
    await expectRecorded(cloud, evacuation, ids);
    const requests = await requestsPerInstance(cloud, HOST);
    expect(requests).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));
    expect((await cloud.nova.servers(HOST)).map(({ id }) => id)).toEqual([]);
    await waitFor(
      async () =>
        (await cloud.nova.service(HOST)).disabled_reason ===
        `nova-ha: ${evacuation.mark.event} evacuated (fenced)`,
      { what: 'the reason that says evacuated' },
    );
  });

  it('may boot only now, cleans up, and is taken back', async () => {
    const { code, err } = await unfenced;
    expect({ code, err }).toMatchObject({ code: 0 });
    const opened = await gate.finished;
    expect(opened.code).toBe(0);
    expect(opened.err).toContain(`Waiting for ${HOST} to complete evacuations`);
    await cloud.powerOn(HOST);
    await crew.closed(HOST);
    const rows = await cloud.nova.migrations(HOST);
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['completed']));
    expect((await cloud.guests()).hosts[HOST]).toEqual({});
    expect(await cloud.nova.service(HOST)).toMatchObject({
      status: 'enabled',
      state: 'up',
      forced_down: false,
      disabled_reason: null,
    });
  });

  it('gets new guests', async () => {
    const [fresh = ''] = await cloud.boot(1, HOST);
    expect(await cloud.runningOn(fresh)).toEqual([HOST]);
    await expectMoved(cloud, ids, HOST);
  });

  it('had no guest run twice at any moment', async () => {
    expect(watch.looks()).toBeGreaterThan(10);
    expect(await watch.stop()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });
});
