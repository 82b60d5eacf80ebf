/**
 * What one would not expect of Nova, and what nova-ha must not be caught by.
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
const LONG_AGO = '2020-01-01T00:00:00Z';

/** The traps. */
export const SURPRISES: readonly Expectation[] = [
  {
    name: 'a second evacuation is accepted while the first is under way',
    why: 'Nova does not keep one instance from running twice: that is on us',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { spawning: 'slow', on: ['b', 'c', 'd'] },
      action('{vm}', { evacuate: { host: '{b}' } }, 200),
      eventually('/servers/{vm}', { server: { 'OS-EXT-STS:task_state': 'rebuild_spawning' } }),
      { spawning: 'normal', on: ['c'] },
      action('{vm}', { evacuate: { host: '{c}' } }, 200),
      get(evacuationsOf('{vm}'), 200, { migrations: { $length: 2 } }),
      { guest: '{vm}', runsOn: ['{b}', '{c}'], withinMs: SOON_MS },
    ],
  },
  {
    name: 'a fresh migration is invisible to changes-since',
    why: 'updated_at is null until somebody takes it up: asking for news would miss our own request',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { conductor: 'held' },
      action('{vm}', EVACUATE, 200),
      get(evacuationsOf('{vm}'), 200, {
        migrations: [{ status: 'accepted', updated_at: null, dest_compute: null }],
      }),
      get(`/os-migrations?instance_uuid={vm}&changes-since=${LONG_AGO}`, 200, { migrations: [] }),
      get('/servers/{vm}', 200, { server: { 'OS-EXT-STS:task_state': 'rebuilding' } }),
      // Nor does an accepted record keep the host down.
      setService('a', { forced_down: false }, 200),
    ],
  },
  {
    name: 'deleting a server in the middle leaves a guest without an owner',
    why: 'the migration vanishes with the server, the guest does not',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { spawning: 'slow', on: ['b'] },
      action('{vm}', { evacuate: { host: '{b}' } }, 200),
      eventually('/servers/{vm}', { server: { 'OS-EXT-STS:task_state': 'rebuild_spawning' } }),
      { ask: { method: 'DELETE', path: '/servers/{vm}' }, answer: { status: 204 } },
      {
        ask: { path: '/servers/{vm}' },
        answer: { status: 404, body: fault('itemNotFound', 404, { $match: 'could not be found' }) },
        withinMs: SOON_MS,
      },
      get(evacuationsOf('{vm}'), 200, { migrations: [] }),
      { guest: '{vm}', runsOn: ['{b}'], withinMs: SOON_MS },
    ],
  },
  {
    name: 'resetting the state in the middle breaks the evacuation and leaves its guest',
    why: 'a server in ERROR may have a running guest on a host that Nova does not name',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { spawning: 'slow', on: ['b'] },
      action('{vm}', { evacuate: { host: '{b}' } }, 200),
      eventually('/servers/{vm}', { server: { 'OS-EXT-STS:task_state': 'rebuild_spawning' } }),
      action('{vm}', { 'os-resetState': { state: 'error' } }, 202),
      eventually(evacuationsOf('{vm}'), {
        migrations: [{ status: 'failed', dest_compute: '{b}' }],
      }),
      // The record is failed a moment before the fault is there.
      eventually('/servers/{vm}', {
        server: {
          status: 'ERROR',
          'OS-EXT-SRV-ATTR:host': '{a}',
          fault: { message: { $match: 'Conflict updating instance' } },
        },
      }),
      { guest: '{vm}', runsOn: ['{b}'] },
    ],
  },
  {
    name: 'a host that comes back too early completes what is not done',
    why: 'the record becomes done after it was completed, and the host has to restart once more',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      ...failed('a'),
      { spawning: 'slow', on: ['b'] },
      action('{vm}', { evacuate: { host: '{b}' } }, 200),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'pre-migrating' }] }),
      { startCompute: 'a' },
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'completed' }] }),
      get('/servers/{vm}', 200, { server: { 'OS-EXT-SRV-ATTR:host': '{a}' } }),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'done' }] }),
      get('/servers/{vm}', 200, { server: { 'OS-EXT-SRV-ATTR:host': '{b}' } }),
      setService(
        'a',
        { forced_down: false },
        400,
        fault('badRequest', 400, { $match: 'Unable to force up' }),
      ),
      { killCompute: 'a' },
      { startCompute: 'a' },
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'completed' }] }),
      setService('a', { forced_down: false }, 200),
    ],
  },
  {
    name: 'forcing down a host that lives makes two guests of one instance',
    why: 'Nova never stops the old one by itself: only the power, or a restart of its nova-compute, does',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      setService('a', { forced_down: true }, 200),
      action('{vm}', { evacuate: { host: '{b}' } }, 200),
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'done' }] }),
      { guest: '{vm}', runsOn: ['{a}', '{b}'] },
      { killCompute: 'a' },
      { startCompute: 'a' },
      { guest: '{vm}', runsOn: ['{b}'], withinMs: SOON_MS },
      eventually(evacuationsOf('{vm}'), { migrations: [{ status: 'completed' }] }),
    ],
  },
];
