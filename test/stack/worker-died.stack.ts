/**
 * The nova-compute of three living hosts dies at once. Nothing of them is evacuated, but what their
 * profiles say is done: it is reported, the host is disabled until it is back, or it is fenced.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { createCrew, type Crew } from './harness/crew.ts';
import { watchGuests, type GuestWatch } from './harness/guest-watch.ts';
import { expectMoved, requestsPerInstance } from './harness/outcome.ts';
import { createPowerAgent, type PowerAgent } from './harness/power-agent.ts';
import { createTenant, type Tenant } from './harness/tenant.ts';
import { waitFor } from './harness/wait.ts';

const [REPORTED, DISABLED, FENCED, LIVING] = ['compute-1', 'compute-2', 'compute-3', 'compute-4'];
const AFTER_MS = 60_000;

const policy = (power: string): string => `
power: [${power}]
# Its tools may be installed here, but none of these hosts is a node of a cluster.
pacemaker: { enabled: off }
died: { after: ${String(AFTER_MS / 1000)}s }
profiles:
  disabled: { died: { action: disable } }
  fenced: { died: { action: fence } }
assign:
  - { profile: disabled, host: ${DISABLED} }
  - { profile: fenced, host: ${FENCED} }
# Three of four hosts are a storm to any other policy.
storm: { silent_share: 1, max_share: 1 }
`;

describe('hosts of which only the nova-compute dies', () => {
  let cloud: Cloud;
  let crew: Crew;
  let power: PowerAgent;
  let tenant: Tenant;
  let watch: GuestWatch;
  const guests: Record<string, readonly string[]> = {};

  beforeAll(async () => {
    expectFreshDist();
    cloud = await startCloud();
    await cloud.reset();
    tenant = await createTenant(cloud);
    for (const host of [REPORTED, DISABLED, FENCED]) {
      guests[host] = await tenant.boot({ count: 2, host, name: 'vm' });
    }
    power = await createPowerAgent(cloud);
    crew = await createCrew(cloud, { policy: policy(power.entry) });
    watch = watchGuests(cloud.directory, cloud.hosts);
    for (const host of [REPORTED, DISABLED, FENCED]) await cloud.part('kill', host);
  });
  afterAll(async () => {
    await watch.stop();
    await crew.stop();
    await power.remove();
    await cloud.stop();
  });

  /** One look of a worker at the silent services. */
  const look = async (): Promise<string> => {
    const { code, err } = await crew.command('worker', '--once');
    expect(code, err).toBe(0);
    return err;
  };
  const expectGuestsAt = async (host: string): Promise<void> => {
    const running = Object.keys((await cloud.guests()).hosts[host] ?? {});
    expect(running.toSorted()).toEqual(guests[host]?.toSorted());
    expect(await cloud.nova.migrations(host)).toEqual([]);
  };

  it('are left alone while they may only be slow', async () => {
    await waitFor(
      async () => {
        const states = await Promise.all(
          [REPORTED, DISABLED, FENCED].map((host) => cloud.nova.service(host)),
        );
        return states.every(({ state }) => state === 'down');
      },
      { what: 'all three down' },
    );
    expect(await look()).not.toContain('silent for');
    for (const host of [REPORTED, DISABLED, FENCED]) {
      expect((await cloud.nova.service(host)).status).toBe('enabled');
    }
  });

  it('are told, disabled or fenced, each once', async () => {
    const reported = async (host: string): Promise<number> =>
      Date.parse(`${(await cloud.nova.service(host)).updated_at ?? ''}Z`);
    await waitFor(
      async () => {
        const last = await Promise.all([REPORTED, DISABLED, FENCED].map(reported));
        return (await reported(LIVING)) - Math.max(...last) > AFTER_MS;
      },
      { what: 'silence by the dates of Nova', timeoutMs: 120_000, everyMs: 1000 },
    );
    await crew.worker();
    await waitFor(async () => (await cloud.nova.service(DISABLED)).status === 'disabled', {
      what: `${DISABLED} disabled`,
    });
    const evacuation = await waitFor(() => crew.record(FENCED), { what: `${FENCED} marked` });
    expect(evacuation.mark).toMatchObject({ claim: { source: 'power' } });
    await crew.settled(FENCED);
    const told = (code: string): number => crew.said().split(`(${code})`).length - 1;
    expect([told('NH224'), told('NH225'), told('NH226')]).toEqual([1, 1, 1]);
    expect(await look()).not.toContain('silent for');
  });

  it('keep their guests, and nothing of them is evacuated', async () => {
    for (const host of [REPORTED, DISABLED]) await expectGuestsAt(host);
    expect(await cloud.nova.service(REPORTED)).toMatchObject({
      status: 'enabled',
      forced_down: false,
    });
    const { disabled_reason: reason, forced_down } = await cloud.nova.service(DISABLED);
    expect(reason).toMatch(/^nova-ha: \S+ silent$/);
    expect(forced_down).toBe(false);
  });

  it('but for the one that was fenced', async () => {
    expect(await cloud.powerStatus(FENCED)).toBe('off');
    await expectMoved(cloud, guests[FENCED] ?? [], FENCED);
    expect(Object.values(await requestsPerInstance(cloud, FENCED))).toEqual([1, 1]);
    for (const id of guests[FENCED] ?? []) expect(await cloud.runningOn(id)).toEqual([LIVING]);
  });

  it('are enabled again when they have reported for a while, whichever worker sees it', async () => {
    for (const host of [REPORTED, DISABLED]) await cloud.part('start', host);
    await waitFor(async () => (await cloud.nova.service(DISABLED)).state === 'up', {
      what: `${DISABLED} up`,
      timeoutMs: 120_000,
    });
    expect((await cloud.nova.service(DISABLED)).status).toBe('disabled');
    expect(await tenant.refused(DISABLED)).toContain('No valid host was found');
    await waitFor(
      async () => {
        await look();
        const { out } = await crew.command('status');
        const { status } = await cloud.nova.service(DISABLED);
        return status === 'enabled' && !out.includes('silent for');
      },
      { what: `${DISABLED} enabled, and nothing more to say`, timeoutMs: 120_000, everyMs: 1000 },
    );
    for (const host of [REPORTED, DISABLED]) await expectGuestsAt(host);
  });

  it('had no guest run twice', async () => {
    expect(await watch.stop()).toEqual([]);
    expect(crew.said()).not.toMatch(/\b(ERROR|invariant)\b/);
  });
});
