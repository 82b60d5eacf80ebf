import { describe, expect, it } from 'vitest';
import { asRecord } from '../../src/simulator/request.ts';
import { createLab, listOf, messageOf } from '../support/simulated-cloud.ts';

function services(
  lab: ReturnType<typeof createLab>,
  microversion: string,
): Record<string, unknown>[] {
  const query = { binary: 'nova-compute' };
  return listOf(lab.call('GET', '/v2.1/os-services', { microversion, query }), 'services');
}

describe('the state of a service', () => {
  it('stays up for service_down_time after its death', () => {
    const lab = createLab();
    lab.cloud.powerOff('compute-1');
    lab.pass(49_000);
    expect(lab.service('compute-1')['state']).toBe('up');
    lab.pass(12_000);
    expect(lab.service('compute-1')['state']).toBe('down');
    expect(lab.service('compute-2')['state']).toBe('up');
  });

  it('is down at once when it is forced down, and up at once when that is taken back', () => {
    const lab = createLab();
    lab.updateService('compute-1', { forced_down: true });
    expect(lab.service('compute-1')).toMatchObject({ state: 'down', forced_down: true });
    expect(lab.updateService('compute-1', { forced_down: true }).status).toBe(200);
    lab.updateService('compute-1', { forced_down: false });
    expect(lab.service('compute-1')['state']).toBe('up');
  });

  it('shows life only by updated_at while it is forced down', () => {
    const lab = createLab();
    lab.updateService('compute-1', { forced_down: true });
    lab.updateService('compute-2', { forced_down: true });
    lab.cloud.powerOff('compute-2');
    const alive = lab.service('compute-1')['updated_at'];
    const dead = lab.service('compute-2')['updated_at'];
    lab.pass(30_000);
    expect(lab.service('compute-1')['updated_at']).not.toBe(alive);
    expect(lab.service('compute-2')['updated_at']).toBe(dead);
  });

  it.each(['rabbit', 'conductor'] as const)(
    'takes every compute down together without %s',
    (part) => {
      const lab = createLab();
      lab.cloud.takeDown(part);
      lab.pass(70_000);
      expect(services(lab, '2.93').map((service) => service['state'])).toEqual([
        'down',
        'down',
        'down',
      ]);
      lab.cloud.bringBack(part);
      lab.pass(10_000);
      expect(services(lab, '2.93').map((service) => service['state'])).toEqual(['up', 'up', 'up']);
    },
  );

  it('takes every compute down when the clocks disagree, in either direction', () => {
    const lab = createLab();
    lab.cloud.setApiSkew(-120_000);
    expect(services(lab, '2.93').every((service) => service['state'] === 'down')).toBe(true);
  });

  it('comes up again by itself after a freeze, with its guests', () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.cloud.freezeCompute('compute-1');
    lab.pass(70_000);
    expect(lab.service('compute-1')['state']).toBe('down');
    lab.evacuate(id);
    lab.pass(20_000);
    lab.cloud.thawCompute('compute-1');
    expect(lab.service('compute-1')['state']).toBe('up');
    expect(lab.cloud.doubles()).toMatchObject([{ hosts: ['compute-1', 'compute-2'] }]);
    lab.cloud.killCompute('compute-1');
    lab.cloud.startCompute('compute-1');
    lab.pass(10_000);
    expect(lab.cloud.guests()[0]?.hosts).toEqual(['compute-2']);
  });
});

describe('microversions of the list', () => {
  it('shows integer ids before 2.53 and UNKNOWN rows from 2.69 on', () => {
    const lab = createLab({ hosts: [{ name: 'a' }, { name: 'b', cell: 'cell2' }] });
    expect(typeof services(lab, '2.52')[0]?.['id']).toBe('number');
    expect(services(lab, '2.10')[0]).not.toHaveProperty('forced_down');
    lab.cloud.cellDown('cell2');
    expect(services(lab, '2.68').map((service) => service['host'])).toEqual(['a']);
    expect(services(lab, '2.69')[1]).toEqual({
      binary: 'nova-compute',
      host: 'b',
      status: 'UNKNOWN',
    });
  });

  it('ignores unknown parameters before 2.75', () => {
    const lab = createLab();
    const query = { bogus: '1' };
    expect(lab.call('GET', '/v2.1/os-services', { microversion: '2.74', query }).status).toBe(200);
    const refused = lab.call('GET', '/v2.1/os-services', { microversion: '2.75', query });
    expect(messageOf(refused)).toBe(
      "Additional properties are not allowed ('bogus' was unexpected)",
    );
  });
});

describe('PUT /os-services/{uuid}', () => {
  it('changes status, reason and forced_down at once', () => {
    const lab = createLab();
    const answer = lab.updateService('compute-1', {
      status: 'disabled',
      disabled_reason: 'why',
      forced_down: true,
    });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.delayMs).toBeUndefined();
    expect(asRecord(answer.body)?.['service']).toMatchObject({
      status: 'disabled',
      disabled_reason: 'why',
      forced_down: true,
      state: 'down',
    });
  });

  it('hangs when a dead host with a fresh report is disabled only', () => {
    const lab = createLab();
    lab.cloud.powerOff('compute-1');
    expect(lab.updateService('compute-1', { status: 'disabled' }).delayMs).toBe(60_000);
  });

  it('keeps, erases and ignores the reason as Nova does', () => {
    const lab = createLab();
    lab.updateService('compute-1', { status: 'disabled', disabled_reason: 'one' });
    lab.updateService('compute-1', { forced_down: true, disabled_reason: 'two' });
    expect(lab.service('compute-1')['disabled_reason']).toBe('one');
    lab.updateService('compute-1', { status: 'disabled' });
    expect(lab.service('compute-1')['disabled_reason']).toBeNull();
  });

  it.each([
    [{}, "No updates were requested. Fields 'status' or 'forced_down' should be specified."],
    [
      { disabled_reason: 'x' },
      "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
    ],
    [
      { host: 'a', binary: 'b' },
      "Additional properties are not allowed ('binary', 'host' were unexpected)",
    ],
    [{ status: 'off' }, "'off' is not one of ['enabled', 'disabled']"],
  ])('refuses %j', (body, message) => {
    const lab = createLab();
    const answer = lab.updateService('compute-1', body);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
  });

  it('knows its services by uuid only', () => {
    const lab = createLab();
    const body = { forced_down: true };
    const put = (id: string): unknown =>
      messageOf(lab.call('PUT', `/v2.1/os-services/${id}`, { body }));
    expect(put('nouuid')).toBe('Invalid uuid nouuid');
    const unknown = '11111111-1111-4111-8111-111111111111';
    expect(put(unknown)).toBe(`Service ${unknown} could not be found.`);
  });

  it('leaves the trait in placement until nova-compute hears of an enabling', () => {
    const lab = createLab({ hosts: 2 });
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    lab.updateService('compute-2', { status: 'disabled' });
    lab.updateService('compute-2', { forced_down: true });
    lab.updateService('compute-2', { status: 'enabled' });
    lab.updateService('compute-2', { forced_down: false });
    lab.evacuate(id);
    lab.pass(1_000);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([{ status: 'error' }]);
    lab.pass(60_000);
    lab.evacuate(id);
    lab.pass(20_000);
    expect(lab.migrations({ instance_uuid: id })[0]).toMatchObject({ status: 'done' });
  });
});
