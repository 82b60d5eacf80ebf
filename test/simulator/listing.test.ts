import { describe, expect, it } from 'vitest';
import { asRecord } from '../../src/simulator/request.ts';
import type { Query } from '../../src/simulator/request.ts';
import { createLab, listOf, messageOf } from '../support/simulated-cloud.ts';
import type { Lab } from '../support/simulated-cloud.ts';

function list(lab: Lab, query: Query, token?: string): Record<string, unknown>[] {
  const options = token === undefined ? { query } : { query, token };
  return listOf(lab.call('GET', '/v2.1/servers/detail', options), 'servers');
}

function pages(lab: Lab, query: Record<string, string>): string[] {
  const ids: string[] = [];
  for (;;) {
    const marker = ids.at(-1);
    const page = list(lab, marker === undefined ? query : { ...query, marker });
    if (page.length === 0) return ids;
    ids.push(...page.map((server) => String(server['id'])));
  }
}

const USERS = [
  { name: 'admin', password: 'secret', roles: { admin: ['admin'] } },
  { name: 'evac', password: 'secret', roles: { ops: ['evacuator'] } },
];

describe('servers', () => {
  it('pages by marker in the default order and in a sorted one, without loss', () => {
    const lab = createLab();
    const ids = lab.cloud.boot({ host: 'compute-1', count: 25 });
    lab.cloud.boot({ host: 'compute-2', count: 5 });
    const query = { all_tenants: '1', host: 'compute-1', limit: '10' };
    expect(pages(lab, query)).toEqual([...ids].reverse());
    expect(pages(lab, { ...query, sort_key: 'uuid', sort_dir: 'asc' })).toEqual([...ids].sort());
    expect(pages(lab, { all_tenants: '1', limit: '7' })).toHaveLength(30);
    const all = lab.cloud
      .guests()
      .map((guest) => guest.instanceId)
      .sort();
    const byId = { all_tenants: '1', limit: '7', sort_key: 'uuid' };
    expect(pages(lab, { ...byId, sort_dir: 'asc' })).toEqual(all);
    expect(pages(lab, byId)).toEqual([...all].reverse());
  });

  it('returns nothing for limit 0, caps large limits, refuses bad ones', () => {
    const lab = createLab({ habits: { maxLimit: 3 } });
    lab.cloud.boot({ host: 'compute-1', count: 5 });
    expect(list(lab, { all_tenants: '1', limit: '0' })).toEqual([]);
    expect(list(lab, { all_tenants: '1', limit: '5000' })).toHaveLength(3);
    const refused = lab.call('GET', '/v2.1/servers/detail', { query: { limit: '-1' } });
    expect(refused.status).toBe(400);
    const marker = { marker: '11111111-1111-4111-8111-111111111111' };
    expect(messageOf(lab.call('GET', '/v2.1/servers/detail', { query: marker }))).toBe(
      'marker [11111111-1111-4111-8111-111111111111] not found',
    );
  });

  it('drops the host filter and hides the host from a caller without the rights', () => {
    const policy = { evacuator: { contextIsAdmin: true, getAllTenants: true } };
    const lab = createLab({ identity: { users: USERS, policy } });
    const token = lab.signIn('evac', 'ops');
    lab.cloud.boot({ host: 'compute-1' });
    lab.cloud.boot({ host: 'compute-2' });
    const servers = list(lab, { all_tenants: '1', host: 'compute-1' }, token);
    expect(servers).toHaveLength(2);
    expect(servers[0]).not.toHaveProperty('OS-EXT-SRV-ATTR:host');
  });

  it('shows no servers of other projects to somebody who is no administrator', () => {
    const policy = { evacuator: { evacuate: true, getAllTenants: true, allowAllFilters: true } };
    const lab = createLab({ identity: { users: USERS, policy } });
    const token = lab.signIn('evac', 'ops');
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    expect(list(lab, { all_tenants: '1' }, token)).toEqual([]);
    expect(lab.call('GET', `/v2.1/servers/${id}`, { token }).status).toBe(404);
    const body = { evacuate: {} };
    expect(lab.call('POST', `/v2.1/servers/${id}/action`, { token, body }).status).toBe(404);
  });

  it('skips servers of a cell that does not answer, with 200', () => {
    const lab = createLab({ hosts: [{ name: 'a' }, { name: 'b', cell: 'cell2' }] });
    const [id = ''] = lab.cloud.boot({ host: 'b' });
    lab.cloud.cellDown('cell2');
    expect(list(lab, { all_tenants: '1', host: 'b' })).toEqual([]);
    expect(list(lab, { all_tenants: '1' })).toMatchObject([{ id, status: 'UNKNOWN' }]);
    expect(lab.server(id)).toMatchObject({ status: 'UNKNOWN' });
    expect(lab.call('GET', `/v2.1/servers/${id}`, { microversion: '2.68' }).status).toBe(500);
    expect(lab.evacuate(id).status).toBe(500);
  });

  it('shows fields by microversion, the server group only in the single view', () => {
    const lab = createLab();
    const groupId = lab.cloud.createServerGroup('soft-affinity');
    const [id = ''] = lab.cloud.boot({ host: 'compute-1', groupId, imageId: null, tags: ['t'] });
    expect(lab.server(id, '2.71')).toMatchObject({
      server_groups: [groupId],
      image: '',
      tags: ['t'],
    });
    expect(list(lab, { all_tenants: '1' })[0]).not.toHaveProperty('server_groups');
    expect(asRecord(lab.server(id, '2.46')['flavor'])).toHaveProperty('id');
    expect(asRecord(lab.server(id, '2.47')['flavor'])).toHaveProperty('original_name');
    expect(lab.server(id, '2.8')).not.toHaveProperty('locked');
  });

  it('reads MAINTENANCE as the status of a dead host that is disabled', () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.updateService('compute-1', { status: 'disabled' });
    lab.cloud.powerOff('compute-1');
    lab.pass(90_000);
    expect(lab.server(id)['host_status']).toBe('MAINTENANCE');
  });
});

describe('migrations', () => {
  it('filters by host on either side, by status and type, and pages', () => {
    const lab = createLab();
    const ids = lab.cloud.boot({ host: 'compute-1', count: 4 });
    lab.fence('compute-1');
    for (const id of ids) lab.evacuate(id);
    lab.pass(20_000);
    const byDestination = lab.migrations({ host: 'compute-2' });
    expect(byDestination).toHaveLength(2);
    expect(lab.migrations({ source_compute: 'compute-1', status: 'done' })).toHaveLength(4);
    expect(lab.migrations({ migration_type: 'live-migration' })).toEqual([]);
    const first = lab.migrations({ limit: '3' });
    expect(first.map((row) => row['id'])).toEqual([4, 3, 2]);
    const marker = String(first[2]?.['uuid']);
    expect(lab.migrations({ limit: '3', marker })).toMatchObject([{ id: 1 }]);
  });

  it('refuses unknown parameters and hides hosts without the right', () => {
    const policy = { evacuator: { contextIsAdmin: true, migrationsIndex: true } };
    const lab = createLab({ identity: { users: USERS, policy } });
    const token = lab.signIn('evac', 'ops');
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.cloud.evacuateByHand(id);
    const own = lab.call('GET', '/v2.1/os-migrations', { token });
    expect(listOf(own, 'migrations')).toMatchObject([{ source_compute: null, status: 'accepted' }]);
    const query = { changes_since: '2020-01-01' };
    expect(messageOf(lab.call('GET', '/v2.1/os-migrations', { token, query }))).toBe(
      "Additional properties are not allowed ('changes_since' was unexpected)",
    );
  });
});
