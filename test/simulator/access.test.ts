import { describe, expect, it } from 'vitest';
import { asRecord } from '../../src/simulator/request.ts';
import type { ApiResponse } from '../../src/simulator/request.ts';
import { createLab, messageOf, passwordAuth } from '../support/simulated-cloud.ts';
import type { Lab } from '../support/simulated-cloud.ts';

const PROJECT = { project: { name: 'admin', domain: { name: 'Default' } } };

function authenticate(lab: Lab, body: unknown): ApiResponse {
  return lab.call('POST', '/v3/auth/tokens', { service: 'identity', token: null, body });
}

describe('Keystone', () => {
  it('issues a project token with a catalog', () => {
    const lab = createLab({ identity: { regions: ['One', 'Two'], computeUrl: 'project' } });
    const answer = authenticate(lab, passwordAuth('admin', 'secret', PROJECT));
    expect(answer.status).toBe(201);
    const token = asRecord(asRecord(answer.body)?.['token']);
    expect(token).toMatchObject({ project: { name: 'admin' }, roles: [{ name: 'admin' }] });
    expect(token?.['expires_at']).toBe('2026-11-20T13:00:00.000000Z');
    expect(JSON.stringify(token?.['catalog'])).toMatch(/cloud\.test\/compute\/v2\.1\/[0-9a-f]{32}/);
  });

  it.each([
    ['a wrong password', passwordAuth('admin', 'wrong', PROJECT)],
    ['an unknown user', passwordAuth('nobody', 'secret', PROJECT)],
    ['an unknown project', passwordAuth('admin', 'secret', { project: { id: 'x' } })],
    [
      'a project without a role',
      passwordAuth('demo', 'secret', { project: { name: 'admin', domain: { id: 'default' } } }),
    ],
  ])('says 401 to %s, always the same', (_name, body) => {
    const answer = authenticate(createLab(), body);
    expect(answer.status).toBe(401);
    expect(messageOf(answer)).toBe('The request you have made requires authentication.');
  });

  it('takes application credentials, without a scope only', () => {
    const applicationCredentials = [
      { name: 'cred', id: 'c0ffee', secret: 's3', user: 'admin', project: 'admin' },
    ];
    const lab = createLab({ identity: { applicationCredentials } });
    const identity = {
      methods: ['application_credential'],
      application_credential: { id: 'c0ffee', secret: 's3' },
    };
    expect(authenticate(lab, { auth: { identity } }).status).toBe(201);
    expect(authenticate(lab, { auth: { identity, scope: PROJECT } }).status).toBe(401);
  });

  it('scopes a token anew, for no longer than it lives', () => {
    const lab = createLab();
    const unscoped = authenticate(lab, passwordAuth('admin', 'secret', 'unscoped'));
    lab.pass(600_000);
    const id = unscoped.headers['x-subject-token'];
    const body = { auth: { identity: { methods: ['token'], token: { id } }, scope: PROJECT } };
    const answer = authenticate(lab, body);
    expect(answer.status).toBe(201);
    expect(asRecord(asRecord(answer.body)?.['token'])?.['expires_at']).toBe(
      '2026-11-20T13:00:00.000000Z',
    );
  });

  it('lists its versions with 300', () => {
    const lab = createLab();
    expect(lab.call('GET', '/', { service: 'identity' }).status).toBe(300);
    expect(lab.call('GET', '/v3/', { service: 'identity' }).status).toBe(200);
  });
});

describe('tokens at Nova', () => {
  it('says 401 in the words of keystonemiddleware without a valid token', () => {
    const lab = createLab();
    const expected = { error: { code: 401, title: 'Unauthorized' } };
    expect(lab.call('GET', '/v2.1/os-services', { token: null }).body).toMatchObject(expected);
    lab.pass(3_600_000);
    const late = lab.call('GET', '/v2.1/os-services');
    expect(late).toMatchObject({ status: 401, body: expected });
  });

  it('says 403 to a system-scoped token and to a member', () => {
    const lab = createLab();
    const answer = authenticate(lab, passwordAuth('admin', 'secret', { system: { all: true } }));
    const token = answer.headers['x-subject-token'] ?? '';
    expect(lab.call('GET', '/v2.1/os-services', { token }).status).toBe(403);
    const member = lab.signIn('demo', 'demo');
    const refused = lab.call('GET', '/v2.1/os-services', { token: member });
    expect(messageOf(refused)).toBe(
      "Policy doesn't allow os_compute_api:os-services:list to be performed.",
    );
  });

  it('says 400 when the project in the URL is another one', () => {
    const lab = createLab();
    const path = `/v2.1/${'0'.repeat(32)}/os-services`;
    expect(messageOf(lab.call('GET', path))).toContain('Malformed request URL');
    const own = `/v2.1/${lab.cloud.world.identity.defaultProjectId}/os-services`;
    expect(lab.call('GET', own).status).toBe(200);
  });
});

describe('microversions', () => {
  it('echoes the version, takes 2.1 without a word when there is no header', () => {
    const lab = createLab();
    const answer = lab.call('GET', '/v2.1/os-services');
    expect(answer.headers).toMatchObject({
      'openstack-api-version': 'compute 2.93',
      'x-openstack-nova-api-version': '2.93',
    });
    expect(answer.headers['x-openstack-request-id']).toMatch(/^req-/);
    const bare = lab.call('GET', '/v2.1/os-services', { microversion: null });
    expect(bare.headers['openstack-api-version']).toBe('compute 2.1');
    const old = { 'x-openstack-nova-api-version': '2.60' };
    const legacy = lab.call('GET', '/v2.1/os-services', { microversion: null, headers: old });
    expect(legacy.headers['openstack-api-version']).toBe('compute 2.60');
  });

  it('says 406 out of range and 400 to nonsense', () => {
    const lab = createLab({ microversion: { min: '2.1', max: '2.93' } });
    const answer = lab.call('GET', '/v2.1/os-services', { microversion: '2.95' });
    expect(answer.body).toEqual({
      computeFault: {
        code: 406,
        message: 'Version 2.95 is not supported by the API. Minimum is 2.1 and maximum is 2.93.',
      },
    });
    expect(lab.call('GET', '/v2.1/os-services', { microversion: 'two' }).status).toBe(400);
  });

  it('can lose the headers on the way, as behind some proxies', () => {
    const lab = createLab({ habits: { stripEcho: true, stripMicroversion: true } });
    const answer = lab.call('GET', '/v2.1/os-services');
    expect(answer.headers).not.toHaveProperty('openstack-api-version');
    expect(JSON.stringify(answer.body)).not.toContain('forced_down');
  });

  it('documents its versions without a token', () => {
    const lab = createLab();
    const options = { token: null, microversion: null };
    expect(asRecord(lab.call('GET', '/v2.1/', options).body)?.['version']).toMatchObject({
      id: 'v2.1',
      version: '2.96',
      min_version: '2.1',
    });
    expect(asRecord(lab.call('GET', '/', options).body)).toHaveProperty('versions');
  });
});

describe('determinism', () => {
  it('tells the same story for the same seed, and another for another', () => {
    const story = (seed: number): string => {
      const lab = createLab({ seed, hosts: 4 });
      const ids = lab.cloud.boot({ host: 'compute-1', count: 8 });
      lab.fence('compute-1');
      for (const id of ids) lab.evacuate(id);
      lab.pass(2_000);
      lab.cloud.powerOff('compute-3');
      lab.pass(30_000);
      const rows = lab.migrations({ source_compute: 'compute-1' });
      return JSON.stringify([rows, lab.cloud.guests(), lab.cloud.requests.list()]);
    };
    expect(story(7)).toBe(story(7));
    expect(story(7)).not.toBe(story(8));
  });
});

describe('mistakes of form', () => {
  it.each([
    [{}, 'Expecting to find auth in request body.'],
    [{ auth: {} }, "'identity' is a required property"],
    [{ auth: { identity: {} } }, "'methods' is a required property"],
    [{ auth: { identity: { methods: ['password'] } } }, 'Expecting to find password in identity.'],
  ])('say 400 to %j', (body, message) => {
    const answer = authenticate(createLab(), body);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
  });

  it.each([
    ['*/*', 'text/html; charset=UTF-8'],
    ['application/json', 'application/json'],
    [undefined, 'text/plain; charset=UTF-8'],
  ])('an unknown path asked for as %s is a 404 in %s', (accept, type) => {
    const headers = accept === undefined ? {} : { accept };
    const answer = createLab().call('GET', '/v2.1/nosuch', { headers });
    expect(answer).toMatchObject({ status: 404, headers: { 'content-type': type } });
  });
});
