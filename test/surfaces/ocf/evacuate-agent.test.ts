import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkerStatus } from '../../../src/domain/worker-status.ts';
import type { DaemonOrder, DaemonState } from '../../../src/surfaces/ocf/daemon.ts';
import { runEvacuateAgent } from '../../../src/surfaces/ocf/evacuate-agent.ts';
import { createAgentWorld, runAgent, type Ran } from '../../support/agent-world.ts';

/** A daemon that does what it is told to do to signals. */
function createFakeDaemon(clock: { monotonicMs(): number }) {
  const daemon = {
    state: { kind: 'absent' } as DaemonState,
    status: null as WorkerStatus | null,
    startedMs: 0,
    orders: [] as DaemonOrder[],
    signals: [] as string[],
    endsAtOnce: false,
    /** How long it drains after SIGTERM; SIGKILL ends it at once. */
    drainMs: 0,
    immortal: false,
    termMs: Infinity,
    forgotten: 0,
  };
  return {
    daemon,
    daemons: {
      look: () => {
        if (clock.monotonicMs() - daemon.termMs >= daemon.drainMs && !daemon.immortal) {
          daemon.state = { kind: 'gone', pid: 42 };
        }
        return daemon.state;
      },
      status: () => daemon.status,
      ageMs: () => clock.monotonicMs() - daemon.startedMs,
      start: (order: DaemonOrder) => {
        daemon.orders.push(order);
        daemon.startedMs = clock.monotonicMs();
        daemon.state = daemon.endsAtOnce ? { kind: 'gone', pid: 42 } : { kind: 'running', pid: 42 };
        return null;
      },
      lastWords: () => '/etc/nova-ha/config.yaml:3:1: unknown key "stroe"',
      signal: (_: string, signal: 'SIGTERM' | 'SIGKILL') => {
        daemon.signals.push(signal);
        if (signal === 'SIGTERM') daemon.termMs = clock.monotonicMs();
        else if (!daemon.immortal) daemon.state = { kind: 'gone', pid: 42 };
      },
      forget: () => {
        daemon.forgotten += 1;
        daemon.termMs = Infinity;
        daemon.state = { kind: 'absent' };
      },
      programProblem: (program: string) => (program === '/nowhere' ? 'no such program' : null),
    },
  };
}

let world: ReturnType<typeof createAgentWorld>;
let fake: ReturnType<typeof createFakeDaemon>;
beforeEach(() => {
  world = createAgentWorld();
  fake = createFakeDaemon(world.clock);
});
afterEach(() => {
  world.stop();
});

const RECURRING = { OCF_RESKEY_CRM_meta_interval: '10000' };

const run = (action: string, env: Record<string, string> = {}): Promise<Ran> =>
  runAgent({ argv: [action], env, input: null }, (io) =>
    runEvacuateAgent(io, { ...world.deps, daemons: fake.daemons }),
  );

const worker = (change: Partial<WorkerStatus> = {}): WorkerStatus => ({
  pid: 42,
  startedAt: 0,
  startedMonotonicMs: 0,
  lastTurnAt: 0,
  lastTurnMonotonicMs: world.clock.monotonicMs(),
  needsHuman: 0,
  ...change,
});

describe('start', () => {
  it('starts the worker, with secrets in its environment only and no variables of the agent', async () => {
    const env = {
      PATH: '/bin',
      OCF_RESKEY_auth_url: 'http://keystone:5000/v3',
      OCF_RESKEY_username: 'nova-ha',
      OCF_RESKEY_password: 's3cret',
      OCF_RESKEY_tenant_name: 'service',
      OCF_RESKEY_store: 'redis://redis-1:6379/2',
      OCF_RESKEY_evacuate_delay: '30',
      PCMK_service: 'pacemaker-execd',
    };
    expect(await run('start', env)).toEqual({ code: 0, out: '', err: '' });
    const [order] = fake.daemon.orders;
    expect(order?.words).toEqual(['worker']);
    expect(order?.env).toEqual({
      PATH: '/bin',
      NOVA_HA_OPENSTACK_AUTH_URL: 'http://keystone:5000/v3',
      NOVA_HA_OPENSTACK_USERNAME: 'nova-ha',
      NOVA_HA_OPENSTACK_PASSWORD: 's3cret',
      NOVA_HA_OPENSTACK_PROJECT_NAME: 'service',
      NOVA_HA_OPENSTACK_USER_DOMAIN_NAME: 'Default',
      NOVA_HA_OPENSTACK_PROJECT_DOMAIN_NAME: 'Default',
      NOVA_HA_STORE_KIND: 'redis',
      NOVA_HA_STORE_REDIS_URL: 'redis://redis-1:6379/2',
      NOVA_HA_FENCE_DELAY: '30s',
      NOVA_HA_RUN_DIRECTORY: '/run/nova-ha',
    });
  });

  it('leaves a running worker alone', async () => {
    fake.daemon.state = { kind: 'running', pid: 42 };
    expect((await run('start')).code).toBe(0);
    expect(fake.daemon.orders).toEqual([]);
  });

  it('says why a worker ended at once, and lets Pacemaker try another node', async () => {
    fake.daemon.endsAtOnce = true;
    const ran = await run('start', { OCF_EXIT_REASON_PREFIX: 'ocf-exit-reason:' });
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/^ocf-exit-reason:The worker ended at once: .*unknown key "stroe"/);
  });

  it('refuses parameters that cannot be right anywhere', async () => {
    expect((await run('start', { OCF_RESKEY_auth_url: 'http://k' })).code).toBe(6);
    expect((await run('start', { OCF_RESKEY_endpoint_type: 'public' })).code).toBe(6);
    expect((await run('start', { OCF_RESKEY_turn_timeout: 'soon' })).code).toBe(6);
    expect((await run('validate-all', { OCF_RESKEY_insecure: 'perhaps' })).code).toBe(6);
    expect((await run('validate-all', { OCF_RESKEY_binary: '/nowhere' })).code).toBe(5);
    expect((await run('validate-all')).code).toBe(0);
  });
});

describe('monitor', () => {
  it('answers a probe with 7 where nothing runs', async () => {
    expect(await run('monitor')).toEqual({ code: 7, out: '', err: '' });
    fake.daemon.state = { kind: 'gone', pid: 42 };
    expect(await run('monitor')).toEqual({ code: 7, out: '', err: '' });
    const recurring = await run('monitor', RECURRING);
    expect(recurring.code).toBe(7);
    expect(recurring.err).toMatch(/The worker \(pid 42\) is gone: /);
  });

  it('tells healthy from hung by the last turn', async () => {
    fake.daemon.state = { kind: 'running', pid: 42 };
    fake.daemon.status = worker();
    expect((await run('monitor', RECURRING)).code).toBe(0);
    await world.clock.sleep(119_000);
    expect((await run('monitor', RECURRING)).code).toBe(0);
    await world.clock.sleep(2000);
    const hung = await run('monitor', RECURRING);
    expect(hung.code).toBe(1);
    expect(hung.err).toMatch(/The worker \(pid 42\) hangs: it has completed no turn for 121 s/);
    expect((await run('monitor', { ...RECURRING, OCF_RESKEY_turn_timeout: '300' })).code).toBe(0);
  });

  it('gives a worker without a status the same time from its start', async () => {
    await run('start');
    expect((await run('monitor', RECURRING)).code).toBe(0);
    await world.clock.sleep(130_000);
    expect((await run('monitor', RECURRING)).code).toBe(1);
  });

  it('is degraded while a human is needed, but not for a probe', async () => {
    fake.daemon.state = { kind: 'running', pid: 42 };
    fake.daemon.status = worker({ needsHuman: 2 });
    const ran = await run('monitor', RECURRING);
    expect(ran.code).toBe(190);
    expect(ran.err).toMatch(/2 hosts need a human: see nova-ha status/);
    expect((await run('monitor')).code).toBe(0);
  });

  it('does not ask Nova, Keystone or the store', async () => {
    fake.daemon.state = { kind: 'running', pid: 42 };
    fake.daemon.status = worker();
    world.store = 'away';
    world.nova = 'hangs';
    expect((await run('monitor', RECURRING)).code).toBe(0);
    expect(world.calls).toEqual([]);
  });
});

describe('stop', () => {
  it('lets the worker drain', async () => {
    fake.daemon.state = { kind: 'running', pid: 42 };
    fake.daemon.drainMs = 15_000;
    expect((await run('stop', { OCF_RESKEY_CRM_meta_timeout: '60000' })).code).toBe(0);
    expect(fake.daemon.signals).toEqual(['SIGTERM']);
    expect(fake.daemon.forgotten).toBe(1);
  });

  it('kills in time, and succeeds whatever happens', async () => {
    fake.daemon.state = { kind: 'running', pid: 42 };
    fake.daemon.drainMs = Infinity;
    expect((await run('stop', { OCF_RESKEY_CRM_meta_timeout: '20000' })).code).toBe(0);
    expect(fake.daemon.signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(world.clock.monotonicMs()).toBeLessThan(20_000);
    fake.daemon.state = { kind: 'running', pid: 42 };
    fake.daemon.immortal = true;
    const before = world.clock.monotonicMs();
    expect((await run('stop', { OCF_RESKEY_CRM_meta_timeout: '20000' })).code).toBe(0);
    expect(world.clock.monotonicMs() - before).toBeLessThan(20_000);
  });

  it('succeeds where nothing runs, and with wrong parameters', async () => {
    expect((await run('stop')).code).toBe(0);
    expect((await run('stop', { OCF_RESKEY_turn_timeout: 'soon' })).code).toBe(0);
  });
});

it('answers usage, meta-data and unknown actions', async () => {
  expect(await run('usage')).toMatchObject({ code: 0, err: '' });
  expect((await run('meta-data')).out).toMatch(/^<\?xml/);
  expect((await run('promote')).code).toBe(3);
});
