import { describe, expect, it } from 'vitest';
import type { CloudCredentials } from '../../src/adapters/openstack/credentials.ts';
import type { HttpRequest } from '../../src/adapters/openstack/exchange.ts';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import { asHost, asInstance } from '../../src/domain/ids.ts';
import type { Known } from '../../src/domain/known.ts';
import type { WriteOutcome } from '../../src/domain/outcome.ts';
import { createLab } from '../support/simulated-cloud.ts';
import type { Lab } from '../support/simulated-cloud.ts';
import { ADMIN, simulatedHttp } from '../support/simulated-http.ts';
import { response } from '../support/scripted-http.ts';

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const H1 = asHost('compute-1');
const ID = asInstance('00000000-0000-4000-8000-000000000000');

type Interception = (request: HttpRequest) => ReturnType<typeof response> | null;

function connect(lab: Lab, part: Partial<CloudCredentials> = {}, intercept?: Interception) {
  const inner = simulatedHttp(lab.cloud);
  const http = {
    sent: inner.sent,
    send: (request: HttpRequest) => {
      const instead = intercept?.(request) ?? null;
      return instead === null ? inner.send(request) : Promise.resolve(instead);
    },
  };
  const cloud = { ...ADMIN, ...part };
  const openstack = createOpenStack({ cloud, clock: lab.clock, log: SILENT, http });
  return { compute: openstack.compute, check: () => openstack.check(), sent: inner.sent };
}

const why = (observed: Known<unknown>): string =>
  observed.kind === 'unknown' ? observed.why : `known ${JSON.stringify(observed.value)}`;

const said = (outcome: WriteOutcome<unknown>): string =>
  outcome.kind === 'uncertain' ? outcome.why : JSON.stringify(outcome);

function requestsTo(sent: readonly HttpRequest[], part: string): number {
  return sent.filter(({ url }) => url.includes(part)).length;
}

describe('lists of instances', () => {
  it('take one request for a host below the limit, and the cheapest pages above', async () => {
    const lab = createLab({ habits: { maxLimit: 50 } });
    lab.cloud.boot({ host: 'compute-1', count: 49 });
    lab.cloud.boot({ host: 'compute-2', count: 120 });
    const { compute, sent } = connect(lab);
    const small = await compute.instancesOn(H1);
    expect(small.kind === 'known' ? small.value : []).toHaveLength(49);
    expect(requestsTo(sent, '/servers/detail')).toBe(1);
    const large = await compute.instancesOn(asHost('compute-2'));
    expect(large.kind === 'known' ? large.value : []).toHaveLength(120);
    expect(requestsTo(sent, '/servers/detail')).toBe(4);
    const ids = large.kind === 'known' ? large.value.map(({ id }) => id) : [];
    expect(new Set(ids).size).toBe(120);
  });

  it('are complete at exactly a full page', async () => {
    const lab = createLab({ habits: { maxLimit: 50 } });
    lab.cloud.boot({ host: 'compute-1', count: 100 });
    const all = await connect(lab).compute.instancesOn(H1);
    expect(all.kind === 'known' ? all.value : []).toHaveLength(100);
  });

  it('are not believed when empty because the cell is out of reach', async () => {
    const lab = createLab();
    lab.cloud.boot({ host: 'compute-1', count: 3 });
    const { compute } = connect(lab);
    lab.cloud.cellDown(lab.cloud.host('compute-1').cell);
    expect(why(await compute.instancesOn(H1))).toContain('cannot be reached');
    expect(why(await compute.evacuationsFrom(H1, 0))).toContain('cannot be reached');
  });

  it('are read again when the cell comes back between two looks', async () => {
    const lab = createLab();
    lab.cloud.boot({ host: 'compute-1', count: 3 });
    const { cell } = lab.cloud.host('compute-1');
    lab.cloud.cellDown(cell);
    const { compute } = connect(lab, {}, ({ url }) => {
      if (url.includes('/os-services')) lab.cloud.cellUp(cell);
      return null;
    });
    const all = await compute.instancesOn(H1);
    expect(all.kind === 'known' ? all.value : []).toHaveLength(3);
  });

  it('are unknown for a host without a service', async () => {
    const { compute } = connect(createLab());
    expect(why(await compute.instancesOn(asHost('nosuch')))).toContain('no nova-compute service');
  });

  it.each([
    ['allowAllFilters', 'servers:allow_all_filters'],
    ['extendedServerAttributes', 'os-extended-server-attributes'],
  ])('are unknown without the policy %s, which is named', async (rule, name) => {
    const lab = createLab({ identity: { policy: { admin: { [rule]: false } } } });
    lab.cloud.boot({ host: 'compute-1' });
    lab.cloud.boot({ host: 'compute-2' });
    const { compute, check } = connect(lab);
    expect(why(await compute.instancesOn(H1))).toContain(name);
    expect((await check()).map(({ remedy }) => remedy).join()).toContain(name);
  });
});

describe('lists of evacuations', () => {
  it('stop once everything is older than asked for', async () => {
    const lab = createLab({ hosts: 2 });
    const ids = lab.cloud.boot({ host: 'compute-1', count: 230 });
    lab.fence('compute-1');
    for (const id of ids) lab.evacuate(id);
    const { compute, sent } = connect(lab);
    const all = await compute.evacuationsFrom(H1, 0);
    const rows = all.kind === 'known' ? all.value : [];
    expect(rows).toHaveLength(230);
    expect(requestsTo(sent, '/os-migrations')).toBe(2);
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).sort((a, b) => b - a));
    const newest = rows[5]?.id ?? 0;
    const some = await compute.evacuationsFrom(H1, newest);
    expect(some.kind === 'known' ? some.value.filter(({ id }) => id > newest) : []).toHaveLength(5);
    expect(requestsTo(sent, '/os-migrations')).toBe(3);
    expect(sent.some(({ url }) => url.includes('changes-since'))).toBe(false);
  });

  it('are unknown when policy hides the hosts', async () => {
    const lab = createLab({ identity: { policy: { admin: { migrationsHost: false } } } });
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    lab.evacuate(id);
    const { compute, check } = connect(lab);
    expect(why(await compute.evacuationsFrom(H1, 0))).toContain('os-migrations:index:host');
    expect((await check()).map(({ remedy }) => remedy).join()).toContain(
      'os-migrations:index:host',
    );
  });
});

describe('microversions', () => {
  it('are lowered to what the server offers', async () => {
    const lab = createLab({ microversion: { min: '2.1', max: '2.93' } });
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    const { compute, sent } = connect(lab);
    expect((await compute.evacuate(asInstance(id), null)).kind).toBe('applied');
    expect(sent.at(-1)?.headers['OpenStack-API-Version']).toBe('compute 2.93');
    expect(sent.at(-1)?.fresh).toBe(true);
    expect(sent.at(-1)?.repeatable).toBeUndefined();
  });

  it('that one node of several does not know are lowered once more', async () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    const { compute, sent } = connect(lab, {}, ({ headers }) =>
      headers['OpenStack-API-Version'] === 'compute 2.94'
        ? response(406, {
            computeFault: {
              code: 406,
              message:
                'Version 2.94 is not supported by the API. Minimum is 2.1 and maximum is 2.93.',
            },
          })
        : null,
    );
    expect((await compute.evacuate(asInstance(id), null)).kind).toBe('applied');
    expect(requestsTo(sent, '/action')).toBe(1);
    expect(lab.cloud.evacuatePosts(id)).toHaveLength(1);
  });

  it('below the floor stop everything with a clear word', async () => {
    const lab = createLab({ microversion: { min: '2.1', max: '2.38' } });
    const { compute, check } = connect(lab);
    expect(why(await compute.fleet())).toContain('2.53 is needed');
    expect(await check()).toMatchObject([{ severity: 'fatal' }]);
    expect(await compute.evacuate(ID, null)).toMatchObject({
      kind: 'refused',
      refusal: { cause: 'not-sent' },
    });
  });

  it('without an echo make reads unknown and successful writes uncertain', async () => {
    const lab = createLab({ habits: { stripEcho: true } });
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    const { compute } = connect(lab);
    expect(why(await compute.fleet())).toContain('does not confirm microversion 2.69');
    const outcome = await compute.evacuate(asInstance(id), null);
    expect(outcome.kind).toBe('uncertain');
    expect(said(outcome)).toContain('does a proxy strip the header');
    expect(lab.cloud.evacuatePosts(id)).toHaveLength(1);
  });

  it('stripped from requests are noticed by the refusal', async () => {
    const lab = createLab({ habits: { stripMicroversion: true } });
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    const outcome = await connect(lab).compute.evacuate(asInstance(id), null);
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'bad-request' } });
    expect(said(outcome)).toContain('does a proxy strip the header');
  });
});

describe('tokens and faults', () => {
  it('are renewed on 401, also for a POST, which then runs once', async () => {
    const lab = createLab();
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    lab.fence('compute-1');
    const { compute } = connect(lab);
    await compute.fleet();
    lab.cloud.expireTokens();
    expect((await compute.evacuate(asInstance(id), null)).kind).toBe('applied');
    expect(lab.cloud.evacuatePosts(id)).toHaveLength(1);
  });

  it('that are wrong refuse writes and make reads unknown', async () => {
    const auth = { ...ADMIN.auth, password: 'wrong-one' } as CloudCredentials['auth'];
    const { compute, check } = connect(createLab(), { auth });
    expect(await compute.evacuate(ID, null)).toMatchObject({
      refusal: { cause: 'authentication', status: 401 },
    });
    expect(why(await compute.fleet())).toContain('refuses the user or the password');
    expect(why(await compute.fleet())).not.toContain('wrong-one');
    expect(await check()).toMatchObject([{ severity: 'fatal' }]);
  });

  it.each([500, 502, 503, 504, 408])('%i leaves a POST uncertain', async (status) => {
    const lab = createLab();
    const { compute, sent } = connect(lab, {}, ({ method, url }) =>
      method === 'POST' && url.includes('/action') ? response(status, 'broken') : null,
    );
    const outcome = await compute.evacuate(ID, null);
    expect(outcome.kind).toBe('uncertain');
    expect(said(outcome)).toContain(`${status}, not from Nova: "broken"`);
    expect(requestsTo(sent, '/action')).toBe(0);
  });

  it('a 404 of something before Nova is no proof of absence', async () => {
    const lab = createLab();
    const { compute } = connect(lab, {}, ({ url }) =>
      url.includes('/servers/') ? response(404, '<h1>404 Not Found</h1>') : null,
    );
    expect(why(await compute.sighting(ID))).toContain('not from Nova: "404 Not Found"');
    expect(await compute.evacuate(ID, null)).toMatchObject({ refusal: { cause: 'not-nova' } });
  });

  it('a body of another form is unknown, naming the place', async () => {
    const lab = createLab();
    const echo = { 'openstack-api-version': 'compute 2.69' };
    const { compute } = connect(lab, {}, ({ url }) =>
      url.includes('/os-services') ? response(200, { services: [{ host: 1 }] }, echo) : null,
    );
    expect(why(await compute.fleet())).toContain('unexpected form at services.0.');
  });
});

describe('the user info of an address', () => {
  const NOVA = 'https://me:hunter2@nova.test/v2.1';
  const KEYSTONE = 'https://me:hunter2@keystone.test/v3';

  it.each([404, 500])('stands in no message about a %i of Keystone', async (status) => {
    const lab = createLab();
    const cloud = connect(lab, { authUrl: KEYSTONE }, () => response(status, 'no'));
    expect(why(await cloud.compute.fleet())).toMatch(/keystone\.test/);
    expect(JSON.stringify([await cloud.compute.fleet(), await cloud.check()])).not.toContain(
      'hunter2',
    );
  });

  it('stands in no message about Nova, Glance or Placement', async () => {
    const lab = createLab();
    const way = simulatedHttp(lab.cloud);
    const services = { image: NOVA, placement: NOVA };
    const openstack = createOpenStack({
      cloud: { ...ADMIN, computeEndpoint: NOVA, endpointOverrides: services },
      clock: lab.clock,
      log: SILENT,
      http: {
        send: (request) =>
          request.url.includes('hunter2')
            ? Promise.resolve(response(500, 'no'))
            : way.send(request),
      },
    });
    const { capacity, images } = openstack;
    const found = [
      await openstack.compute.fleet(),
      await images.madeSince(0),
      await capacity.rooms(),
    ];
    for (const one of found) expect(why(one)).toMatch(/nova\.test/);
    expect(JSON.stringify([found, openstack.description])).not.toContain('hunter2');
  });
});

describe('the self check', () => {
  it('finds nothing in a healthy cloud', async () => {
    const lab = createLab();
    lab.cloud.boot({ host: 'compute-1', count: 2 });
    expect(await connect(lab).check()).toEqual([]);
  });

  it('warns of a role that is not admin', async () => {
    const auth = { ...ADMIN.auth, user: { name: 'demo', domain: { id: 'default' } } };
    const project = { name: 'demo', domain: { id: 'default' } };
    const part = { auth, project } as Partial<CloudCredentials>;
    const problems = await connect(createLab(), part).check();
    expect(problems.map(({ message }) => message).join('\n')).toContain('our roles are member');
    expect(problems.map(({ remedy }) => remedy).join('\n')).toContain('os-services:list');
  });

  it('names the regions that there are', async () => {
    const lab = createLab({ identity: { regions: ['north', 'south'] } });
    const messages = (await connect(lab).check()).map(({ message }) => message).join('\n');
    expect(messages).toContain('several regions (north, south)');
    const wrong = await connect(lab, { region: 'east' }).check();
    expect(wrong.map(({ message }) => message).join('\n')).toContain('no region "east"');
    expect(await connect(lab, { region: 'north' }).check()).toEqual([]);
  });
});
