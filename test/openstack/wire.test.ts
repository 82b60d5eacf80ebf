import { describe, expect, it } from 'vitest';
import { chooseEndpoint } from '../../src/adapters/openstack/catalog.ts';
import type { Endpoint, Wanted } from '../../src/adapters/openstack/catalog.ts';
import {
  computeRoot,
  echoes,
  maximumOf,
  minorOf,
  readVersions,
} from '../../src/adapters/openstack/discovery.ts';
import { excerpt, shownUrl } from '../../src/adapters/openstack/exchange.ts';
import { redact, secretsOf } from '../../src/adapters/openstack/redaction.ts';
import { causeOf, messageOf } from '../../src/adapters/openstack/refusal.ts';

const endpoint = (part: Partial<Endpoint>): Endpoint => ({
  serviceType: 'compute',
  serviceName: 'nova',
  interface: 'public',
  region: 'north',
  url: 'http://north/v2.1',
  ...part,
});

const wanted = (part: Partial<Wanted> = {}): Wanted => ({
  serviceType: 'compute',
  serviceName: null,
  region: null,
  interfaces: ['public'],
  ...part,
});

describe('the choice of an endpoint', () => {
  const catalog = [
    endpoint({ serviceType: 'identity', url: 'http://keystone' }),
    endpoint({ interface: 'internal', url: 'http://inside/v2.1' }),
    endpoint({}),
    endpoint({ region: 'south', url: 'http://south/v2.1' }),
  ];

  it('takes the region asked for and the first interface that is there', () => {
    expect(chooseEndpoint(catalog, wanted({ region: 'south' }))).toEqual({
      kind: 'url',
      url: 'http://south/v2.1',
    });
    const interfaces = ['admin', 'internal', 'public'];
    expect(chooseEndpoint(catalog, wanted({ region: 'north', interfaces }))).toEqual({
      kind: 'url',
      url: 'http://inside/v2.1',
    });
  });

  it.each([
    [wanted(), 'several regions (north, south)'],
    [wanted({ region: 'North' }), 'no region "North" for "compute": it has north, south'],
    [wanted({ region: 'north', interfaces: ['admin'] }), 'it has internal, public'],
    [wanted({ serviceType: 'instance-ha' }), 'it has compute, identity'],
  ])('says what there is instead', (request, message) => {
    const choice = chooseEndpoint(catalog, request);
    expect(choice.kind === 'none' ? choice.message : choice.url).toContain(message);
  });

  it('skips endpoints without a URL, and wonders at an empty catalog', () => {
    const choice = chooseEndpoint([endpoint({ url: '' })], wanted());
    expect(choice.kind).toBe('none');
    expect(chooseEndpoint([], wanted())).toMatchObject({
      message: expect.stringContaining('without a catalog') as string,
    });
  });
});

describe('version discovery', () => {
  it.each([
    ['http://h:8774/v2.1', 'http://h:8774/v2.1'],
    ['http://h:8774/v2.1/', 'http://h:8774/v2.1'],
    ['http://h:8774/v2.1/0123456789abcdef0123456789abcdef', 'http://h:8774/v2.1'],
    ['https://h/compute/v2.1', 'https://h/compute/v2.1'],
    ['https://h/compute', 'https://h/compute/v2.1'],
    ['http://h:8774', 'http://h:8774/v2.1'],
    ['http://h:8774/v2/project', 'http://h:8774/v2.1'],
  ])('finds the v2.1 API behind %s', (url, root) => {
    expect(computeRoot(url)).toBe(root);
  });

  it('reads version documents', () => {
    const v21 = { id: 'v2.1', version: '2.96', min_version: '2.1' };
    const range = { kind: 'range', range: { min: 1, max: 96 } };
    expect(readVersions({ version: v21 })).toEqual(range);
    const legacy = { id: 'v2.0', version: '', min_version: '' };
    expect(readVersions({ versions: [legacy, v21] })).toEqual(range);
    for (const body of [
      { version: { id: 'v2.1', version: '', min_version: '' } },
      { version: { id: 'v2.1', version: '2.52', min_version: '2.1' } },
      { version: legacy },
      { versions: [] },
      undefined,
      null,
      'text',
    ]) {
      expect(readVersions(body).kind).toBe('unusable');
    }
  });

  it('reads minors, echoes and the maximum of a 406', () => {
    expect([minorOf('2.96'), minorOf('2.x'), minorOf('3.1')]).toEqual([96, null, null]);
    expect(echoes({ 'openstack-api-version': 'placement 1.2, compute 2.69' }, '2.69')).toBe(true);
    expect(echoes({ 'x-openstack-nova-api-version': '2.69' }, '2.69')).toBe(true);
    expect(echoes({ 'openstack-api-version': 'compute 2.6' }, '2.69')).toBe(false);
    expect(echoes({}, '2.69')).toBe(false);
    const said = 'Version 2.95 is not supported by the API. Minimum is 2.1 and maximum is 2.93.';
    expect(maximumOf(said)).toBe(93);
  });
});

describe('the cause of a refusal', () => {
  const nova = (name: string, message: string) => ({ [name]: { code: 0, message } });
  const VTPM = "Operation 'evacuate' not supported for vTPM-enabled instance (x).";
  const GUARD =
    'Unable to force up host compute-1 as `done` evacuation migration records remain associated with the host.';

  it.each([
    [400, nova('badRequest', 'Compute service of compute-1 is still in use.'), 'service-up'],
    [400, nova('badRequest', GUARD), 'guard'],
    [400, nova('badRequest', VTPM), 'unsupported'],
    [400, nova('badRequest', "The target host can't be the same one."), 'bad-request'],
    [401, { error: { code: 401, title: 'Unauthorized', message: 'x' } }, 'authentication'],
    [403, nova('forbidden', "Policy doesn't allow it."), 'forbidden'],
    [404, nova('itemNotFound', 'Instance x could not be found.'), 'not-found'],
    [404, nova('itemNotFound', 'Compute host nosuch not found.'), 'target-not-found'],
    [404, nova('itemNotFound', 'Compute host nosuch could not be found.'), 'target-not-found'],
    [408, undefined, 'uncertain'],
    [409, nova('conflictingRequest', "Cannot 'evacuate' instance x"), 'wrong-state'],
    [409, nova('conflictingRequest', 'Unsupported RPC version 6.1'), 'uncertain'],
    [413, nova('overLimit', 'slow'), 'too-many'],
    [429, undefined, 'too-many'],
    [405, nova('badMethod', 'Method Not Allowed'), 'bad-request'],
  ])('%i %j is %s', (status, body, cause) => {
    expect(causeOf({ status, body })).toBe(cause);
  });

  it.each([302, 400, 404, 405, 421, 426])(
    '%i without the words of Nova is no verdict',
    (status) => {
      expect(causeOf({ status, body: undefined })).toBe('not-nova');
      const gateway = nova('error', 'no route matched with those values');
      expect(causeOf({ status, body: gateway })).toBe('not-nova');
    },
  );

  it('a 409 without them may hide the one after which Nova has written its records', () => {
    expect(causeOf({ status: 409, body: undefined })).toBe('uncertain');
  });

  it('quotes Nova, and marks what is not from Nova', () => {
    const from = { status: 400, text: '', body: nova('badRequest', 'Two\nlines') };
    expect(messageOf(from)).toBe('Two lines');
    const page = '<html><style>x{}</style><h1>404</h1> gone</html>';
    expect(messageOf({ status: 404, body: undefined, text: page })).toBe(
      'not from Nova: "404 gone"',
    );
  });
});

describe('secrets', () => {
  const request = {
    method: 'POST' as const,
    url: 'http://k/v3/auth/tokens',
    headers: { 'X-Auth-Token': 'tok-1' },
    json: {
      auth: { identity: { token: { id: 'tok-2' }, password: { user: { password: 'a"b' } } } },
    },
  };

  it('are found in headers and bodies', () => {
    expect([...secretsOf(request)].sort()).toEqual(['a"b', 'tok-1', 'tok-2']);
  });

  it('are struck out, escaped or not', () => {
    const text = `tok-1 ${JSON.stringify('a"b')} ${encodeURIComponent('a"b')} tok-2`;
    expect(redact(text, secretsOf(request))).toBe('*** "***" *** ***');
  });

  it('do not stand in URLs as we show them', () => {
    expect(shownUrl('https://me:pw@host:1/x?token=1#y')).toBe('https://host:1/x');
    expect(shownUrl('https://me:p@w@host/x@y')).toBe('https://host/x@y');
    expect(shownUrl('me:pw@host:5000/v3')).toBe('host:5000/v3');
    expect(excerpt('x'.repeat(300), 10)).toBe(`${'x'.repeat(10)}…`);
  });
});
