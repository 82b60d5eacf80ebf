import { describe, expect, it } from 'vitest';
import { asHost } from '../../../src/domain/ids.ts';
import { known } from '../../../src/domain/known.ts';
import { applied, refused, uncertain } from '../../../src/domain/outcome.ts';
import type { SwitchOff } from '../../../src/engine/ports.ts';
import { createCliWorld } from '../../support/cli-world.ts';

const HOST = asHost('compute-1');

/** A world whose background worker goes on for ever, so that commands do not wait for it. */
function worldWith(change: Partial<SwitchOff> = {}) {
  const world = createCliWorld();
  const calls: string[] = [];
  const power: SwitchOff = {
    source: 'power',
    objection: () => Promise.resolve(null),
    off: async (host) => {
      calls.push(host);
      // The mark is there before anything is switched.
      const read = await world.memory.read(host);
      expect(read).toMatchObject({ value: { evacuation: { mark: { claim: null } } } });
      const at = world.clock.now();
      return applied({ source: 'power', at, detail: 'fence_x says off' });
    },
    ...change,
  };
  world.switches = [power];
  const fence = (...more: readonly string[]) =>
    world.run('evacuate', 'compute-1', '--fence', '--no-wait', ...more);
  return { world, calls, power, fence };
}

describe('evacuate --fence', () => {
  it('marks, switches off, adds the proof to the mark, and goes on', async () => {
    const { world, calls, fence } = worldWith();
    const { exit, err } = await fence();
    expect(exit).toBe('done');
    expect(err).toContain('Switching compute-1 off through the power agent …');
    expect(err).toContain('compute-1 is off (fence_x says off).');
    expect(calls).toEqual(['compute-1']);
    expect(world.started).toHaveLength(1);
    expect(await world.memory.read(HOST)).toMatchObject({
      value: { evacuation: { mark: { by: 'anna@ctl-1', claim: { source: 'power' } } } },
    });
  });

  it('switches nothing off that is proven off already', async () => {
    const { world, calls, fence } = worldWith();
    world.proof = known({ source: 'power', at: world.clock.now() + 1000, detail: 'off' }, 0);
    expect((await fence()).exit).toBe('done');
    expect(calls).toEqual([]);
  });

  it('does not mark again what a worker has finished meanwhile', async () => {
    const { world, fence } = worldWith({
      off: async (host) => {
        await world.change(host, (before) => ({ ...before, phase: 'settled' }));
        return applied({ source: 'power', at: world.clock.now(), detail: 'off' });
      },
    });
    await fence();
    expect(await world.memory.read(HOST)).toMatchObject({
      value: { evacuation: { phase: 'settled', mark: { claim: null } } },
    });
  });

  it('tries the next one when the first cannot', async () => {
    const { world, power, calls, fence } = worldWith();
    const broken: SwitchOff = {
      source: 'pacemaker',
      objection: () => Promise.resolve(null),
      off: () => Promise.resolve(refused('not-sent', 'no quorum')),
    };
    world.switches = [broken, power];
    const { exit, err } = await fence();
    expect(exit).toBe('done');
    expect(err).toContain('nova-ha: compute-1 was not switched off: no quorum');
    expect(calls).toEqual(['compute-1']);
  });

  it('leaves the mark and starts nothing when it may still be on', async () => {
    const { world, fence } = worldWith({
      off: () => Promise.resolve(uncertain('the BMC does not answer')),
    });
    const { exit, err } = await fence();
    expect(exit).toBe('failed');
    expect(err).toContain('nova-ha: compute-1 may still be on: the BMC does not answer');
    expect(err).toContain('The mark stands');
    expect(world.started).toEqual([]);
    expect(await world.memory.read(HOST)).toMatchObject({
      value: { evacuation: { phase: 'marked', proof: null, mark: { claim: null } } },
    });
  });
});

describe('evacuate --fence refuses, before anything is changed,', () => {
  const unmarked = async (world: ReturnType<typeof createCliWorld>) => {
    expect(await world.memory.read(HOST)).toMatchObject({ value: null });
    expect(world.started).toEqual([]);
  };

  it('when nobody is there to switch it off', async () => {
    const { world, fence } = worldWith();
    world.switches = [];
    const { exit, err } = await fence();
    expect(exit).toBe('refused');
    expect(err).toMatch(/nobody here can switch compute-1 off: .* no power agent is configured/);
    await unmarked(world);
  });

  it('when nobody who is there can, with the reasons', async () => {
    const { world, calls, fence } = worldWith({
      objection: () => Promise.resolve('login failed'),
    });
    const { exit, err } = await fence();
    expect(exit).toBe('refused');
    expect(err).toContain('nobody can switch compute-1 off. the power agent: login failed.');
    expect(calls).toEqual([]);
    await unmarked(world);
  });

  it('a host that Nova shows as up, unless one insists', async () => {
    const { world, calls } = worldWith();
    const refusal = await world.run('evacuate', 'compute-2', '--fence', '--no-wait');
    expect(refusal.exit).toBe('refused');
    expect(refusal.err).toMatch(/^NH602 refused: .*--fence --force/);
    expect(calls).toEqual([]);
    // It may have come back since its last fencing, so that proof is not enough.
    world.proof = known({ source: 'pacemaker', at: world.clock.now() + 1000, detail: 'off' }, 0);
    const { exit } = await world.run('evacuate', 'compute-2', '--fence', '--force', '--no-wait');
    expect(exit).toBe('done');
    expect(calls).toEqual(['compute-2']);
  });

  it('together with --confirm-fenced, and unknown hosts', async () => {
    const { world, fence } = worldWith();
    expect((await fence('--confirm-fenced')).exit).toBe('usage');
    expect((await world.run('evacuate', 'compute-11', '--fence')).exit).toBe('refused');
    await unmarked(world);
  });
});

it('evacuate without --fence names it where it would help', async () => {
  const { world } = worldWith();
  const { err } = await world.run('evacuate', 'compute-1');
  expect(err).toMatch(/^NH601 refused: .*With --fence it is switched off first\./);
});
