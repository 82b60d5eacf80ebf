/**
 * The compute adapter against the real Nova: what its sentences and outcomes rest on.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCloud } from '../../src/adapters/openstack/clouds.ts';
import { readText } from '../../src/adapters/openstack/disk.ts';
import { createOpenStack, type OpenStack } from '../../src/adapters/openstack/openstack.ts';
import { asHost, asInstance, type HostName, type InstanceId } from '../../src/domain/ids.ts';
import type { Known } from '../../src/domain/known.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';
import { waitFor } from './harness/wait.ts';

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const NOBODY = asInstance('5e4f8a52-0d0c-4a63-9a39-6a2b5e1e8a10');

function value<T>(observed: Known<T>): T {
  if (observed.kind === 'unknown') throw new Error(observed.why);
  return observed.value;
}

describe('the compute adapter on a real Nova', () => {
  let cloud: Cloud;
  let openstack: OpenStack;
  let failed: HostName;
  let ids: readonly InstanceId[];

  beforeAll(async () => {
    cloud = await startCloud();
    await cloud.reset();
    failed = asHost(cloud.hosts[0] ?? '');
    ids = (await cloud.boot(3, failed)).map(asInstance);
    const env = cloud.env();
    const loaded = loadCloud({ env, cwd: '/', home: '/root', readFile: readText });
    if (loaded.kind === 'error') throw new Error(loaded.message);
    const clock = { now: () => Date.now() };
    openstack = createOpenStack({ cloud: loaded.cloud, clock, log: SILENT });
  });
  afterAll(async () => {
    openstack.close();
    await cloud.stop();
  });

  const serviceId = async (): Promise<string> => {
    const service = value(await openstack.compute.fleet()).services.get(failed);
    if (service === undefined || service.state === 'unknown') throw new Error('no service');
    return service.id;
  };

  it('passes the self check and reads the fleet and the instances', async () => {
    expect(await openstack.check()).toEqual([]);
    const fleet = value(await openstack.compute.fleet());
    expect(fleet.conductorsUp).toBeGreaterThan(0);
    expect(fleet.schedulersUp).toBeGreaterThan(0);
    const instances = value(await openstack.compute.instancesOn(failed));
    expect(instances.map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const instance of instances) {
      expect(instance).toMatchObject({ host: failed, vmState: 'active', launched: true });
    }
  });

  it('is refused while the host is up, and for what does not exist', async () => {
    const { compute } = openstack;
    const [id = NOBODY] = ids;
    expect(await compute.evacuate(id, null)).toMatchObject({ refusal: { cause: 'service-up' } });
    expect(await compute.evacuate(NOBODY, null)).toMatchObject({ refusal: { cause: 'not-found' } });
    expect(await compute.evacuate(id, asHost('nosuch'))).toMatchObject({
      refusal: { cause: 'target-not-found' },
    });
    expect(await compute.evacuate(id, failed)).toMatchObject({ refusal: { cause: 'bad-request' } });
    expect(value(await compute.sighting(NOBODY))).toBeNull();
    expect(value(await compute.trace(NOBODY))).toBeNull();
    expect(await compute.changeService(NOBODY, { forcedDown: true })).toMatchObject({
      refusal: { cause: 'not-found' },
    });
  });

  it('isolates, evacuates, and sees every step', async () => {
    const { compute } = openstack;
    const since = new Date(Date.now() - 60_000).toISOString().replace('Z', '');
    await cloud.powerOff(failed);
    const change = { status: 'disabled', disabledReason: 'nova-ha: e1', forcedDown: true } as const;
    expect(await compute.changeService(await serviceId(), change)).toMatchObject({
      kind: 'applied',
      value: { state: 'down', disabledReason: 'nova-ha: e1' },
    });
    expect(value(await compute.evacuationsFrom(failed, 0))).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ status: 'accepted' })]),
    );
    for (const id of ids) {
      expect(await compute.lock(id, 'nova-ha e1')).toEqual({ kind: 'applied', value: null });
      const outcome = await compute.evacuate(id, null);
      expect(outcome).toMatchObject({
        kind: 'applied',
        value: { requestId: expect.stringMatching(/^req-/) as string },
      });
    }
    await waitFor(
      async () => {
        const rows = value(await compute.evacuationsFrom(failed, 0));
        return ids.every((id) => rows.find((row) => row.instance === id)?.status === 'done');
      },
      { what: 'three migrations done' },
    );
    for (const id of ids) {
      const sighting = value(await compute.sighting(id));
      expect(sighting).toMatchObject({ vmState: 'active', taskState: null });
      expect(sighting?.host).not.toBe(failed);
      expect(value(await compute.trace(id))).toMatchObject({
        scheduling: 'done',
        building: 'done',
      });
      expect(await compute.unlock(id)).toEqual({ kind: 'applied', value: null });
    }
    expect(value(await compute.instancesOn(failed))).toEqual([]);
    const changed = value(await compute.changedSince(since)).map(({ id }) => id);
    expect(changed).toEqual(expect.arrayContaining([...ids]));
    expect((await cloud.guests()).twice).toEqual({});
  });

  it('meets the guard until the host has cleaned up', async () => {
    const { compute } = openstack;
    const id = await serviceId();
    expect(await compute.changeService(id, { forcedDown: false })).toMatchObject({
      refusal: { cause: 'guard', status: 400 },
    });
    await cloud.powerOn(failed);
    await waitFor(
      async () => {
        const outcome = await compute.changeService(id, { forcedDown: false });
        return outcome.kind === 'applied';
      },
      { what: 'the service un-forced', timeoutMs: 120_000 },
    );
    expect(await compute.changeService(id, { status: 'enabled' })).toMatchObject({
      kind: 'applied',
      value: { status: 'enabled', forcedDown: false, disabledReason: null },
    });
  });

  it('stops, starts, and shows deleted instances as deleted', async () => {
    const { compute } = openstack;
    const [id = NOBODY] = ids;
    const since = new Date(Date.now() - 1_000).toISOString().replace('Z', '');
    expect(await compute.stop(id)).toEqual({ kind: 'applied', value: null });
    await waitFor(async () => value(await compute.sighting(id))?.vmState === 'stopped', {
      what: 'the instance stopped',
    });
    expect(await compute.start(id)).toEqual({ kind: 'applied', value: null });
    expect(await compute.resetState(id, 'error')).toEqual({ kind: 'applied', value: null });
    await cloud.reset();
    const seen = value(await compute.changedSince(since));
    expect(seen.find((sighting) => sighting.id === id)).toMatchObject({ vmState: 'deleted' });
    expect(value(await compute.sighting(id))).toBeNull();
  });
});
