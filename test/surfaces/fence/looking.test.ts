import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asHost } from '../../../src/domain/ids.ts';
import { createAgentWorld, service } from '../../support/agent-world.ts';

let world: ReturnType<typeof createAgentWorld>;
beforeEach(() => {
  world = createAgentWorld(['compute-1.example.com', 'compute-2']);
});
afterEach(() => {
  world.stop();
});

const put = (state: 'up' | 'down', status: 'enabled' | 'disabled'): void => {
  world.services.set(asHost('compute-2'), service('compute-2', { state, status }));
};

describe('status', () => {
  // peers: up+enabled on, down+disabled off, down failed, up+disabled running.
  it.each([
    ['up', 'enabled', 0, 'Status: ON\n', 0, 'Status: ON\n'],
    ['down', 'disabled', 2, 'Status: OFF\n', 2, 'Status: OFF\n'],
    ['down', 'enabled', 0, 'Status: ON\n', 1, ''],
    ['up', 'disabled', 0, 'Status: ON\n', 1, ''],
  ] as const)('%s and %s', async (state, status, code, out, evacuateCode, evacuateOut) => {
    put(state, status);
    const args = ['-o', 'status', '-n', 'compute-2'];
    expect(await world.run(args)).toMatchObject({ code, out });
    expect(await world.run(args, 'fence_nova_evacuate')).toMatchObject({
      code: evacuateCode,
      out: evacuateOut,
    });
  });

  it.each(['away', 'hangs', 'misconfigured'] as const)('fails when Nova is %s', async (state) => {
    world.nova = state;
    const ran = await world.run(['-o', 'status', '-n', 'compute-2']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/^ERROR: Failed: Unable to obtain correct plug status/);
  });

  it('fails for a host that Nova does not know', async () => {
    const ran = await world.run(['-o', 'status', '-n', 'ctl-1']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/Nova knows no such host/);
  });
});

describe('list', () => {
  it('gives full and short names', async () => {
    const { code, out } = await world.run(['-o', 'list']);
    expect(code).toBe(0);
    expect(out).toBe('compute-1.example.com,\ncompute-1,\ncompute-2,\n');
  });

  it('gives states with list-status', async () => {
    put('down', 'disabled');
    const { out } = await world.run(['-o', 'list-status', '-C', ';']);
    expect(out).toBe('compute-1.example.com;;ON\ncompute-1;;ON\ncompute-2;;OFF\n');
  });

  it('fails when Nova is away', async () => {
    world.nova = 'away';
    expect(await world.run(['-o', 'list'])).toMatchObject({ code: 1, out: '' });
  });
});

describe('monitor and validate-all', () => {
  const actions = [
    ['-o', 'monitor'],
    ['-o', 'validate-all', '-n', 'compute-2'],
  ];

  it.each(actions)('pass when store and Nova answer (%s %s)', async (...args) => {
    expect(await world.run(args)).toEqual({ code: 0, out: '', err: '' });
  });

  it.each(actions)('fail in time when the store is away or hangs (%s %s)', async (...args) => {
    for (const state of ['away', 'hangs', 'misconfigured'] as const) {
      world.store = state;
      const ran = await world.run(args);
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(/^ERROR: Failed: the store: /);
    }
    expect(world.clock.monotonicMs()).toBeLessThan(20_000);
  });

  it('say once what is wrong for both', async () => {
    world.store = 'misconfigured';
    const message = '/etc/nova-ha/config.yaml:3: store.kind is wrong';
    world.deps = {
      ...world.deps,
      openCloud: () => Promise.resolve({ kind: 'error', message }),
    };
    const ran = await world.run(['-o', 'monitor']);
    expect(ran.code).toBe(1);
    expect(ran.err).toBe(`ERROR: Failed: ${message}\n`);
  });

  it.each(actions)('fail in time when Nova is away or hangs (%s %s)', async (...args) => {
    for (const state of ['away', 'hangs', 'misconfigured'] as const) {
      world.nova = state;
      const ran = await world.run(args);
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(/^ERROR: Failed: OpenStack: /);
    }
  });
});

describe('fence_nova_evacuate', () => {
  const run = (action: string, ...more: string[]) =>
    world.run(['-o', action, '-n', 'compute-2', ...more], 'fence_nova_evacuate');
  const isMarked = async (): Promise<boolean> => {
    const stored = await world.memory.read(asHost('compute-2'));
    return stored.kind === 'known' && stored.value !== null;
  };

  it('does not support on', async () => {
    const ran = await run('on');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/not supported by this agent/);
  });

  it('refuses hosts that are not down and disabled', async () => {
    expect((await run('off')).err).toMatch(
      /Cannot resurrect instances from compute-2 in state 'on'/,
    );
    put('down', 'enabled');
    expect((await run('off')).code).toBe(1);
    put('up', 'disabled');
    expect((await run('reboot')).code).toBe(1);
    world.nova = 'away';
    expect((await run('off')).code).toBe(1);
    expect(await isMarked()).toBe(false);
  });

  it('marks hosts that are down and disabled', async () => {
    put('down', 'disabled');
    expect((await run('off')).code).toBe(0);
    expect(await isMarked()).toBe(true);
  });

  it('waits with --wait, at most the settle time-out', async () => {
    put('down', 'disabled');
    const ran = await run('off', '--wait', '--settle-timeout=5');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/not safe yet/);
    expect(world.clock.monotonicMs()).toBeGreaterThan(3000);
  });
});
