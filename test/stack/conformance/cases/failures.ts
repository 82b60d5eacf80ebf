/**
 * Evacuations that fail, and what is left of them.
 */
import {
  action,
  evacuationsOf,
  eventually,
  failed,
  get,
  setService,
  type Expectation,
  type HostName,
  type Step,
} from '../expectation.ts';

const EVACUATE = { evacuate: {} };
const NO_VALID_HOST = { $match: '^No valid host was found\\.' };

function disabled(...hosts: readonly HostName[]): readonly Step[] {
  return hosts.map((host) =>
    setService(host, { status: 'disabled', disabled_reason: 'full' }, 200),
  );
}

/** How evacuations fail, and which of them may be sent again. */
export const FAILURES: readonly Expectation[] = [
  {
    name: 'no host can take it: the server is in ERROR, the migration in error',
    why: 'it is sent again when there is room: ERROR does not prevent that',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...disabled('b', 'c', 'd'),
      ...failed('a'),
      action('{vm}', EVACUATE, 200),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'error', dest_compute: null }] }),
      eventually('/servers/{vm}', {
        server: {
          status: 'ERROR',
          'OS-EXT-SRV-ATTR:host': '{a}',
          'OS-EXT-STS:vm_state': 'error',
          'OS-EXT-STS:task_state': null,
          fault: { message: NO_VALID_HOST },
        },
      }),
      eventually('/servers/{vm}/os-instance-actions', {
        instanceActions: { $some: { action: 'evacuate', message: 'Error' } },
      }),
      setService('b', { status: 'enabled' }, 200),
      action('{vm}', EVACUATE, 200),
      eventually(evacuationsOf('{vm}'), {
        migrations: [{ status: 'done', dest_compute: '{b}' }, { status: 'error' }],
      }),
      get('/servers/{vm}', 200, {
        server: { status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': '{b}', fault: { $absent: true } },
      }),
      { guest: '{vm}', runsOn: ['{b}'] },
    ],
  },
  {
    name: 'a named destination that is disabled ends as if there was none',
    why: 'the request is accepted: only the migration tells',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...disabled('b'),
      ...failed('a'),
      action('{vm}', { evacuate: { host: '{b}' } }, 200),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'error', dest_compute: '{b}' }] }),
      eventually('/servers/{vm}', {
        server: { status: 'ERROR', fault: { message: NO_VALID_HOST } },
      }),
    ],
  },
  {
    name: 'the destination cannot build it: the migration is failed, the host is the source',
    why: 'it may be sent again, and the old record stays',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { spawning: 'failing', on: ['b', 'c', 'd'] },
      action('{vm}', EVACUATE, 200),
      eventually(evacuationsOf('{vm}'), {
        migrations: [{ status: 'failed', dest_compute: { $not: null } }],
      }),
      eventually('/servers/{vm}', {
        server: {
          status: 'ERROR',
          'OS-EXT-SRV-ATTR:host': '{a}',
          'OS-EXT-STS:task_state': null,
          fault: { message: { $type: 'string' } },
        },
      }),
      { guest: '{vm}', runsOn: [] },
      // Failed records do not keep the host down.
      setService('a', { forced_down: false }, 200),
      setService('a', { forced_down: true }, 200),
      { spawning: 'normal', on: ['b', 'c', 'd'] },
      action('{vm}', EVACUATE, 200),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'done' }, { status: 'failed' }] }),
      get('/servers/{vm}', 200, { server: { status: 'ACTIVE', fault: { $absent: true } } }),
    ],
  },
  {
    name: 'the destination dies in the middle: nothing moves any more',
    why: 'the record stays pre-migrating for ever: it takes the fencing of the destination to go on',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { spawning: 'slow', on: ['b'] },
      action('{vm}', { evacuate: { host: '{b}' } }, 200),
      eventually('/servers/{vm}', { server: { 'OS-EXT-STS:task_state': 'rebuild_spawning' } }),
      ...failed('b'),
      get(evacuationsOf('{vm}'), 200, { migrations: [{ status: 'pre-migrating' }] }),
      get('/servers/{vm}', 200, {
        server: { 'OS-EXT-SRV-ATTR:host': '{a}', 'OS-EXT-STS:task_state': 'rebuild_spawning' },
      }),
      action('{vm}', { evacuate: { host: '{c}' } }, 200),
      eventually(evacuationsOf('{vm}'), {
        migrations: [{ status: 'done', dest_compute: '{c}' }, { status: 'pre-migrating' }],
      }),
      get('/servers/{vm}', 200, { server: { status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': '{c}' } }),
      { guest: '{vm}', runsOn: ['{c}'] },
    ],
  },
];
