/**
 * The test bed itself: a host loses power, its instances are evacuated by plain requests,
 * and no guest runs twice. If this fails, no other scenario means anything.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { waitFor } from './harness/wait.ts';

describe('a real cloud', () => {
  let cloud: Cloud;
  let failed: string;
  let instances: readonly string[];

  beforeAll(async () => {
    cloud = await startCloud();
    await cloud.reset();
    failed = cloud.hosts[0] ?? '';
    instances = await cloud.boot(5, failed);
  });
  afterAll(() => cloud.stop());

  it('boots instances onto the host that was asked for', async () => {
    expect(instances).toHaveLength(5);
    for (const id of instances) expect(await cloud.runningOn(id)).toEqual([failed]);
  });

  it('evacuates all of them after the host lost power', async () => {
    await cloud.powerOff(failed);
    expect(await cloud.powerStatus(failed)).toBe('off');
    const isolated = { forced_down: true, status: 'disabled', disabled_reason: 'lost power' };
    expect((await cloud.nova.setService(failed, isolated)).status).toBe(200);
    expect((await cloud.nova.service(failed)).state).toBe('down');

    for (const id of instances) expect((await cloud.nova.evacuate(id)).status).toBe(200);
    await waitFor(
      async () => {
        const rows = await cloud.nova.migrations(failed);
        return rows.length === 5 && rows.every((row) => row.status === 'done');
      },
      { what: 'five migrations done' },
    );
    for (const id of instances) {
      const server = await cloud.nova.server(id);
      const host = server['OS-EXT-SRV-ATTR:host'];
      expect(server.status).toBe('ACTIVE');
      expect(host).not.toBe(failed);
      expect(await cloud.runningOn(id)).toEqual([host]);
    }
    expect((await cloud.guests()).twice).toEqual({});
  });

  it('cleans up when the host comes back, and only then lets it up', async () => {
    const refused = await cloud.nova.setService(failed, { forced_down: false });
    expect(refused.status).toBe(400);

    await cloud.powerOn(failed);
    await waitFor(
      async () => (await cloud.nova.migrations(failed)).every((row) => row.status === 'completed'),
      { what: 'all migrations completed' },
    );
    expect((await cloud.guests()).hosts[failed]).toEqual({});
    expect((await cloud.nova.setService(failed, { forced_down: false })).status).toBe(200);
    await waitFor(async () => (await cloud.nova.service(failed)).state === 'up', {
      what: `${failed} up`,
    });
    expect((await cloud.nova.setService(failed, { status: 'enabled' })).status).toBe(200);
  });
});
