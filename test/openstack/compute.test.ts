import { beforeEach, describe, expect, it } from 'vitest';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import type { Http, HttpRequest } from '../../src/adapters/openstack/exchange.ts';
import { parseNovaTime } from '../../src/domain/time.ts';
import { asHost, asInstance } from '../../src/domain/ids.ts';
import type { Known } from '../../src/domain/known.ts';
import type { Compute } from '../../src/engine/ports.ts';
import { createLab } from '../support/simulated-cloud.ts';
import type { Lab } from '../support/simulated-cloud.ts';
import { ADMIN, simulatedHttp } from '../support/simulated-http.ts';

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const H1 = asHost('compute-1');

function value<T>(observed: Known<T>): T {
  if (observed.kind === 'unknown') throw new Error(observed.why);
  return observed.value;
}

let lab: Lab;
let compute: Compute;

beforeEach(() => {
  lab = createLab();
  compute = createOpenStack({
    cloud: ADMIN,
    clock: lab.clock,
    log: SILENT,
    http: simulatedHttp(lab.cloud),
  }).compute;
});

describe('services', () => {
  it('are read with their states', async () => {
    const fleet = value(await compute.fleet());
    expect([...fleet.services.keys()]).toEqual(['compute-1', 'compute-2', 'compute-3']);
    expect(fleet).toMatchObject({ conductorsUp: 1, schedulersUp: 1 });
    expect(fleet.services.get(H1)).toMatchObject({ status: 'enabled', state: 'up' });
  });

  it('of an unreachable cell are unknown, not down', async () => {
    lab.cloud.cellDown(lab.cloud.host('compute-1').cell);
    const fleet = value(await compute.fleet());
    expect(fleet.services.get(H1)).toEqual({ host: 'compute-1', state: 'unknown' });
  });

  it('are isolated in one request', async () => {
    lab.cloud.powerOff('compute-1');
    const id = lab.cloud.host('compute-1').serviceUuid;
    const change = {
      status: 'disabled',
      disabledReason: `nova-ha: ${'x'.repeat(300)}`,
      forcedDown: true,
    } as const;
    const outcome = await compute.changeService(id, change);
    expect(outcome).toMatchObject({
      kind: 'applied',
      value: { state: 'down', status: 'disabled', forcedDown: true },
    });
    expect(lab.service('compute-1')['disabled_reason']).toHaveLength(255);
    expect(
      await compute.changeService('5e4f8a52-0d0c-4a63-9a39-6a2b5e1e8a10', change),
    ).toMatchObject({ kind: 'refused', refusal: { cause: 'not-found', status: 404 } });
  });
});

describe('the right to change a service', () => {
  const WAYS = [
    [{ status: 'disabled', disabledReason: 'x', forcedDown: true }, true],
    [{ forcedDown: false }, false],
    [{ status: 'enabled' }, false],
  ] as const;

  function connected() {
    const way = simulatedHttp(lab.cloud);
    const cloud = { cloud: ADMIN, clock: lab.clock, log: SILENT };
    let may = true;
    const http: Http = {
      // Keystone was slow, and the lease has passed to another worker meanwhile.
      send: (request) => {
        if (request.url.includes('/auth/tokens')) may = false;
        return way.send(request);
      },
    };
    const puts = (): readonly HttpRequest[] => way.sent.filter(({ method }) => method === 'PUT');
    return { compute: createOpenStack({ ...cloud, http }).compute, puts, may: () => may };
  }

  it('is asked for after the sign-in', async () => {
    const id = lab.cloud.host('compute-1').serviceUuid;
    for (const [change] of WAYS) {
      const { compute: late, may, puts } = connected();
      expect(await late.changeService(id, change, may)).toMatchObject({
        refusal: { cause: 'not-sent' },
      });
      expect(puts()).toEqual([]);
    }
  });

  it('is kept for repeats, which are made only of what takes the host out of service', async () => {
    const id = lab.cloud.host('compute-1').serviceUuid;
    for (const [change, repeatable] of WAYS) {
      const { compute: sound, puts } = connected();
      const may = (): boolean => true;
      await sound.changeService(id, change, may);
      expect(puts()).toMatchObject([{ repeatable, mayLeave: may }]);
    }
  });
});

describe('an evacuation', () => {
  it('is refused while the host is up', async () => {
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    expect(await compute.evacuate(asInstance(id), null)).toMatchObject({
      kind: 'refused',
      refusal: { cause: 'service-up', status: 400 },
    });
  });

  it('is followed from POST to clean-up', async () => {
    const [text = ''] = lab.cloud.boot({ host: 'compute-1' });
    const id = asInstance(text);
    lab.fence('compute-1');
    expect(value(await compute.evacuationsFrom(H1, 0))).toEqual([]);
    expect(value(await compute.trace(id))).toBeNull();
    const outcome = await compute.evacuate(id, asHost('compute-2'));
    expect(outcome.kind).toBe('applied');
    const [fresh] = value(await compute.evacuationsFrom(H1, 0));
    expect(fresh).toMatchObject({ instance: id, status: 'accepted', updatedAt: null });
    lab.pass(120_000);
    const [done] = value(await compute.evacuationsFrom(H1, 0));
    expect(done).toMatchObject({ status: 'done', source: 'compute-1', destination: 'compute-2' });
    expect(value(await compute.sighting(id))).toMatchObject({
      host: 'compute-2',
      vmState: 'active',
      taskState: null,
    });
    const trace = value(await compute.trace(id));
    expect(trace).toMatchObject({ scheduling: 'done', building: 'done', buildingOn: 'compute-2' });
    const asked = parseNovaTime(fresh?.createdAt ?? '') ?? Infinity;
    const scheduled = parseNovaTime(trace?.scheduledAt ?? '') ?? -Infinity;
    expect(scheduled).toBeGreaterThanOrEqual(asked);
    expect(value(await compute.instancesOn(H1))).toEqual([]);
    expect(lab.cloud.doubles()).toEqual([]);
    const service = lab.cloud.host('compute-1').serviceUuid;
    expect(await compute.changeService(service, { forcedDown: false })).toMatchObject({
      refusal: { cause: 'guard', status: 400 },
    });
  });

  it.each([
    ['paused', 'wrong-state'],
    ['building', 'wrong-state'],
  ])('of an instance in %s is refused as %s', async (vmState, cause) => {
    const [id = ''] = lab.cloud.boot({ host: 'compute-1', vmState });
    lab.fence('compute-1');
    expect(await compute.evacuate(asInstance(id), null)).toMatchObject({ refusal: { cause } });
  });

  it('to a host that does not exist, or of nothing, is told apart', async () => {
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    expect(await compute.evacuate(asInstance(id), asHost('nosuch'))).toMatchObject({
      refusal: { cause: 'target-not-found' },
    });
    const nothing = asInstance('00000000-0000-4000-8000-000000000000');
    expect(await compute.evacuate(nothing, null)).toMatchObject({
      refusal: { cause: 'not-found' },
    });
    expect(value(await compute.sighting(nothing))).toBeNull();
    expect(value(await compute.trace(nothing))).toBeNull();
  });

  it('that fails leaves a failed record, a fault and a failed trace', async () => {
    const [text = ''] = lab.cloud.boot({ host: 'compute-1' });
    const id = asInstance(text);
    lab.cloud.setSpawnFailure('compute-2', 'spawn');
    lab.fence('compute-1');
    await compute.evacuate(id, asHost('compute-2'));
    lab.pass(120_000);
    expect(value(await compute.evacuationsFrom(H1, 0))[0]).toMatchObject({ status: 'failed' });
    const sighting = value(await compute.sighting(id));
    expect(sighting).toMatchObject({ host: 'compute-1', vmState: 'error' });
    expect(sighting?.fault).toBeTruthy();
    const trace = value(await compute.trace(id));
    expect(trace).toMatchObject({ building: 'failed', ran: false, fault: sighting?.fault });
    const faultAt = parseNovaTime(sighting?.faultAt ?? '');
    expect(faultAt).toBeGreaterThanOrEqual(parseNovaTime(trace?.startedAt ?? '') ?? Infinity);
  });

  it('whose record failed has no fault yet while its destination ends it', async () => {
    const [text = ''] = lab.cloud.boot({ host: 'compute-1' });
    const id = asInstance(text);
    lab.cloud.setSpawnFailure('compute-2', 'claim');
    lab.fence('compute-1');
    await compute.evacuate(id, asHost('compute-2'));
    const status = async () => value(await compute.evacuationsFrom(H1, 0))[0]?.status;
    while ((await status()) !== 'failed') lab.pass(50);
    expect(value(await compute.trace(id))).toMatchObject({ building: 'running', fault: null });
    lab.pass(5000);
    // Its state is what it was, so that only the trace tells why.
    expect(value(await compute.sighting(id))).toMatchObject({ vmState: 'active', fault: null });
    const [row] = value(await compute.evacuationsFrom(H1, 0));
    expect(row).toMatchObject({ destination: 'compute-2' });
    expect(value(await compute.trace(id))).toMatchObject({
      building: 'failed',
      fault: expect.stringContaining('Insufficient compute resources') as string,
    });
  });

  it('is traced with those before it', async () => {
    const [text = ''] = lab.cloud.boot({ host: 'compute-1' });
    const id = asInstance(text);
    lab.fence('compute-1');
    lab.cloud.setSpawnFailure('compute-2', 'image');
    await compute.evacuate(id, asHost('compute-2'));
    lab.pass(30_000);
    await compute.evacuate(id, asHost('compute-3'));
    lab.pass(30_000);
    const trace = value(await compute.trace(id));
    expect(trace).toMatchObject({ building: 'done', buildingOn: 'compute-3' });
    expect(trace?.earlier).toMatchObject([
      { building: 'failed', buildingOn: 'compute-2', fault: 'Image could not be found.' },
    ]);
  });
});

describe('instances', () => {
  it('are read with what decisions need', async () => {
    lab.cloud.boot({
      host: 'compute-1',
      name: 'db',
      vmState: 'stopped',
      imageId: null,
      metadata: { HA_Enabled: 'true' },
      tags: ['gold'],
      lockedBy: 'owner',
      lockedReason: 'hands off',
      flavor: { name: 'm1.db', vcpus: 2, memoryMb: 2048, extraSpecs: { evacuable: 'true' } },
    });
    expect(value(await compute.instancesOn(H1))[0]).toMatchObject({
      name: 'db',
      host: 'compute-1',
      vmState: 'stopped',
      imageBacked: false,
      imageId: null,
      locked: true,
      lockedReason: 'hands off',
      launched: true,
      metadata: { HA_Enabled: 'true' },
      tags: ['gold'],
      flavor: { name: 'm1.db', vcpus: 2, ramMib: 2048, extraSpecs: { evacuable: 'true' } },
    });
    lab.cloud.boot({ host: 'compute-2', launched: false, vmState: 'building' });
    expect(value(await compute.instancesOn(asHost('compute-2')))[0]).toMatchObject({
      imageBacked: true,
      launched: false,
      lockedReason: null,
    });
  });

  it('that changed are seen where they are now', async () => {
    const [old = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.pass(10_000);
    const since = '2026-11-20T12:00:05.000000';
    const [young = ''] = lab.cloud.boot({ host: 'compute-2' });
    const seen = value(await compute.changedSince(since));
    expect(seen).toMatchObject([{ id: young, host: 'compute-2', vmState: 'active', fault: null }]);
    expect(seen.map(({ id }) => id)).not.toContain(old);
  });

  it('are stopped, started, locked, unlocked and reset', async () => {
    const [text = ''] = lab.cloud.boot({ host: 'compute-1' });
    const id = asInstance(text);
    const applied = { kind: 'applied', value: null };
    expect(await compute.lock(id, 'nova-ha e1')).toEqual(applied);
    expect(lab.server(id)).toMatchObject({ locked: true, locked_reason: 'nova-ha e1' });
    expect(await compute.unlock(id)).toEqual(applied);
    expect(await compute.stop(id)).toEqual(applied);
    lab.pass(60_000);
    expect(lab.server(id)['OS-EXT-STS:vm_state']).toBe('stopped');
    expect(await compute.start(id)).toEqual(applied);
    expect(await compute.resetState(id, 'error')).toEqual(applied);
    expect(lab.server(id)['OS-EXT-STS:vm_state']).toBe('error');
  });

  it('stand in server groups', async () => {
    const groupId = lab.cloud.createServerGroup('anti-affinity', { name: 'apart' });
    const ids = lab.cloud.boot({ host: 'compute-1', count: 2, groupId });
    const groups = value(await compute.groups());
    expect(groups).toMatchObject([{ id: groupId, name: 'apart', policy: 'anti-affinity' }]);
    expect([...(groups[0]?.members ?? [])].sort()).toEqual([...ids].sort());
  });
});
