import { describe, expect, it } from 'vitest';
import { createLab, messageOf } from '../support/simulated-cloud.ts';
import type { Lab } from '../support/simulated-cloud.ts';

const HOST = 'OS-EXT-SRV-ATTR:host';
const VM = 'OS-EXT-STS:vm_state';
const TASK = 'OS-EXT-STS:task_state';

function bootOne(lab: Lab, options: Record<string, unknown> = {}): string {
  return lab.cloud.boot({ host: 'compute-1', ...options })[0] ?? '';
}

describe('the life of an evacuation', () => {
  it('goes accepted, pre-migrating, done and, after the restart of the source, completed', () => {
    const lab = createLab();
    const id = bootOne(lab);
    lab.fence('compute-1');
    const answer = lab.evacuate(id);
    expect(answer).toMatchObject({ status: 200, body: undefined });
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([
      { status: 'accepted', updated_at: null, dest_compute: null, source_compute: 'compute-1' },
    ]);
    expect(lab.server(id)).toMatchObject({
      [HOST]: 'compute-1',
      [TASK]: 'rebuilding',
      status: 'REBUILD',
    });
    lab.pass(1_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([
      { status: 'pre-migrating', dest_compute: 'compute-2' },
    ]);
    lab.pass(10_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'done' }]);
    expect(lab.server(id)).toMatchObject({ [HOST]: 'compute-2', [VM]: 'active', [TASK]: null });
    expect(lab.cloud.guests()).toEqual([{ instanceId: id, hosts: ['compute-2'], orphan: false }]);
    lab.cloud.powerOn('compute-1');
    lab.pass(120_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'completed' }]);
    expect(lab.cloud.doubles()).toEqual([]);
    expect(lab.cloud.flights()).toEqual({ now: 0, peak: 1, peakByDestination: { 'compute-2': 1 } });
  });

  it('shows active without a task on the source before the record is done', () => {
    const lab = createLab();
    const id = bootOne(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(100 + 200 + 100 + 500 + 3_000 + 50 + 10);
    expect(lab.server(id)).toMatchObject({ [HOST]: 'compute-1', [VM]: 'active', [TASK]: null });
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'pre-migrating' }]);
  });

  it.each([
    ['active', '2.93', 'active'],
    ['stopped', '2.93', 'stopped'],
    ['error', '2.93', 'active'],
    ['active', '2.95', 'stopped'],
    ['error', '2.95', 'active'],
  ])('brings %s back at %s as %s', (vmState, microversion, after) => {
    const lab = createLab();
    const id = bootOne(lab, { vmState });
    lab.fence('compute-1');
    lab.evacuate(id, {}, microversion);
    lab.pass(20_000);
    expect(lab.server(id)).toMatchObject({ [HOST]: 'compute-2', [VM]: after, [TASK]: null });
    expect(lab.cloud.guests()[0]?.hosts).toEqual(after === 'active' ? ['compute-2'] : []);
  });

  it('evacuates locked instances', () => {
    const lab = createLab();
    const id = bootOne(lab, { lockedBy: 'admin', lockedReason: 'mine' });
    lab.fence('compute-1');
    expect(lab.evacuate(id).status).toBe(200);
    lab.pass(20_000);
    expect(lab.server(id)).toMatchObject({
      [HOST]: 'compute-2',
      locked: true,
      locked_reason: 'mine',
    });
  });
});

describe('synchronous refusals', () => {
  it('says 400 while the service of the present host is up, also after the move', () => {
    const lab = createLab();
    const id = bootOne(lab);
    const refused = lab.evacuate(id);
    expect(refused.status).toBe(400);
    expect(messageOf(refused)).toBe('Compute service of compute-1 is still in use.');
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(20_000);
    expect(messageOf(lab.evacuate(id))).toBe('Compute service of compute-2 is still in use.');
  });

  it('says 400 while a dead service is not yet noticed', () => {
    const lab = createLab();
    const id = bootOne(lab);
    lab.cloud.powerOff('compute-1');
    lab.pass(45_000);
    expect(lab.evacuate(id).status).toBe(400);
    lab.pass(20_000);
    expect(lab.evacuate(id).status).toBe(200);
  });

  it.each(['building', 'paused', 'suspended', 'rescued', 'resized', 'shelved'])(
    'says 409 for %s',
    (vmState) => {
      const lab = createLab();
      const id = bootOne(lab, { vmState });
      lab.fence('compute-1');
      const refused = lab.evacuate(id);
      expect(refused.status).toBe(409);
      expect(messageOf(refused)).toBe(
        `Cannot 'evacuate' instance ${id} while it is in vm_state ${vmState}`,
      );
      expect(lab.migrations({ instance_uuid: id })).toEqual([]);
    },
  );

  it.each([
    [{ host: 'nosuch' }, '2.93', 404, 'Compute host nosuch not found.'],
    [{ host: 'compute-1' }, '2.93', 400, "The target host can't be the same one."],
    [{ force: true }, '2.67', 400, "Can't force to a non-provided destination"],
    [
      { force: true },
      '2.68',
      400,
      "Additional properties are not allowed ('force' was unexpected)",
    ],
    [{ onSharedStorage: true }, '2.14', 400, "('onSharedStorage' was unexpected)"],
    [{}, '2.13', 400, "'onSharedStorage' is a required property"],
  ])('answers %j at %s with %i', (body, microversion, status, message) => {
    const lab = createLab();
    const id = bootOne(lab);
    lab.fence('compute-1');
    const refused = lab.evacuate(id, body, microversion);
    expect(refused.status).toBe(status);
    expect(messageOf(refused)).toContain(message);
  });

  it('says 404 for an unknown server', () => {
    const lab = createLab();
    const answer = lab.evacuate('11111111-1111-4111-8111-111111111111');
    expect(answer.status).toBe(404);
    expect(messageOf(answer)).toBe(
      'Instance 11111111-1111-4111-8111-111111111111 could not be found.',
    );
  });
});

describe('evacuating twice', () => {
  it('builds two guests when the second request comes during the first build', () => {
    const lab = createLab();
    const id = bootOne(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(2_000);
    expect(lab.server(id)[TASK]).toBe('rebuild_spawning');
    expect(lab.evacuate(id).status).toBe(200);
    lab.pass(30_000);
    expect(lab.cloud.doubles()).toMatchObject([
      { instanceId: id, hosts: ['compute-2', 'compute-3'] },
    ]);
    expect(lab.cloud.guests()[0]?.hosts).toEqual(['compute-2', 'compute-3']);
    const statuses = lab.migrations({ instance_uuid: id }).map((row) => row['status']);
    expect(statuses.sort()).toEqual(['done', 'failed']);
    expect(lab.server(id)[VM]).toBe('error');
    expect(lab.cloud.evacuatePosts(id)).toHaveLength(2);
  });

  it('lets two requests in one breath share a row, and leaves the other accepted for ever', () => {
    const lab = createLab();
    const id = bootOne(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.evacuate(id);
    lab.pass(600_000);
    expect(lab.migrations({ instance_uuid: id, status: 'accepted' })).toHaveLength(1);
  });

  it('says 409 on an old Nova, which still looks at the task state', () => {
    const lab = createLab({ habits: { ignoreTaskState: false } });
    const id = bootOne(lab);
    lab.fence('compute-1');
    lab.evacuate(id);
    expect(messageOf(lab.evacuate(id))).toBe(
      `Cannot 'evacuate' instance ${id} while it is in task_state rebuilding`,
    );
  });
});
