/**
 * Compute services: reading them, isolating a host and letting it up again.
 */
import { fault, get, setService, type Expectation } from '../expectation.ts';

const OF_A = '/os-services?binary=nova-compute&host={a}';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const NOTHING_TO_DO =
  "No updates were requested. Fields 'status' or 'forced_down' should be specified.";

function unexpected(name: string): unknown {
  return fault(
    'badRequest',
    400,
    `Additional properties are not allowed ('${name}' was unexpected)`,
  );
}

/** What `os-services` answers. */
export const SERVICES: readonly Expectation[] = [
  {
    name: 'a service shows more with newer microversions',
    why: 'forced_down comes with 2.11, ids that can be used with 2.53',
    fresh: false,
    steps: [
      get(
        OF_A,
        200,
        { services: [{ id: { $type: 'number' }, forced_down: { $absent: true } }] },
        {
          microversion: '2.10',
        },
      ),
      get(
        OF_A,
        200,
        { services: [{ id: { $type: 'number' }, forced_down: false }] },
        {
          microversion: '2.52',
        },
      ),
      get(
        OF_A,
        200,
        {
          services: [
            {
              id: { $match: '^[0-9a-f-]{36}$' },
              binary: 'nova-compute',
              host: '{a}',
              zone: { $type: 'string' },
              status: 'enabled',
              state: 'up',
              disabled_reason: null,
              forced_down: false,
              updated_at: { $match: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}$' },
            },
          ],
        },
        { microversion: '2.53' },
      ),
    ],
  },
  {
    name: 'filters are exact, and a host that is not there is an empty list',
    why: 'an empty list is no proof of anything',
    fresh: false,
    steps: [
      get('/os-services?host=nosuch', 200, { services: [] }),
      get('/os-services?binary=nova-scheduler&host={a}', 200, { services: [] }),
      get('/os-services?bogus=1', 400, unexpected('bogus')),
      get(
        '/os-services?bogus=1&host={a}',
        200,
        { services: [{ host: '{a}' }] },
        {
          microversion: '2.74',
        },
      ),
    ],
  },
  {
    name: 'changes that make no sense are refused',
    why: 'each is a mistake of ours, and repeating it is of no use',
    fresh: false,
    steps: [
      setService('a', {}, 400, fault('badRequest', 400, NOTHING_TO_DO)),
      setService('a', { disabled_reason: 'x' }, 400, fault('badRequest', 400, NOTHING_TO_DO)),
      setService(
        'a',
        { status: 'enabled', disabled_reason: 'x' },
        400,
        fault('badRequest', 400, "Specifying 'disabled_reason' with status 'enabled' is invalid."),
      ),
      setService(
        'a',
        { status: 'disabled', disabled_reason: '' },
        400,
        fault('badRequest', 400, { $match: "disabled_reason. Value: . '' is too short" }),
      ),
      setService(
        'a',
        { status: 'disabled', disabled_reason: 'x'.repeat(256) },
        400,
        fault('badRequest', 400, { $match: 'is too long' }),
      ),
      setService(
        'a',
        { status: 'off' },
        400,
        fault('badRequest', 400, { $match: 'is not one of' }),
      ),
      setService('a', { forced_down: true, host: '{a}' }, 400, unexpected('host')),
    ],
  },
  {
    name: 'a service that is not there cannot be changed',
    why: 'a host may have been deleted meanwhile',
    fresh: false,
    steps: [
      {
        ask: { method: 'PUT', path: `/os-services/${UNKNOWN}`, body: { forced_down: true } },
        answer: {
          status: 404,
          body: fault('itemNotFound', 404, `Service ${UNKNOWN} could not be found.`),
        },
      },
      {
        ask: { method: 'PUT', path: '/os-services/nouuid', body: { forced_down: true } },
        answer: { status: 400, body: fault('badRequest', 400, 'Invalid uuid nouuid') },
      },
      {
        ask: {
          method: 'PUT',
          path: '/os-services/force-down',
          microversion: '2.52',
          body: { host: 'nosuch', binary: 'nova-compute', forced_down: true },
        },
        answer: { status: 404 },
      },
    ],
  },
  {
    name: 'forcing down counts at once, twice is once',
    why: 'the evacuation of a host need not wait for service_down_time',
    fresh: false,
    steps: [
      setService('a', { forced_down: true }, 200, {
        service: { host: '{a}', forced_down: true, state: 'down', status: 'enabled' },
      }),
      setService('a', { forced_down: true }, 200, {
        service: { forced_down: true, state: 'down' },
      }),
      get(OF_A, 200, { services: [{ forced_down: true, state: 'down' }] }),
      // The last report is recent: up at once, whatever the process does now.
      setService('a', { forced_down: false }, 200, {
        service: { forced_down: false, state: 'up' },
      }),
      setService('a', { forced_down: false }, 200, {
        service: { forced_down: false, state: 'up' },
      }),
    ],
  },
  {
    name: 'one PUT isolates a host',
    why: 'disabling first would ask the dead nova-compute and hang',
    fresh: false,
    steps: [
      setService(
        'a',
        { status: 'disabled', disabled_reason: 'nova-ha: test', forced_down: true },
        200,
        {
          service: {
            status: 'disabled',
            disabled_reason: 'nova-ha: test',
            forced_down: true,
            state: 'down',
          },
        },
      ),
      setService('a', { forced_down: false }, 200),
      setService('a', { status: 'enabled' }, 200, {
        service: { status: 'enabled', disabled_reason: null, state: 'up' },
      }),
    ],
  },
  {
    name: 'a reason is kept only with a PUT that disables',
    why: 'disabling again without a reason erases what the operator wrote',
    fresh: false,
    steps: [
      setService('a', { status: 'disabled', disabled_reason: 'one' }, 200, {
        service: { disabled_reason: 'one' },
      }),
      setService('a', { forced_down: false, disabled_reason: 'two' }, 200, {
        service: { status: 'disabled', disabled_reason: 'one' },
      }),
      setService('a', { status: 'disabled', disabled_reason: 'three' }, 200, {
        service: { disabled_reason: 'three' },
      }),
      setService('a', { status: 'disabled' }, 200, {
        service: { status: 'disabled', disabled_reason: null },
      }),
      setService('a', { status: 'enabled' }, 200, {
        service: { status: 'enabled', disabled_reason: null },
      }),
    ],
  },
  {
    name: 'a service of a host with instances is not deleted',
    why: 'deleting it is never ours to do',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      {
        ask: { method: 'DELETE', path: '/os-services/{service.a}' },
        answer: {
          status: 409,
          body: fault('conflictingRequest', 409, { $match: 'hosting instances' }),
        },
      },
    ],
  },
];
