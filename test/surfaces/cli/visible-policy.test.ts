import { describe, expect, it } from 'vitest';
import type { Room } from '../../../src/domain/capacity.ts';
import { asEvent, asHost } from '../../../src/domain/ids.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { createCliWorld, instanceId, instanceOn, serviceOn } from '../../support/cli-world.ts';

const HOST = asHost('compute-1');
const wishing = (n: number, metadata: Readonly<Record<string, string>>) =>
  instanceOn('compute-1', n, { metadata });
const roomOn = (host: string, memoryMib: number): Room => ({
  host: asHost(host),
  vcpus: 64,
  pcpus: 0,
  memoryMib,
  diskGib: null,
  disabled: false,
});

/** Three instances in two groups, a stray one with a typing error, and room for two of the four. */
function orderedWorld() {
  const world = createCliWorld();
  world.instances = [
    wishing(1, { 'instanceha:restart_group': 'web', 'instanceha:restart_priority': '300' }),
    wishing(2, { 'nova-ha:priority': 'high' }),
    wishing(3, { 'nova-ha:group': 'db', 'nova-ha:priority': '900' }),
    wishing(4, { 'instanceha:restart_group': 'web', 'instanceha:restart_priority': '400' }),
  ];
  world.rooms = known([roomOn('compute-2', 2)], 0);
  return world;
}

describe('what policy decides, in plan', () => {
  it('shows order, groups, what waits for whom, and why', async () => {
    const { out, exit } = await orderedWorld().run('plan', 'compute-1');
    expect(exit).toBe('done');
    expect(out).toContain('Groups, each when the one before has landed: db (1), web (2)');
    const table = out.slice(out.indexOf('INSTANCE'));
    expect([...table.matchAll(/^vm-\d/gm)].map(([name]) => name)).toEqual([
      ...['vm-3', 'vm-2', 'vm-4', 'vm-1'],
    ]);
    expect(table).toMatch(/vm-1 .* 300 web after db .*order by instanceha:restart_priority of/);
    expect(table).toMatch(/vm-2 .* 500 .*NH331 nova-ha:priority of .* is "high"/);
  });

  it('shows whether there is room, for each and in total', async () => {
    const world = orderedWorld();
    const { out } = await world.run('plan', 'compute-1');
    expect(out).toContain('Room by Placement: 2 fit, 2 find none');
    expect(out).toMatch(/vm-3 .* fits /);
    expect(out).toMatch(/vm-1 .* none /);
    world.rooms = unknown('Placement cannot be reached');
    const blind = await world.run('plan', 'compute-1', '--json');
    expect(JSON.parse(blind.out)).toMatchObject({
      room: { known: false, why: 'Placement cannot be reached' },
      groups: [
        { name: 'db', members: 1 },
        { name: 'web', members: 2 },
      ],
      instances: [
        { room: null, order: { priority: 900, group: 'db', wave: 1, after: null } },
        {},
        {},
        {},
      ],
    });
  });

  it('shows the switches that concern the host, and the thresholds that would hold it', async () => {
    const world = orderedWorld();
    world.services = [1, 2, 3, 4].map((n) =>
      serviceOn(`compute-${String(n)}`, n === 1 ? 'down' : 'up'),
    );
    world.aggregates = [
      { id: 1, name: 'gold', zone: null, metadata: {}, hosts: [HOST] },
      { id: 2, name: 'iron', zone: null, metadata: {}, hosts: [asHost('compute-2')] },
    ];
    await world.run('pause', '--aggregate', 'gold', '--reason', 'storage', '--for', '2h');
    await world.run('pause', '--aggregate', 'iron', '--reason', 'network');
    await world.run('mark', 'compute-2', '--by', 'anna');
    const { out } = await world.run('plan', 'compute-1', '--set', 'storm.max_hosts=1');
    expect(out).toMatch(/NH220 held: aggregate gold was paused by .* until .*\(storage\)/);
    expect(out).not.toContain('iron');
    expect(out).toContain('NH201 held: 2 of 4 hosts are marked as failed (limit 1)');
    const json = await world.run('plan', 'compute-1', '--json', '--set', 'storm.max_hosts=1');
    expect(JSON.parse(json.out)).toMatchObject({ holds: [{ code: 'NH220' }, { code: 'NH201' }] });
  });

  it('says what a cloud without 2.95 does instead, and so does doctor', async () => {
    const world = orderedWorld();
    const never = ['--set', 'states.start_after=never'] as const;
    expect((await world.run('plan', 'compute-1', ...never)).out).not.toContain('NH338');
    world.canLeaveStopped = false;
    expect((await world.run('plan', 'compute-1')).out).not.toContain('NH338');
    expect((await world.run('doctor')).out).not.toContain('NH338');
    const { out } = await world.run('plan', 'compute-1', ...never);
    expect(out).toContain('NH338');
    expect(out).toContain('4 instances run on their new host until they are stopped there');
    const found = await world.run('doctor', ...never);
    expect(found).toMatchObject({ exit: 'done' });
    expect(found.out).toContain('warning: NH338');
  });
});

/** The ordered world, with compute-1 alive and a profile for it by its aggregate. */
function livingWorld() {
  const world = orderedWorld();
  world.services = [serviceOn('compute-1'), serviceOn('compute-2')];
  world.aggregates = [{ id: 1, name: 'gold', zone: null, metadata: {}, hosts: [HOST] }];
  world.config = [
    'order: { sources: [flavor] }',
    'profiles: { own: { order: { sources: [instance] } } }',
    'assign: [{ profile: own, aggregate: gold }]',
  ].join('\n');
  return world;
}

const orderOf = (out: string): readonly string[] =>
  [...out.slice(out.indexOf('INSTANCE')).matchAll(/^vm-\d/gm)].map(([name]) => name);

describe('the same in drain and failback', () => {
  it('shows the profile and why, the groups and the order of a drain', async () => {
    const world = livingWorld();
    const { out, exit } = await world.run('drain', 'compute-1', '--dry-run');
    expect(exit).toBe('done');
    expect(out).toContain('compute-1: 4 of 4 instances would be moved');
    expect(out).toContain('Profile: own (assign[0]: aggregate gold)');
    expect(out).toContain('Groups, each when the one before has landed: db (1), web (2)');
    expect(orderOf(out)).toEqual(['vm-3', 'vm-2', 'vm-4', 'vm-1']);
    expect(out).toMatch(/vm-1 .* live +300 web after db +order by instanceha:restart_priority of/);
    expect(out).toMatch(/vm-2 .* 500 .*NH331 nova-ha:priority of .* is "high"/);
    world.aggregates = [];
    const plain = await world.run('drain', 'compute-1', '--dry-run');
    expect(plain.out).toContain('Profile: none (no entry of assign matches it)');
    expect(plain.out).not.toContain('Groups');
    expect(orderOf(plain.out)).toEqual(['vm-1', 'vm-2', 'vm-3', 'vm-4']);
  });

  it('has the same in JSON, with what holds a drain now', async () => {
    const world = livingWorld();
    await world.run('pause', '--reason', 'storage');
    const { out } = await world.run('drain', 'compute-1', '--dry-run', '--json');
    expect(JSON.parse(out)).toMatchObject({
      kind: 'plan',
      profile: { name: 'own', why: 'assign[0]: aggregate gold' },
      sequence: true,
      groups: [
        { name: 'db', members: 1 },
        { name: 'web', members: 2 },
      ],
      holds: [{ code: 'NH220' }],
      instances: [
        { name: 'vm-3', verdict: 'live', order: { priority: 900, group: 'db', after: null } },
        { name: 'vm-2', notes: [{ code: 'NH331' }] },
        { name: 'vm-4', order: { group: 'web', after: 'db', wave: 2 } },
        { name: 'vm-1' },
      ],
    });
    const plain = await world.run('drain', 'compute-1', '--dry-run');
    expect(plain.out).toMatch(/^NH220 held: everything was paused/m);
  });

  it('orders a failback by the profile of the host that takes back', async () => {
    const world = livingWorld();
    const at = world.clock.now();
    const landed = (n: number) => ({
      at,
      host: HOST,
      event: asEvent('lost'),
      what: 'landed',
      instance: instanceId(n),
      detail: `vm-${String(n)}: landed on compute-2`,
    });
    await world.memory.append([1, 2, 3, 4].map(landed));
    world.instances = world.instances.map((one) => ({ ...one, host: asHost('compute-2') }));
    const { out, exit } = await world.run('failback', 'compute-1', '--dry-run');
    expect(exit).toBe('done');
    expect(out).toContain('4 of 4 instances of event lost would be brought home');
    expect(out).toContain('Profile: own (assign[0]: aggregate gold)');
    expect(out).toContain('Groups, each when the one before has landed: db (1), web (2)');
    expect(orderOf(out)).toEqual(['vm-3', 'vm-2', 'vm-4', 'vm-1']);
  });
});

describe('the same in explain and status', () => {
  it('explains the plan of one instance', async () => {
    const { out } = await orderedWorld().run('explain', 'compute-1', 'vm-1');
    expect(out).toMatch(/groups +db \(1\), web \(2\): one after the other/);
    expect(out).toMatch(/room +2 fit, 2 find none, 0 cannot be told/);
    expect(out).toMatch(
      /order +priority 300, group web \(.*instanceha:restart_group.*\), after group db/,
    );
    expect(out).toMatch(/room +no host has room for it/);
  });

  it('explains the record of a marked host: order, what waits for whom, and who switched', async () => {
    const world = orderedWorld();
    await world.run('mark', 'compute-1', '--by', 'anna');
    const tracked = (n: number, group: string, at: 'accepted' | 'pending') => ({
      name: `vm-${String(n)}`,
      projectId: 'p',
      before: { vmState: 'active', taskState: null, powerState: 1, locked: false },
      exclusiveGroup: null,
      order: { priority: 900 - n, group, from: ['nova-ha:group of the flavor'] },
      progress:
        at === 'pending'
          ? ({ at, attempt: 0, after: 0, notBefore: 0, why: null } as const)
          : ({
              at,
              attempt: 1,
              since: 0,
              after: 0,
              migration: 7,
              destination: null,
              looked: 0,
            } as const),
    });
    await world.change(HOST, (before) => ({
      ...before,
      phase: 'evacuating',
      forecast: { fits: 1, short: 1, unknown: 0 },
      stage: { group: 'db', since: world.clock.now() },
      instances: {
        [instanceId(1)]: tracked(1, 'db', 'accepted'),
        [instanceId(2)]: tracked(2, 'web', 'pending'),
      },
    }));
    await world.run('maintenance', 'compute-1', 'on', '--reason', 'new disks', '--for', '1h');
    world.cloud = { kind: 'wrong', exit: 'failed', message: 'no cloud' };
    const { out } = await world.run('explain', 'compute-1', 'vm-2');
    expect(out).toMatch(/NH222 held: compute-1 is under maintenance by .* until .*\(new disks\)/);
    expect(out).toMatch(/groups +db \(1\), web \(1\): one after the other; at db/);
    expect(out).toMatch(/rule +NH210/);
    expect(out).toMatch(
      /order +priority 898, group web \(nova-ha:group of the flavor\), after group db/,
    );
    const json = await world.run('explain', 'compute-1', '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      reasons: [{ code: 'NH222' }],
      switches: [{ kind: 'maintenance', reason: 'new disks' }],
      facts: { room: '1 fit, 1 find none, 0 cannot be told (by Placement)' },
    });
    const status = await world.run('status', 'compute-1');
    expect(status.out).toContain('no room for 1 of 2 (Placement)');
    const document = await world.run('status', 'compute-1', '--json');
    expect(JSON.parse(document.out)).toMatchObject({ forecast: { fits: 1, short: 1, unknown: 0 } });
  });
});
