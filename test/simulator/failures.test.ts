import { describe, expect, it } from 'vitest';
import { asRecord } from '../../src/simulator/request.ts';
import { createLab, listOf } from '../support/simulated-cloud.ts';
import type { Lab } from '../support/simulated-cloud.ts';

const HOST = 'OS-EXT-SRV-ATTR:host';
const VM = 'OS-EXT-STS:vm_state';
const TASK = 'OS-EXT-STS:task_state';

function boot(lab: Lab, options: Record<string, unknown> = {}): string {
  return lab.cloud.boot({ host: 'compute-1', ...options })[0] ?? '';
}

function statuses(lab: Lab, id: string): unknown[] {
  return lab.migrations({ instance_uuid: id }).map((row) => row['status']);
}

describe('failed evacuations', () => {
  it('ends in error and ERROR when there is no valid host', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.cloud.setCapacity('compute-2', 0);
    lab.cloud.setCapacity('compute-3', 0);
    lab.fence('compute-1');
    const requestId = lab.evacuate(id).headers['x-compute-request-id'];
    lab.pass(1_000);
    expect(statuses(lab, id)).toEqual(['error']);
    expect(lab.server(id)).toMatchObject({
      status: 'ERROR',
      [HOST]: 'compute-1',
      [TASK]: null,
      fault: { message: 'No valid host was found. There are not enough hosts available.' },
    });
    const action = lab.call('GET', `/v2.1/servers/${id}/os-instance-actions/${requestId ?? ''}`);
    expect(asRecord(action.body)?.['instanceAction']).toMatchObject({
      action: 'evacuate',
      message: 'Error',
      events: [{ event: 'rebuild_server', result: 'Error' }],
    });
  });

  it('keeps the name of a disabled target in the failed record', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.updateService('compute-3', { status: 'disabled' });
    lab.fence('compute-1');
    expect(lab.evacuate(id, { host: 'compute-3' }).status).toBe(200);
    lab.pass(1_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([
      { status: 'error', dest_compute: 'compute-3' },
    ]);
  });

  it('leaves the instance active on the dead host when the claim fails', () => {
    const lab = createLab({ hosts: 2 });
    const id = boot(lab);
    lab.cloud.setSpawnFailure('compute-2', 'claim');
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(1_000);
    expect(statuses(lab, id)).toEqual(['failed']);
    expect(lab.server(id)).toMatchObject({ [HOST]: 'compute-1', [VM]: 'active', [TASK]: null });
  });

  it('ends in failed and ERROR when the guest cannot be built, and works again later', () => {
    const lab = createLab({ hosts: 2 });
    const id = boot(lab);
    lab.cloud.setSpawnFailure('compute-2', 'spawn');
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(10_000);
    expect(statuses(lab, id)).toEqual(['failed']);
    expect(lab.server(id)).toMatchObject({ status: 'ERROR', [HOST]: 'compute-1' });
    expect(lab.server(id)['fault']).toBeDefined();
    lab.cloud.setSpawnFailure('compute-2', undefined);
    lab.evacuate(id);
    lab.pass(10_000);
    expect(statuses(lab, id)).toEqual(['done', 'failed']);
    expect(lab.server(id)).toMatchObject({ status: 'ACTIVE', [HOST]: 'compute-2' });
    expect(lab.server(id)['fault']).toBeUndefined();
  });

  it('stays pre-migrating for ever when the destination dies, even after its return', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(2_000);
    lab.fence('compute-2');
    lab.pass(600_000);
    expect(statuses(lab, id)).toEqual(['pre-migrating']);
    expect(lab.server(id)).toMatchObject({ [TASK]: 'rebuild_spawning', [HOST]: 'compute-1' });
    lab.cloud.powerOn('compute-2');
    lab.pass(600_000);
    expect(statuses(lab, id)).toEqual(['pre-migrating']);
    expect(lab.evacuate(id).status).toBe(200);
    lab.pass(10_000);
    expect(statuses(lab, id)).toEqual(['done', 'pre-migrating']);
    expect(lab.cloud.doubles()).toEqual([]);
  });

  it('executes a message queued for a dead destination when that comes back', () => {
    const lab = createLab({ hosts: 2 });
    const id = boot(lab);
    lab.fence('compute-1');
    lab.cloud.killCompute('compute-2');
    lab.evacuate(id);
    lab.pass(30_000);
    expect(statuses(lab, id)).toEqual(['accepted']);
    lab.cloud.startCompute('compute-2');
    lab.pass(30_000);
    expect(statuses(lab, id)).toEqual(['done']);
  });

  it('flips an instance that is well again when an old message is executed', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.cloud.killCompute('compute-2');
    lab.evacuate(id);
    lab.pass(1_000);
    lab.updateService('compute-2', { forced_down: true });
    lab.evacuate(id, {});
    lab.pass(20_000);
    expect(lab.server(id)).toMatchObject({ [HOST]: 'compute-3', [VM]: 'active' });
    lab.cloud.startCompute('compute-2');
    lab.pass(20_000);
    expect(lab.server(id)).toMatchObject({ [HOST]: 'compute-3', [VM]: 'error' });
  });

  it('leaves accepted rows behind when the conductor dies, which changes-since never finds', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(150);
    lab.cloud.takeDown('conductor');
    lab.cloud.bringBack('conductor');
    lab.pass(3_600_000 - 60_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([
      { status: 'accepted', updated_at: null },
    ]);
    expect(lab.migrations({ instance_uuid: id, 'changes-since': '2020-01-01T00:00:00Z' })).toEqual(
      [],
    );
    expect(lab.server(id)[TASK]).toBe('rebuilding');
  });

  it('keeps casts for a conductor that is down, and carries them out when it is back', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.cloud.takeDown('conductor');
    expect(lab.evacuate(id).status).toBe(200);
    lab.pass(20_000);
    lab.cloud.bringBack('conductor');
    lab.pass(20_000);
    expect(statuses(lab, id)).toEqual(['done']);
  });

  it('orphans the row when the scheduler does not answer', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.cloud.takeDown('scheduler');
    lab.evacuate(id);
    lab.pass(120_000);
    expect(statuses(lab, id)).toEqual(['accepted']);
    const actions = listOf(
      lab.call('GET', `/v2.1/servers/${id}/os-instance-actions`),
      'instanceActions',
    );
    expect(actions).toMatchObject([{ action: 'evacuate', message: 'Error' }, { action: 'create' }]);
  });

  it('says 500 without RabbitMQ although the row exists', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.cloud.takeDown('rabbit');
    const answer = lab.evacuate(id);
    expect(answer).toMatchObject({ status: 500, delayMs: 60_000 });
    expect(statuses(lab, id)).toEqual(['accepted']);
  });
});

describe('interference', () => {
  it('leaves an orphan guest when the server is deleted during its evacuation', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(2_000);
    expect(lab.call('DELETE', `/v2.1/servers/${id}`).status).toBe(204);
    lab.pass(20_000);
    expect(lab.migrations({ source_compute: 'compute-1' })).toEqual([]);
    expect(lab.cloud.guests()).toEqual([{ instanceId: id, hosts: ['compute-2'], orphan: true }]);
  });

  it('aborts after the spawn when somebody resets the state, and leaves the guest', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(2_000);
    const body = { 'os-resetState': { state: 'active' } };
    expect(lab.call('POST', `/v2.1/servers/${id}/action`, { body }).status).toBe(202);
    lab.pass(20_000);
    expect(statuses(lab, id)).toEqual(['failed']);
    expect(lab.server(id)).toMatchObject({
      status: 'ERROR',
      [HOST]: 'compute-1',
      fault: {
        message: `Conflict updating instance ${id}. Expected: {'task_state': ['rebuild_spawning']}. Actual: {'task_state': None}`,
      },
    });
    expect(lab.cloud.guests()[0]?.hosts).toEqual(['compute-2']);
  });

  it('refuses to stop an instance while it is rebuilt', () => {
    const lab = createLab();
    const id = boot(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(2_000);
    const answer = lab.call('POST', `/v2.1/servers/${id}/action`, { body: { 'os-stop': null } });
    expect(answer.status).toBe(409);
  });
});

describe('server groups', () => {
  it('finds no valid host for hard affinity', () => {
    const lab = createLab();
    const groupId = lab.cloud.createServerGroup('affinity');
    const ids = lab.cloud.boot({ host: 'compute-1', count: 2, groupId });
    lab.fence('compute-1');
    for (const id of ids) lab.evacuate(id);
    lab.pass(20_000);
    for (const id of ids) expect(statuses(lab, id)).toEqual(['error']);
  });

  it.each([
    [true, 'error'],
    [false, 'active'],
  ])('fails the loser of an anti-affinity race (error: %s)', (groupViolationIsError, vmState) => {
    const lab = createLab({ hosts: 3, habits: { groupViolationIsError } });
    const groupId = lab.cloud.createServerGroup('anti-affinity', { maxServerPerHost: 2 });
    const [first = '', second = ''] = lab.cloud.boot({ host: 'compute-1', count: 2, groupId });
    lab.cloud.boot({ host: 'compute-2', groupId });
    lab.cloud.setCapacity('compute-3', 0);
    lab.fence('compute-1');
    lab.evacuate(first);
    lab.evacuate(second);
    lab.pass(20_000);
    expect(statuses(lab, first)).toEqual(['done']);
    expect(statuses(lab, second)).toEqual(['failed']);
    expect(lab.server(second)[VM]).toBe(vmState);
  });

  it('lets members go one after the other', () => {
    const lab = createLab({ hosts: 4 });
    const groupId = lab.cloud.createServerGroup('anti-affinity');
    const [id = ''] = lab.cloud.boot({ host: 'compute-1', groupId });
    lab.cloud.boot({ host: 'compute-2', groupId });
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(20_000);
    expect(lab.server(id)[HOST]).toBe('compute-3');
  });
});
