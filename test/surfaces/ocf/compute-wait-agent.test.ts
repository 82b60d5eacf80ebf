import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asHost } from '../../../src/domain/ids.ts';
import { because } from '../../../src/domain/reason.ts';
import { runComputeWaitAgent } from '../../../src/surfaces/ocf/compute-wait-agent.ts';
import { createAgentWorld, runAgent, type Ran } from '../../support/agent-world.ts';

let world: ReturnType<typeof createAgentWorld>;
let flags: Set<string>;
beforeEach(() => {
  world = createAgentWorld(['compute-1.example.com', 'compute-2']);
  flags = new Set();
});
afterEach(() => {
  world.stop();
});

const run = (action: string, env: Record<string, string> = {}): Promise<Ran> =>
  runAgent(
    {
      argv: [action],
      env: { OCF_RESKEY_CRM_meta_on_node: 'compute-1', OCF_RESOURCE_INSTANCE: 'wait', ...env },
      input: null,
    },
    (io) =>
      runComputeWaitAgent(io, {
        ...world.deps,
        flags: {
          isSet: (_, name) => flags.has(name),
          set: (_, name) => {
            flags.add(name);
            return null;
          },
          clear: (_, name) => {
            flags.delete(name);
          },
        },
      }),
  );

const fence = () => world.run(['-o', 'off', '-n', 'compute-1']);

const settle = async (): Promise<void> => {
  const stored = await world.memory.read(asHost('compute-1.example.com'));
  if (stored.kind !== 'known' || stored.value === null) throw new Error('no record');
  const { version, evacuation } = stored.value;
  await world.memory.write({ version, epoch: null }, { ...evacuation, phase: 'settled' });
};

describe('NovaComputeWait', () => {
  it('starts at once on a healthy host, and remembers it', async () => {
    expect((await run('monitor')).code).toBe(7);
    expect(await run('start')).toEqual({ code: 0, out: '', err: '' });
    expect(world.clock.monotonicMs()).toBe(0);
    expect((await run('monitor')).code).toBe(0);
    expect((await run('start')).code).toBe(0);
    expect((await run('stop')).code).toBe(0);
    expect((await run('stop')).code).toBe(0);
    expect((await run('monitor')).code).toBe(7);
  });

  it('waits until the evacuation is settled, without a fixed delay', async () => {
    await fence();
    world.beforeStore = (ms) => {
      if (ms < 70_000) return;
      world.beforeStore = undefined;
      void settle();
    };
    expect((await run('start')).code).toBe(0);
    expect(world.clock.monotonicMs()).toBeGreaterThan(69_000);
    expect(world.clock.monotonicMs()).toBeLessThan(75_000);
  });

  it('says for whom it waits when nothing of its own is left', async () => {
    await fence();
    const host = asHost('compute-1.example.com');
    const stored = await world.memory.read(host);
    if (stored.kind !== 'known' || stored.value === null) throw new Error('no record');
    const { version, evacuation } = stored.value;
    const reasons = [because('NH113', { hosts: 'compute-2' })];
    const held = { ...evacuation, phase: 'evacuating', reasons } as const;
    await world.memory.write({ version, epoch: null }, held);
    const { err } = await run('start', { OCF_RESKEY_CRM_meta_timeout: '10000' });
    expect(err).toMatch(/0 of 0 instances done\): .* requests of compute-2 may wait in its queue/);
  });

  it('fails before it would be killed, saying why', async () => {
    await fence();
    const ran = await run('start', { OCF_RESKEY_CRM_meta_timeout: '600000' });
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/ocf-exit-reason:It is not safe yet for nova-compute on compute-1/);
    expect(world.clock.monotonicMs()).toBeGreaterThan(590_000);
    expect(world.clock.monotonicMs()).toBeLessThan(600_000);
    expect((await run('monitor')).code).toBe(7);
  });

  it('waits for a store that is away', async () => {
    world.store = 'away';
    world.beforeStore = (ms) => {
      if (ms > 20_000) world.store = 'fine';
    };
    expect((await run('start')).code).toBe(0);
    expect(world.clock.monotonicMs()).toBeGreaterThan(20_000);
  });

  it('waits without an end for the systemd drop-in', async () => {
    await fence();
    world.beforeStore = (ms) => {
      if (ms < 3_000_000) return;
      world.beforeStore = undefined;
      void settle();
    };
    expect((await run('wait')).code).toBe(0);
    expect(flags.size).toBe(0);
  });

  it('refuses a host that is none', async () => {
    expect((await run('start', { OCF_RESKEY_host: 'a b' })).code).toBe(6);
    expect((await run('validate-all', { OCF_RESKEY_host: 'compute-9' })).code).toBe(0);
    expect((await run('stop', { OCF_RESKEY_host: 'a b' })).code).toBe(0);
  });
});
