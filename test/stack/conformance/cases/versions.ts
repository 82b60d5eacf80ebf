/**
 * Nova's version documents and microversions.
 */
import { fault, get, type Expectation, type Step } from '../expectation.ts';

const COMPUTE_OF_A = '/os-services?binary=nova-compute&host={a}';

function tooNewOrOld(version: string): Step {
  return {
    ask: { path: '/os-services', microversion: version },
    answer: {
      status: 406,
      headers: { 'OpenStack-API-Version': `compute ${version}` },
      body: fault('computeFault', 406, {
        $match: `^Version ${version} is not supported by the API. Minimum is 2.1 and maximum is 2.\\d+.$`,
      }),
    },
  };
}

function echoed(headers: Readonly<Record<string, string>>, version: unknown): Step {
  return {
    ask: { path: '/os-services?host=nosuch', microversion: null, headers },
    answer: {
      status: 200,
      headers: { 'OpenStack-API-Version': version, Vary: { $match: 'OpenStack-API-Version' } },
    },
  };
}

/** Which version of its API Nova speaks, and how it says so. */
export const VERSIONS: readonly Expectation[] = [
  {
    name: 'the version documents need no token',
    why: 'the range of microversions is learnt before anything else',
    fresh: false,
    steps: [
      get(
        'root:/',
        200,
        { versions: { $some: { id: 'v2.1', status: 'CURRENT', min_version: '2.1' } } },
        {
          token: null,
          microversion: null,
        },
      ),
      get(
        '/',
        200,
        { version: { id: 'v2.1', min_version: '2.1', version: { $match: '^2\\.\\d+$' } } },
        { token: null, microversion: null },
      ),
    ],
  },
  {
    name: 'no header means 2.1, silently',
    why: 'a proxy that strips the header changes the meaning of every request',
    fresh: false,
    steps: [
      {
        ask: { path: COMPUTE_OF_A, microversion: null },
        answer: {
          status: 200,
          headers: {
            'OpenStack-API-Version': 'compute 2.1',
            'X-OpenStack-Nova-API-Version': '2.1',
          },
          body: {
            services: [{ host: '{a}', id: { $type: 'number' }, forced_down: { $absent: true } }],
          },
        },
      },
    ],
  },
  {
    name: 'the version in force is echoed, the newer header wins',
    why: 'the echo is the proof that the header arrived',
    fresh: false,
    steps: [
      echoed({ 'OpenStack-API-Version': 'compute 2.53' }, 'compute 2.53'),
      echoed({ 'X-OpenStack-Nova-API-Version': '2.53' }, 'compute 2.53'),
      echoed(
        { 'OpenStack-API-Version': 'compute 2.53', 'X-OpenStack-Nova-API-Version': '2.90' },
        'compute 2.53',
      ),
      echoed({ 'OpenStack-API-Version': 'volume 3.0' }, 'compute 2.1'),
      echoed({ 'OpenStack-API-Version': 'compute latest' }, { $match: '^compute 2\\.\\d\\d+$' }),
    ],
  },
  {
    name: 'a version out of range is a 406 that names the range',
    why: 'after an upgrade of only some of the APIs the range has to be learnt again',
    fresh: false,
    steps: [tooNewOrOld('2.999'), tooNewOrOld('2.0')],
  },
  {
    name: 'a version that is none is malformed',
    why: 'unlike a version out of range it will never be right',
    fresh: false,
    steps: [
      get(
        '/os-services',
        400,
        fault(
          'badRequest',
          400,
          'API Version String nonsense is of invalid format. Must be of format MajorNum.MinorNum.',
        ),
        { microversion: 'nonsense' },
      ),
    ],
  },
  {
    name: "an unknown path is a 404, but not in Nova's shape of an error",
    why: 'not every body is JSON, and not every JSON is an error of Nova',
    fresh: false,
    steps: [
      {
        ask: { path: '/nosuch', headers: { Accept: '*/*' } },
        answer: {
          status: 404,
          headers: { 'Content-Type': { $match: '^text/html' } },
          body: { $match: '<title>404 Not Found</title>' },
        },
      },
      {
        ask: { path: '/nosuch', headers: { Accept: 'application/json' } },
        answer: {
          status: 404,
          headers: { 'Content-Type': { $match: '^application/json' } },
          body: { code: '404 Not Found', title: 'Not Found', itemNotFound: { $absent: true } },
        },
      },
    ],
  },
  {
    name: "a project id in the path has to be the token's",
    why: 'catalogs may contain one: it is to be stripped',
    fresh: false,
    steps: [
      get(
        '/0123456789abcdef0123456789abcdef/os-services',
        400,
        fault('badRequest', 400, {
          $match:
            "^Malformed request URL: URL's project_id '0123456789abcdef0123456789abcdef' doesn't match Context's project_id",
        }),
      ),
    ],
  },
];
