/**
 * Live and cold migration: the planned ways off a host that lives.
 */
import { action, eventually, fault, get, setService, type Expectation } from '../expectation.ts';

const LIVE = { 'os-migrateLive': { host: null, block_migration: 'auto' } };
const liveTo = (host: string): unknown => ({
  'os-migrateLive': { host, block_migration: 'auto' },
});
const movesOf = (instance: string): string => `/os-migrations?instance_uuid=${instance}`;
const ALL = ['a', 'b', 'c', 'd'] as const;
const OTHERS = { $in: ['{b}', '{c}', '{d}'] };

const idle = (vmState: string, host: unknown): unknown => ({
  server: {
    'OS-EXT-SRV-ATTR:host': host,
    'OS-EXT-STS:vm_state': vmState,
    'OS-EXT-STS:task_state': null,
  },
});

/** How instances leave a host that lives. */
export const MOVES: readonly Expectation[] = [
  {
    name: 'a live migration is one record, one task, and one guest',
    why: 'the task_state keeps a second migration away; only its record tells when it has ended',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      { spawning: 'slow', on: ALL },
      action('{vm}', LIVE, 202, ''),
      action(
        '{vm}',
        LIVE,
        409,
        fault(
          'conflictingRequest',
          409,
          "Cannot 'os-migrateLive' instance {vm} while it is in task_state migrating",
        ),
      ),
      eventually(movesOf('{vm}'), {
        migrations: [
          {
            migration_type: 'live-migration',
            status: { $in: ['queued', 'preparing', 'running'] },
            source_compute: '{a}',
            dest_compute: OTHERS,
          },
        ],
      }),
      get('/servers/{vm}', 200, {
        server: { status: 'MIGRATING', 'OS-EXT-STS:task_state': 'migrating' },
      }),
      eventually(movesOf('{vm}'), {
        migrations: [{ status: 'completed', source_compute: '{a}', dest_compute: OTHERS }],
      }),
      get('/servers/{vm}', 200, idle('active', OTHERS)),
      get('/os-migrations?migration_type=evacuation&instance_uuid={vm}', 200, { migrations: [] }),
      get('/os-migrations?source_compute={a}', 200, { migrations: [{ instance_uuid: '{vm}' }] }),
      {
        ask: { path: '/servers/{vm}' },
        answer: { status: 200 },
        keep: { dest: 'server.OS-EXT-SRV-ATTR:host' },
      },
    ],
  },
  {
    name: 'a live migration goes to a named host that is open, and to no other',
    why: 'from 2.68 on the scheduler checks a named host; NoValidHost leaves the instance as it was',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      setService('b', { status: 'disabled' }, 200),
      action('{vm}', liveTo('{b}'), 202, ''),
      eventually(movesOf('{vm}'), {
        migrations: [{ status: 'error', source_compute: '{a}' }],
      }),
      eventually('/servers/{vm}', idle('active', '{a}')),
      { guest: '{vm}', runsOn: ['{a}'] },
      action('{vm}', liveTo('{c}'), 202, ''),
      eventually('/servers/{vm}', idle('active', '{c}')),
      eventually(movesOf('{vm}'), {
        migrations: [{ status: 'completed', dest_compute: '{c}' }, { status: 'error' }],
      }),
      { guest: '{vm}', runsOn: ['{c}'], withinMs: 20_000 },
      action(
        '{vm}',
        liveTo('nosuch'),
        400,
        fault('badRequest', 400, 'Compute host nosuch could not be found.'),
      ),
    ],
  },
  {
    name: 'a cold migration waits for its confirmation',
    why: 'until it is confirmed the old host keeps the disk; a second confirmation finds no record',
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a', state: 'stopped' },
      { spawning: 'slow', on: ALL },
      action('{vm}', { migrate: null }, 202, ''),
      action(
        '{vm}',
        { migrate: null },
        409,
        fault('conflictingRequest', 409, {
          $match: "^Cannot 'migrate' instance {vm} while it is in task_state resize_",
        }),
      ),
      eventually(movesOf('{vm}'), {
        migrations: [
          {
            migration_type: 'migration',
            status: 'finished',
            source_compute: '{a}',
            dest_compute: OTHERS,
          },
        ],
      }),
      eventually('/servers/{vm}', idle('resized', OTHERS)),
      get('/servers/{vm}', 200, { server: { status: 'VERIFY_RESIZE' } }),
      action('{vm}', { confirmResize: null }, 204),
      eventually('/servers/{vm}', idle('stopped', OTHERS)),
      eventually(movesOf('{vm}'), { migrations: [{ status: 'confirmed' }] }),
      { guest: '{vm}', runsOn: [] },
      action(
        '{vm}',
        { confirmResize: null },
        409,
        fault(
          'conflictingRequest',
          409,
          "Cannot 'confirmResize' instance {vm} while it is in vm_state stopped",
        ),
      ),
    ],
  },
  {
    name: 'a cold migration takes a host from 2.56 on, and ignores it before',
    why: 'an old Nova would send the instance somewhere else without a word',
    fresh: true,
    steps: [
      { boot: 'one', on: 'a', state: 'stopped' },
      { boot: 'two', on: 'a' },
      action(
        '{one}',
        { migrate: { host: '{a}' } },
        400,
        fault('badRequest', 400, 'Cannot migrate to the host where the server exists.'),
      ),
      action(
        '{one}',
        { migrate: { host: 'nosuch' } },
        400,
        fault('badRequest', 400, 'Compute host nosuch could not be found.'),
      ),
      action('{one}', { migrate: { host: '{d}' } }, 202),
      eventually('/servers/{one}', idle('resized', '{d}')),
      action('{one}', { confirmResize: null }, 204),
      eventually('/servers/{one}', idle('stopped', '{d}')),
      action('{two}', { migrate: { host: 'nosuch' } }, 202, '', { microversion: '2.55' }),
      eventually('/servers/{two}', idle('resized', OTHERS)),
      action('{two}', { confirmResize: null }, 204),
      eventually('/servers/{two}', idle('active', OTHERS)),
    ],
  },
  {
    name: 'migrations are refused by state and by form',
    why: 'each refusal says what is in the way, and nothing was begun',
    fresh: false,
    steps: [
      { boot: 'up', on: 'a' },
      { boot: 'off', on: 'a', state: 'stopped' },
      { boot: 'held', on: 'a', state: 'paused' },
      action(
        '{off}',
        LIVE,
        409,
        fault(
          'conflictingRequest',
          409,
          "Cannot 'os-migrateLive' instance {off} while it is in vm_state stopped",
        ),
      ),
      action(
        '{held}',
        { migrate: null },
        409,
        fault(
          'conflictingRequest',
          409,
          "Cannot 'migrate' instance {held} while it is in vm_state paused",
        ),
      ),
      action(
        '{up}',
        { confirmResize: null },
        409,
        fault(
          'conflictingRequest',
          409,
          "Cannot 'confirmResize' instance {up} while it is in vm_state active",
        ),
      ),
      action(
        '{up}',
        { 'os-migrateLive': { block_migration: 'auto' } },
        400,
        fault('badRequest', 400, { $match: "'host' is a required property" }),
      ),
      action(
        '{up}',
        { 'os-migrateLive': { host: null, block_migration: 'auto', force: true } },
        400,
        fault('badRequest', 400, { $match: 'Additional properties are not allowed' }),
      ),
      action(
        '{up}',
        { 'os-migrateLive': { host: null, block_migration: 'auto', force: true } },
        400,
        fault('badRequest', 400, "Can't force to a non-provided destination"),
        { microversion: '2.67' },
      ),
      get(movesOf('{up}'), 200, { migrations: [] }),
    ],
  },
  {
    name: 'nothing leaves a dead host by migration',
    why: 'a live migration is taken and ends in error, a cold one is refused',
    fresh: true,
    steps: [
      { boot: 'up', on: 'a' },
      { boot: 'off', on: 'a', state: 'stopped' },
      { killCompute: 'a' },
      setService('a', { forced_down: true }, 200),
      action('{up}', LIVE, 202),
      eventually(movesOf('{up}'), { migrations: [{ status: 'error', dest_compute: null }] }),
      eventually('/servers/{up}', idle('active', '{a}')),
      action(
        '{off}',
        { migrate: null },
        409,
        fault('conflictingRequest', 409, 'Service is unavailable at this time.'),
      ),
      { guest: '{up}', runsOn: ['{a}'] },
    ],
  },
];
