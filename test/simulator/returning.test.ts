import { describe, expect, it } from 'vitest';
import { createLab, messageOf } from '../support/simulated-cloud.ts';
import type { Lab } from '../support/simulated-cloud.ts';

const HOST = 'OS-EXT-SRV-ATTR:host';
const VM = 'OS-EXT-STS:vm_state';

function evacuated(options: Parameters<typeof createLab>[0] = {}): { lab: Lab; id: string } {
  const lab = createLab(options);
  const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
  lab.fence('compute-1');
  lab.evacuate(id);
  lab.pass(20_000);
  return { lab, id };
}

describe('the un-force guard', () => {
  it('refuses while a done record exists, until nova-compute has restarted', () => {
    const { lab } = evacuated();
    const refused = lab.updateService('compute-1', { forced_down: false });
    expect(refused.status).toBe(400);
    expect(messageOf(refused)).toBe(
      'Unable to force up host compute-1 as `done` evacuation migration records remain associated with the host. Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request.',
    );
    lab.cloud.powerOn('compute-1');
    lab.pass(70_000);
    expect(lab.service('compute-1')).toMatchObject({
      state: 'down',
      forced_down: true,
      status: 'disabled',
    });
    expect(lab.updateService('compute-1', { forced_down: false }).status).toBe(200);
    lab.pass(10_000);
    expect(lab.service('compute-1')).toMatchObject({ state: 'up', status: 'disabled' });
  });

  it('looks at done only: un-forcing amid an evacuation is allowed', () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(2_000);
    expect(lab.updateService('compute-1', { forced_down: false }).status).toBe(200);
  });

  it('is missing on an old Nova', () => {
    const { lab } = evacuated({ habits: { guardUnforce: false } });
    expect(lab.updateService('compute-1', { forced_down: false }).status).toBe(200);
  });
});

describe('the start of nova-compute', () => {
  it('completes unfinished records and destroys their guests; a late finish says done again', () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.cloud.killCompute('compute-1');
    lab.updateService('compute-1', { forced_down: true });
    lab.cloud.setSpawnDelay('compute-2', 60_000);
    lab.evacuate(id);
    lab.pass(2_000);
    lab.cloud.startCompute('compute-1');
    lab.pass(10_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'completed' }]);
    expect(lab.server(id)[HOST]).toBe('compute-1');
    expect(lab.cloud.guests()[0]?.hosts).toEqual([]);
    lab.pass(60_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'done' }]);
    expect(lab.cloud.doubles()).toEqual([]);
    expect(lab.updateService('compute-1', { forced_down: false }).status).toBe(400);
    lab.cloud.killCompute('compute-1');
    lab.cloud.startCompute('compute-1');
    lab.pass(10_000);
    expect(lab.updateService('compute-1', { forced_down: false }).status).toBe(200);
  });

  it('erases the only disk when it comes too early on local storage', () => {
    const hosts = [{ name: 'compute-1', storage: 'local' as const }, { name: 'compute-2' }];
    const lab = createLab({ hosts });
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    lab.evacuate(id, { host: 'compute-2' });
    lab.cloud.setSpawnFailure('compute-2', 'spawn');
    lab.cloud.setSpawnDelay('compute-2', 200_000);
    lab.cloud.powerOn('compute-1');
    lab.pass(120_000);
    expect(lab.cloud.instance(id).diskLost).toBe(true);
  });

  it('loses the root disk of an image-backed guest on a local destination, in silence', () => {
    const hosts = [{ name: 'compute-1' }, { name: 'compute-2', storage: 'local' as const }];
    const { lab, id } = evacuated({ hosts });
    expect(lab.server(id)).toMatchObject({ status: 'ACTIVE', [HOST]: 'compute-2' });
    expect(lab.cloud.instance(id).diskLost).toBe(true);
  });

  it('makes instances in the middle of a rebuild ERROR and the unstarted ones SHUTOFF in time', () => {
    const lab = createLab();
    const [first = '', second = ''] = lab.cloud.boot({ host: 'compute-1', count: 2 });
    lab.cloud.setInstanceState(first, { taskState: 'rebuilding' });
    lab.cloud.powerOff('compute-1');
    lab.cloud.powerOn('compute-1');
    lab.pass(70_000);
    expect(lab.server(first)[VM]).toBe('error');
    expect(lab.server(second)[VM]).toBe('active');
    lab.pass(600_000);
    expect(lab.server(second)).toMatchObject({ [VM]: 'stopped', status: 'SHUTOFF' });
  });

  it('resumes guests when it is told to', () => {
    const lab = createLab({ habits: { resumeGuests: true } });
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.cloud.powerOff('compute-1');
    expect(lab.cloud.guests()[0]?.hosts).toEqual([]);
    lab.cloud.powerOn('compute-1');
    lab.pass(70_000);
    expect(lab.cloud.guests()).toEqual([{ instanceId: id, hosts: ['compute-1'], orphan: false }]);
  });

  it('comes too late when the hypervisor starts its former guests by itself', () => {
    const { lab } = evacuated();
    lab.cloud.setAutostart('compute-1', true);
    lab.cloud.powerOn('compute-1');
    lab.pass(60_000);
    expect(lab.cloud.doubles()).toHaveLength(1);
  });

  it('waits behind its gate', () => {
    const { lab, id } = evacuated();
    lab.cloud.setGate('compute-1', true);
    lab.cloud.powerOn('compute-1');
    lab.pass(300_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'done' }]);
    lab.cloud.setGate('compute-1', false);
    lab.pass(10_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'completed' }]);
  });
});
