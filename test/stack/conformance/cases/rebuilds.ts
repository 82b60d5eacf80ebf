/**
 * Rebuild from another image: how an instance gets its data back from a snapshot.
 */
import {
  action,
  eventually,
  fault,
  get,
  type Expectation,
  type HostName,
  type Step,
} from '../expectation.ts';

const ALL: readonly HostName[] = ['a', 'b', 'c', 'd'];
const rebuild = (image: string): unknown => ({ rebuild: { imageRef: image } });
const server = (image: string, vmState: string, taskState: unknown = null): unknown => ({
  server: {
    image: { id: image },
    'OS-EXT-SRV-ATTR:host': '{a}',
    'OS-EXT-STS:vm_state': vmState,
    'OS-EXT-STS:task_state': taskState,
  },
});
const ended = (result: string): Step =>
  eventually('/servers/{vm}/os-instance-actions', {
    instanceActions: { $some: { action: 'rebuild', message: result === 'Error' ? 'Error' : null } },
  });
const conflict = (message: unknown): unknown => fault('conflictingRequest', 409, message);

/** What `rebuild` does. */
export const REBUILDS: readonly Expectation[] = [
  {
    name: 'the image changes with the answer, the host never',
    why: 'the image tells whether a request has arrived, so that none is repeated',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      { image: 'snapshot' },
      { spawning: 'slow', on: ALL },
      action('{vm}', rebuild('{snapshot}'), 202, {
        server: { id: '{vm}', status: 'REBUILD', image: { id: '{snapshot}' } },
      }),
      get('/servers/{vm}', 200, server('{snapshot}', 'active', { $match: '^rebuil' })),
      action(
        '{vm}',
        rebuild('{snapshot}'),
        409,
        conflict({ $match: "^Cannot 'rebuild' instance {vm} while it is in task_state rebuil" }),
      ),
      eventually('/servers/{vm}', server('{snapshot}', 'active')),
      { guest: '{vm}', runsOn: ['{a}'], withinMs: 20_000 },
      ended('Success'),
      get('/os-migrations?instance_uuid={vm}', 200, { migrations: [] }),
    ],
  },
  {
    name: 'a stopped instance ends stopped',
    why: 'what was stopped before the failure ends stopped after its data is back',
    fresh: false,
    steps: [
      { boot: 'vm', on: 'a', state: 'stopped' },
      { image: 'snapshot' },
      action('{vm}', rebuild('{snapshot}'), 202),
      eventually('/servers/{vm}', server('{snapshot}', 'stopped')),
      { guest: '{vm}', runsOn: [], withinMs: 20_000 },
    ],
  },
  {
    name: 'an instance in error becomes active',
    why: 'a rebuild that failed is sent once more',
    fresh: false,
    steps: [
      { boot: 'vm', on: 'a', state: 'error' },
      { image: 'snapshot' },
      action('{vm}', rebuild('{snapshot}'), 202),
      eventually('/servers/{vm}', server('{snapshot}', 'active')),
    ],
  },
  {
    name: 'one that cannot be built ends in error, with the new image',
    why: 'the image alone does not say that the data is back',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      { image: 'snapshot' },
      { spawning: 'failing', on: ALL },
      action('{vm}', rebuild('{snapshot}'), 202),
      eventually('/servers/{vm}', server('{snapshot}', 'error')),
      ended('Error'),
      { spawning: 'normal', on: ALL },
      action('{vm}', rebuild('{snapshot}'), 202),
      eventually('/servers/{vm}', server('{snapshot}', 'active')),
    ],
  },
  {
    name: 'an image that the scheduler refuses for the host is taken back',
    why: 'then the guest with its bare disk was never touched, and the image is the old one',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      {
        ask: { path: '/servers/{vm}' },
        answer: { status: 200 },
        keep: { base: 'server.image.id' },
      },
      { image: 'foreign', fields: { hw_architecture: 's390x' } },
      action('{vm}', rebuild('{foreign}'), 202),
      eventually('/servers/{vm}', server('{base}', 'error')),
      ended('Error'),
      { guest: '{vm}', runsOn: ['{a}'] },
    ],
  },
  {
    name: 'rebuilds are refused by state, by image and by size',
    why: 'each refusal changes nothing, neither image nor guest',
    fresh: false,
    steps: [
      { boot: 'vm', on: 'a' },
      { boot: 'held', on: 'a', state: 'paused' },
      { image: 'snapshot' },
      { image: 'big', fields: { min_disk: 100 } },
      action(
        '{held}',
        rebuild('{snapshot}'),
        409,
        conflict("Cannot 'rebuild' instance {held} while it is in vm_state paused"),
      ),
      action(
        '{vm}',
        rebuild('00000000-0000-4000-8000-000000000000'),
        400,
        fault('badRequest', 400, 'Cannot find image for rebuild'),
      ),
      action(
        '{vm}',
        rebuild('{big}'),
        400,
        fault('badRequest', 400, { $match: "^Flavor's disk is smaller than the minimum size" }),
      ),
      action('{vm}', { rebuild: {} }, 400, fault('badRequest', 400, { $match: "'imageRef'" })),
      get('/servers/{vm}', 200, { server: { 'OS-EXT-STS:task_state': null, status: 'ACTIVE' } }),
    ],
  },
];
