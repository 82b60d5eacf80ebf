/**
 * An evacuation from the request to the return of the failed host.
 */
import {
  action,
  evacuationsOf,
  eventually,
  failed,
  fault,
  get,
  setService,
  SOON_MS,
  type Expectation,
} from '../expectation.ts';

const EVACUATE = { evacuate: {} };
const REFUSES_TO_LET_UP = fault('badRequest', 400, {
  $match: '^Unable to force up host {a} as `done` evacuation migration records remain',
});
const OF_A = '/os-migrations?migration_type=evacuation&source_compute={a}';

/** How evacuations go when nothing goes wrong. */
export const LIFECYCLE: readonly Expectation[] = [
  {
    name: 'an evacuation goes from accepted to completed',
    why: 'success is a migration done or completed, and the server on another host: nothing else',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { spawning: 'slow', on: ['b', 'c', 'd'] },
      {
        ask: { method: 'POST', path: '/servers/{vm}/action', body: EVACUATE },
        answer: {
          status: 200,
          body: '',
          headers: { 'X-OpenStack-Request-Id': { $match: '^req-' } },
        },
      },
      eventually(evacuationsOf('{vm}'), {
        migrations: [
          {
            status: 'pre-migrating',
            source_compute: '{a}',
            dest_compute: { $in: ['{b}', '{c}', '{d}'] },
            updated_at: { $type: 'string' },
          },
        ],
      }),
      // In the middle: still on the source as far as the server says.
      eventually('/servers/{vm}', {
        server: {
          status: 'REBUILD',
          'OS-EXT-SRV-ATTR:host': '{a}',
          'OS-EXT-STS:vm_state': 'active',
          'OS-EXT-STS:task_state': 'rebuild_spawning',
        },
      }),
      action(
        '{vm}',
        { 'os-stop': null },
        409,
        fault('conflictingRequest', 409, {
          $match: "^Cannot 'stop' instance {vm} while it is in task_state rebuild",
        }),
      ),
      // The guard looks at done alone: letting a host up now is allowed, and wrong.
      setService('a', { forced_down: false }, 200),
      setService('a', { forced_down: true }, 200),
      {
        ask: { path: evacuationsOf('{vm}') },
        answer: {
          status: 200,
          body: { migrations: [{ status: 'done', dest_compute: { $not: null } }] },
        },
        withinMs: SOON_MS,
        keep: { dest: 'migrations.0.dest_compute' },
      },
      get('/servers/{vm}', 200, {
        server: {
          status: 'ACTIVE',
          'OS-EXT-SRV-ATTR:host': '{dest}',
          'OS-EXT-STS:task_state': null,
          'OS-EXT-STS:power_state': 1,
        },
      }),
      { guest: '{vm}', runsOn: ['{dest}'] },
      action(
        '{vm}',
        EVACUATE,
        400,
        fault('badRequest', 400, 'Compute service of {dest} is still in use.'),
      ),
      setService('a', { forced_down: false }, 400, REFUSES_TO_LET_UP),
      setService('a', { forced_down: false }, 400, REFUSES_TO_LET_UP, { microversion: '2.53' }),
      { startCompute: 'a' },
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'completed' }] }),
      // Its start changes nothing about being forced down and disabled.
      get('/os-services?binary=nova-compute&host={a}', 200, {
        services: [{ forced_down: true, status: 'disabled', state: 'down' }],
      }),
      { guest: '{vm}', runsOn: ['{dest}'] },
      setService('a', { forced_down: false }, 200),
      eventually('/os-services?binary=nova-compute&host={a}', {
        services: [{ forced_down: false, status: 'disabled', state: 'up' }],
      }),
      setService('a', { status: 'enabled' }, 200, { service: { status: 'enabled', state: 'up' } }),
    ],
  },
  {
    name: 'stopped, broken and locked instances are evacuated, too',
    why: 'what was stopped lands stopped, what was in ERROR comes out ACTIVE, a lock does not hold',
    fresh: true,
    steps: [
      { boot: 'stopped', on: 'a', state: 'stopped' },
      { boot: 'broken', on: 'a', state: 'error' },
      { boot: 'locked', on: 'a' },
      action('{locked}', { lock: { locked_reason: 'nova-ha test' } }, 202),
      get('/servers/{locked}', 200, { server: { locked: true, locked_reason: 'nova-ha test' } }),
      ...failed('a'),
      action('{stopped}', EVACUATE, 200),
      action('{broken}', EVACUATE, 200),
      action('{locked}', EVACUATE, 200),
      eventually(OF_A, {
        migrations: [{ status: 'done' }, { status: 'done' }, { status: 'done' }],
      }),
      eventually('/servers/{stopped}', {
        server: {
          status: 'SHUTOFF',
          'OS-EXT-SRV-ATTR:host': { $not: '{a}' },
          'OS-EXT-STS:power_state': 4,
        },
      }),
      { guest: '{stopped}', runsOn: [] },
      get('/servers/{broken}', 200, {
        server: {
          status: 'ACTIVE',
          'OS-EXT-SRV-ATTR:host': { $not: '{a}' },
          fault: { $absent: true },
        },
      }),
      get('/servers/{locked}', 200, {
        server: { status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': { $not: '{a}' }, locked: true },
      }),
    ],
  },
  {
    name: 'a named destination is kept to',
    why: 'a reserved host is used by its name',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      action('{vm}', { evacuate: { host: '{c}' } }, 200),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'done', dest_compute: '{c}' }] }),
      get('/servers/{vm}', 200, { server: { 'OS-EXT-SRV-ATTR:host': '{c}' } }),
      { guest: '{vm}', runsOn: ['{c}'] },
    ],
  },
  {
    name: 'migrations are filtered, paged and dated',
    why: 'what is under way, and for whom, is read from here before anything is sent',
    fresh: true,
    steps: [
      { boot: 'one', on: 'a' },
      { boot: 'two', on: 'a' },
      ...failed('a'),
      action('{one}', EVACUATE, 200),
      eventually(evacuationsOf('{one}'), { migrations: [{ status: 'done' }] }),
      action('{two}', EVACUATE, 200),
      eventually(evacuationsOf('{two}'), { migrations: [{ status: 'done' }] }),
      {
        ask: { path: `${OF_A}&limit=1` },
        answer: {
          status: 200,
          body: {
            migrations: [
              {
                instance_uuid: '{two}', // newest first
                id: { $type: 'number' },
                uuid: { $match: '^[0-9a-f-]{36}$' },
                migration_type: 'evacuation',
                created_at: { $match: '^\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{6}$' },
                user_id: { $type: 'string' },
                project_id: { $type: 'string' },
              },
            ],
            migrations_links: [{ rel: 'next', href: { $match: 'marker=' } }],
          },
        },
        keep: { marker: 'migrations.0.uuid' },
      },
      get(`${OF_A}&limit=1&marker={marker}`, 200, { migrations: [{ instance_uuid: '{one}' }] }),
      get(`${OF_A}&status=done`, 200, { migrations: { $length: 2 } }),
      get(`${OF_A}&status=failed`, 200, { migrations: [] }),
      get('/os-migrations?host={a}', 200, { migrations: { $length: 2 } }),
      get('/os-migrations?source_compute={b}', 200, { migrations: [] }),
      get(`${OF_A}&limit=0`, 200, { migrations: [] }),
      get(OF_A, 200, { migrations: [{ uuid: { $absent: true } }, {}] }, { microversion: '2.58' }),
      get(
        OF_A,
        200,
        { migrations: [{ user_id: { $absent: true } }, {}] },
        { microversion: '2.79' },
      ),
      get('/os-migrations?bogus=1', 400, fault('badRequest', 400, { $match: "'bogus'" })),
      get(
        '/os-migrations?changes_since=x',
        400,
        fault('badRequest', 400, { $match: "'changes_since'" }),
      ),
      get(
        '/os-migrations?marker=nosuch',
        400,
        fault('badRequest', 400, 'Marker nosuch could not be found.'),
      ),
    ],
  },
  {
    name: 'the instance action tells the course of an evacuation',
    why: 'after a lost answer it says whether the request arrived',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      action('{vm}', EVACUATE, 200),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'done' }] }),
      {
        ask: { path: '/servers/{vm}/os-instance-actions' },
        answer: {
          status: 200,
          body: {
            instanceActions: {
              $some: { action: 'evacuate', message: null, instance_uuid: '{vm}' },
            },
          },
        },
        keep: { request: 'instanceActions.0.request_id' },
      },
      eventually('/servers/{vm}/os-instance-actions/{request}', {
        instanceAction: {
          action: 'evacuate',
          events: [
            {
              event: 'compute_rebuild_instance',
              result: 'Success',
              finish_time: { $type: 'string' },
            },
            { event: 'rebuild_server', result: 'Success' },
          ],
        },
      }),
      get(
        '/servers/{vm}/os-instance-actions/req-nosuch',
        404,
        fault('itemNotFound', 404, 'Action req-nosuch not found'),
      ),
    ],
  },
];
