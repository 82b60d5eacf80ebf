import { describe, expect, it } from 'vitest';
import { asHost } from '../../../src/domain/ids.ts';
import { unknown } from '../../../src/domain/known.ts';
import { disabledReason } from '../../../src/domain/mark.ts';
import { refused } from '../../../src/domain/outcome.ts';
import { createCliWorld, serviceOn } from '../../support/cli-world.ts';

const HOST = asHost('compute-1');

async function switchesOf(world: ReturnType<typeof createCliWorld>) {
  const board = await world.memory.switchboard();
  return board.kind === 'known'
    ? board.value.switches.map(({ kind, scope }) => [kind, scope] as const)
    : [];
}

describe('pause, freeze, maintenance, resume', () => {
  it.each([
    [['pause'], 'pause', { of: 'all' }, ['resume']],
    [['pause', 'all'], 'pause', { of: 'all' }, ['resume', 'all']],
    [['pause', 'compute-1'], 'pause', { of: 'host', host: HOST }, ['resume', 'compute-1']],
    [
      ['pause', '--aggregate', 'gold'],
      'pause',
      { of: 'aggregate', name: 'gold' },
      ['resume', '--aggregate', 'gold'],
    ],
    [['freeze', 'compute-1'], 'freeze', { of: 'host', host: HOST }, ['resume', 'compute-1']],
  ] as const)('%j is kept in the store and lifted again', async (args, kind, scope, undo) => {
    const world = createCliWorld();
    const on = await world.run(...args, '--reason', 'a test', '--by', 'bob');
    expect(on).toMatchObject({ exit: 'done', out: '' });
    expect(on.err).toMatch(/NH22[01] held: .* by bob .* \(a test\)/);
    expect(on.err).toContain('To end it: nova-ha resume');
    expect(await switchesOf(world)).toEqual([[kind, scope]]);
    const off = await world.run(...undo);
    expect(off.exit).toBe('done');
    expect(off.err).toMatch(new RegExp(`^The ${kind} of .* is over`));
    expect(await switchesOf(world)).toEqual([]);
    expect(await world.run(...undo)).toMatchObject({ exit: 'refused' });
  });

  it('takes a host into maintenance and out of it, without touching its pause', async () => {
    const world = createCliWorld();
    await world.run('pause', 'compute-1', '--reason', 'r');
    expect((await world.run('maintenance', 'compute-1', 'on')).exit).toBe('done');
    expect((await switchesOf(world)).map(([kind]) => kind)).toEqual(['pause', 'maintenance']);
    const off = await world.run('maintenance', 'compute-1', 'off');
    expect(off.err).toMatch(/compute-1 is still held: NH220/);
    expect((await switchesOf(world)).map(([kind]) => kind)).toEqual(['pause']);
  });

  it('says what holds a host all the same after its own switch is off', async () => {
    const world = createCliWorld();
    await world.run('pause', '--reason', 'storage');
    await world.run('pause', 'compute-1', '--reason', 'r');
    expect((await world.run('resume', 'compute-1')).err).toMatch(/still held: NH220 .*everything/);
  });

  it('refuses what is about two things, and a store that does not answer', async () => {
    const world = createCliWorld();
    const both = ['pause', 'compute-1', '--aggregate', 'gold', '--reason', 'r'];
    expect((await world.run(...both)).exit).toBe('usage');
    expect((await world.run('resume', '--force')).exit).toBe('usage');
    world.store = {
      ...world.memory,
      setSwitchboard: () => Promise.resolve(refused('not-sent', 'gone')),
    };
    const away = await world.run('pause', '--reason', 'r');
    expect(away).toMatchObject({ exit: 'store-unreachable' });
  });

  it('ends by itself after --for', async () => {
    const world = createCliWorld();
    const ran = await world.run('pause', '--reason', 'r', '--for', '10m');
    expect(ran.err).toContain(' until ');
    expect((await world.run('status')).out).toContain('NH220');
    await world.clock.sleep(601_000);
    expect((await world.run('status')).out).not.toContain('NH220');
  });

  it('goes on with a marked host by force, and only with one', async () => {
    const world = createCliWorld();
    expect((await world.run('resume', '--force', 'compute-1')).err).toContain('NH603');
    await world.run('mark', 'compute-1');
    expect((await world.run('resume', '--force', 'compute-1')).exit).toBe('done');
    const read = await world.memory.read(HOST);
    const request = read.kind === 'known' ? read.value?.evacuation.mark.request : undefined;
    expect(request?.force).toBe(true);
  });
});

describe('ignore', () => {
  const ignore = ['ignore', 'compute-1', '--reason', 'scrapped', '--yes'];

  async function marked() {
    const world = createCliWorld();
    await world.run('mark', 'compute-1');
    const read = await world.memory.read(HOST);
    const event = read.kind === 'known' ? read.value?.evacuation.mark.event : undefined;
    if (event === undefined) throw new Error('it was not marked');
    const ours = disabledReason({ event, stage: 'evacuating', trusted: false });
    world.services[0] = {
      ...serviceOn('compute-1', 'down'),
      status: 'disabled',
      forcedDown: true,
      disabledReason: ours,
    };
    return { world, event };
  }

  it('says what it would leave alone, and does nothing, without --yes', async () => {
    const { world } = await marked();
    const ran = await world.run('ignore', 'compute-1', '--reason', 'scrapped');
    expect(ran).toMatchObject({ exit: 'refused' });
    expect(ran.err).toContain('NH229');
    expect(world.changes).toEqual([]);
  });

  it('writes into Nova that the label is no mark any more', async () => {
    const { world, event } = await marked();
    const ran = await world.run(...ignore);
    expect(ran).toMatchObject({ exit: 'done' });
    expect(ran.err).not.toContain('warning');
    expect(world.changes).toEqual([
      { status: 'disabled', disabledReason: `nova-ha: ${event} ignored` },
    ]);
    expect(await world.run(...ignore)).toMatchObject({ exit: 'refused' });
  });

  it.each([
    ['enabled', { status: 'enabled', disabledReason: null }],
    ["an operator's", { disabledReason: 'rack 4' }],
    ['of another event', { disabledReason: 'nova-ha: ev-9 evacuating' }],
  ] as const)('leaves a service alone that is %s', async (_name, change) => {
    const { world } = await marked();
    world.services[0] = { ...serviceOn('compute-1', 'down'), status: 'disabled', ...change };
    expect((await world.run(...ignore)).exit).toBe('done');
    expect(world.changes).toEqual([]);
  });

  it('says how to prevent a return of the mark when Nova is away', async () => {
    for (const away of [true, false]) {
      const { world, event } = await marked();
      if (away) world.cloud = { kind: 'wrong', exit: 'usage', message: 'no cloud is configured' };
      else world.services[0] = { host: HOST, state: 'unknown' };
      const ran = await world.run(...ignore);
      expect(ran.exit).toBe('done');
      expect(ran.err).toContain(
        `openstack compute service set --disable --disable-reason "nova-ha: ${event} ignored" compute-1 nova-compute`,
      );
    }
  });

  it('does not look at the switches, which may be unreadable', async () => {
    const { world } = await marked();
    world.store = { ...world.memory, switchboard: () => Promise.resolve(unknown('away')) };
    expect((await world.run(...ignore)).exit).toBe('done');
  });
});
