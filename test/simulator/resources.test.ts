import { describe, expect, it } from 'vitest';
import { asRecord } from '../../src/simulator/request.ts';
import { createLab, listOf, messageOf } from '../support/simulated-cloud.ts';

describe('the other resources of Nova', () => {
  it('lists aggregates and changes their hosts', () => {
    const lab = createLab();
    const metadata = { evacuable: 'true' };
    const id = lab.cloud.createAggregate('ha', { hosts: ['compute-1'], metadata });
    const list = lab.call('GET', '/v2.1/os-aggregates');
    expect(listOf(list, 'aggregates')).toMatchObject([
      { name: 'ha', hosts: ['compute-1'], metadata },
    ]);
    const body = { add_host: { host: 'compute-2' } };
    const path = `/v2.1/os-aggregates/${id}/action`;
    expect(asRecord(lab.call('POST', path, { body }).body)?.['aggregate']).toMatchObject({
      hosts: ['compute-1', 'compute-2'],
    });
    expect(lab.call('POST', path, { body }).status).toBe(409);
    expect(lab.call('GET', '/v2.1/os-aggregates/99').status).toBe(404);
  });

  it('shows hypervisors by pattern with their servers, and no capacity from 2.88 on', () => {
    const lab = createLab({ hosts: [{ name: 'c1', nodeName: 'c1.example.org' }, { name: 'c2' }] });
    const [id = ''] = lab.cloud.boot({ host: 'c1' });
    const query = { hypervisor_hostname_pattern: 'c1', with_servers: 'true' };
    const found = listOf(lab.call('GET', '/v2.1/os-hypervisors', { query }), 'hypervisors');
    expect(found).toMatchObject([
      { hypervisor_hostname: 'c1.example.org', servers: [{ uuid: id }] },
    ]);
    const detail = (microversion: string): Record<string, unknown> | undefined =>
      listOf(lab.call('GET', '/v2.1/os-hypervisors/detail', { microversion }), 'hypervisors')[0];
    expect(detail('2.87')).toMatchObject({ vcpus: 1_000, vcpus_used: 1, service: { host: 'c1' } });
    expect(detail('2.88')).not.toHaveProperty('vcpus');
    const missing = { hypervisor_hostname_pattern: 'nosuch' };
    expect(messageOf(lab.call('GET', '/v2.1/os-hypervisors', { query: missing }))).toBe(
      "No hypervisor matching 'nosuch' could be found.",
    );
  });

  it('shows server groups of all projects to an administrator', () => {
    const lab = createLab();
    const id = lab.cloud.createServerGroup('anti-affinity', { maxServerPerHost: 2 });
    const members = lab.cloud.boot({ host: 'compute-1', count: 2, groupId: id });
    const query = { all_projects: 'true' };
    const groups = listOf(lab.call('GET', '/v2.1/os-server-groups', { query }), 'server_groups');
    expect(groups).toMatchObject([
      { id, policy: 'anti-affinity', rules: { max_server_per_host: 2 }, members },
    ]);
  });

  it('shows flavors, extra specs and limits', () => {
    const lab = createLab();
    const flavor = { id: '7', name: 'ha', extraSpecs: { evacuable: 'true' } };
    lab.cloud.boot({ host: 'compute-1', flavor });
    const flavors = listOf(lab.call('GET', '/v2.1/flavors/detail'), 'flavors');
    expect(flavors).toMatchObject([{ id: '7', extra_specs: { evacuable: 'true' } }, { id: '1' }]);
    expect(lab.call('GET', '/v2.1/flavors/7/os-extra_specs').body).toEqual({
      extra_specs: { evacuable: 'true' },
    });
    expect(lab.call('GET', '/v2.1/limits').status).toBe(200);
    expect(lab.call('GET', '/v2.1/nosuch').status).toBe(404);
  });

  it('stops, starts, locks and unlocks', () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    const act = (body: Record<string, unknown>): number =>
      lab.call('POST', `/v2.1/servers/${id}/action`, { body }).status;
    expect(act({ 'os-start': null })).toBe(409);
    expect(act({ 'os-stop': null })).toBe(202);
    lab.pass(1_000);
    expect(lab.server(id)).toMatchObject({ status: 'SHUTOFF' });
    expect(lab.cloud.guests()[0]?.hosts).toEqual([]);
    expect(act({ 'os-start': null })).toBe(202);
    lab.pass(1_000);
    expect(act({ lock: { locked_reason: 'nova-ha e1' } })).toBe(202);
    expect(lab.server(id)).toMatchObject({
      status: 'ACTIVE',
      locked: true,
      locked_reason: 'nova-ha e1',
    });
    expect(act({ unlock: null })).toBe(202);
    expect(lab.server(id)).toMatchObject({ locked: false, locked_reason: null });
  });

  it('moves a running guest by live migration without ever running it twice', () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    const body = { 'os-migrateLive': { host: null, block_migration: 'auto' } };
    expect(lab.call('POST', `/v2.1/servers/${id}/action`, { body }).status).toBe(202);
    lab.pass(1_000);
    expect(lab.server(id)['status']).toBe('MIGRATING');
    lab.pass(10_000);
    expect(lab.cloud.guests()[0]?.hosts).toEqual(['compute-2']);
    expect(lab.migrations({ instance_uuid: id })).toMatchObject([
      { migration_type: 'live-migration', status: 'completed' },
    ]);
    expect(lab.cloud.doubles()).toEqual([]);
  });
});

describe('services by verb, below 2.53', () => {
  it('forces down, disables with a reason and enables as old agents ask', () => {
    const lab = createLab();
    const put = (verb: string, extra: Record<string, unknown> = {}): number => {
      const body = { host: 'compute-1', binary: 'nova-compute', ...extra };
      return lab.call('PUT', `/v2.1/os-services/${verb}`, { body, microversion: '2.11' }).status;
    };
    expect(put('force-down', { forced_down: true })).toBe(200);
    expect(put('disable-log-reason', { disabled_reason: 'old' })).toBe(200);
    expect(lab.service('compute-1')).toMatchObject({
      forced_down: true,
      status: 'disabled',
      disabled_reason: 'old',
    });
    expect(put('enable')).toBe(200);
    expect(put('enable', { host: 'nosuch' })).toBe(404);
    const modern = lab.call('PUT', '/v2.1/os-services/force-down', {
      body: { host: 'compute-1', binary: 'nova-compute', forced_down: true },
    });
    expect(messageOf(modern)).toBe(
      "Additional properties are not allowed ('binary', 'host' were unexpected)",
    );
  });
});

describe('Glance, Placement and Neutron', () => {
  it('lists images by tag and page', () => {
    const lab = createLab();
    for (let index = 0; index < 3; index += 1)
      lab.cloud.createImage(`i${index}`, { tags: ['evacuable'] });
    lab.cloud.createImage('other', { properties: { os_type: 'linux' } });
    const list = (query: Record<string, string>): ReturnType<typeof lab.call> =>
      lab.call('GET', '/v2/images', { service: 'image', query });
    const first = list({ tag: 'evacuable', limit: '2' });
    expect(listOf(first, 'images')).toHaveLength(2);
    expect(asRecord(first.body)?.['next']).toContain('marker=');
    expect(listOf(list({ os_type: 'linux' }), 'images')).toMatchObject([{ name: 'other' }]);
  });

  it('keeps the allocation of an evacuated instance on both hosts until the old one cleans up', () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    lab.evacuate(id);
    lab.pass(10_000);
    const holders = (): number => {
      const answer = lab.call('GET', `/allocations/${id}`, { service: 'placement' });
      return Object.keys(asRecord(asRecord(answer.body)?.['allocations']) ?? {}).length;
    };
    expect(holders()).toBe(2);
    lab.cloud.powerOn('compute-1');
    lab.pass(90_000);
    expect(holders()).toBe(1);
  });

  it('offers candidates without disabled hosts', () => {
    const lab = createLab();
    lab.updateService('compute-1', { status: 'disabled' });
    const query = { resources: 'VCPU:1,MEMORY_MB:512', required: '!COMPUTE_STATUS_DISABLED' };
    const answer = lab.call('GET', '/allocation_candidates', { service: 'placement', query });
    expect(Object.keys(asRecord(asRecord(answer.body)?.['provider_summaries']) ?? {})).toHaveLength(
      2,
    );
    const named = lab.call('GET', '/resource_providers', {
      service: 'placement',
      query: { name: 'compute-2' },
    });
    const uuid = String(listOf(named, 'resource_providers')[0]?.['uuid']);
    for (const part of ['inventories', 'usages', 'traits', 'aggregates', 'allocations']) {
      const path = `/resource_providers/${uuid}/${part}`;
      expect(lab.call('GET', path, { service: 'placement' }).status).toBe(200);
    }
  });

  it('has a network service with nothing in it', () => {
    const lab = createLab();
    expect(lab.call('GET', '/v2.0/networks', { service: 'network' }).body).toEqual({
      networks: [],
    });
  });
});
