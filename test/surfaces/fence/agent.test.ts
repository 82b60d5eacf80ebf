import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asHost } from '../../../src/domain/ids.ts';
import { createAgentWorld, service, type Ran } from '../../support/agent-world.ts';

let world: ReturnType<typeof createAgentWorld>;
beforeEach(() => {
  world = createAgentWorld();
});
afterEach(() => {
  world.stop();
});

const off = (plug = 'compute-1', ...more: string[]): Promise<Ran> =>
  world.run(['-o', 'off', '-n', plug, ...more]);

const markedHosts = async (): Promise<readonly string[]> => {
  const list = await world.memory.list();
  return list.kind === 'known'
    ? list.value.filter((s) => s.phase === 'marked').map((s) => s.host)
    : ['?'];
};

const settle = async (host: string): Promise<void> => {
  const stored = await world.memory.read(asHost(host));
  if (stored.kind !== 'known' || stored.value === null) throw new Error('no record');
  const { version, evacuation } = stored.value;
  await world.memory.write({ version, epoch: null }, { ...evacuation, phase: 'settled' });
};

describe('off', () => {
  it('marks durably before it touches Nova, then isolates', async () => {
    expect(await off()).toEqual({ code: 0, out: '', err: '' });
    expect(await markedHosts()).toEqual(['compute-1']);
    const written = world.calls.findIndex((call) => call === 'write compute-1');
    const changed = world.calls.findIndex((call) => call.startsWith('change'));
    expect(written).toBeGreaterThanOrEqual(0);
    expect(changed).toBeGreaterThan(written);
    expect(world.services.get(asHost('compute-1'))).toMatchObject({
      status: 'disabled',
      forcedDown: true,
    });
  });

  it('claims a proof that covers the mark, also after a wait for the store', async () => {
    world.store = 'away';
    world.beforeStore = (ms) => {
      if (ms > 20_000) world.store = 'fine';
    };
    const ran = await off();
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/not marked yet: the store does not answer; trying again/);
    const stored = await world.memory.read(asHost('compute-1'));
    const mark = stored.kind === 'known' ? stored.value?.evacuation.mark : undefined;
    expect(mark?.claim?.at).toBe(mark?.at);
    expect(mark?.by).toBe('fence_nova@ctl-1');
  });

  it('is idempotent: the second call keeps the event', async () => {
    await off();
    const again = await off('compute-1', '-v');
    expect(again.code).toBe(0);
    expect(again.err).toMatch(/compute-1 is already marked \(event-1\)/);
  });

  it('marks a host that is down and disabled already', async () => {
    world.services.set(
      asHost('compute-1'),
      service('compute-1', { state: 'down', status: 'disabled', disabledReason: 'disk' }),
    );
    expect((await off()).code).toBe(0);
    expect(await markedHosts()).toEqual(['compute-1']);
  });

  it.each(['away', 'hangs', 'misconfigured'] as const)(
    'succeeds within its time when Nova is %s',
    async (state) => {
      world.nova = state;
      const ran = await off();
      expect(ran.code).toBe(0);
      expect(ran.err).toMatch(/compute-1 is marked, but not yet isolated/);
      expect(await markedHosts()).toEqual(['compute-1']);
      expect(world.clock.monotonicMs()).toBeLessThan(10_000);
    },
  );

  it.each(['away', 'hangs', 'misconfigured'] as const)(
    'fails with one line below 60 s when the store is %s',
    async (state) => {
      world.store = state;
      const ran = await off();
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(/ERROR: Failed: compute-1 is not marked: .*\. Nothing is half done/);
      expect(world.clock.monotonicMs()).toBeGreaterThan(40_000);
      expect(world.clock.monotonicMs()).toBeLessThan(58_000);
    },
  );

  it('takes the spelling of Nova, short or full', async () => {
    world.services.set(asHost('c3.example.com'), service('c3.example.com'));
    expect((await off('c3')).code).toBe(0);
    expect((await off('compute-2.example.com')).code).toBe(0);
    expect(await markedHosts()).toEqual(['c3.example.com', 'compute-2']);
  });

  it('refuses to guess between two hosts with one short name', async () => {
    world.services.set(asHost('c3.a'), service('c3.a'));
    world.services.set(asHost('c3.b'), service('c3.b'));
    const ran = await off('c3');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/"c3" may be any of c3\.a, c3\.b in Nova/);
    expect(await markedHosts()).toEqual([]);
    expect((await off('c3', '--domain=b')).code).toBe(0);
    expect(await markedHosts()).toEqual(['c3.b']);
  });

  it('tells names apart without regard to case', async () => {
    expect((await off('COMPUTE-1')).code).toBe(0);
    expect((await off('Compute-2.example.com')).code).toBe(0);
    expect(await markedHosts()).toEqual(['compute-1', 'compute-2']);
    expect((await world.run(['-o', 'on', '-n', 'Compute-1', '--settle-timeout=2'])).code).toBe(1);
    world.services.set(asHost('Compute-1'), service('Compute-1'));
    expect((await off('COMPUTE-1')).err).toMatch(/may be any of compute-1, Compute-1/);
  });

  it('marks no living node in the place of the one that is fenced', async () => {
    world.env = { PCMK_service: 'pacemaker-fenced' };
    world.nodes = ['ctl-1', 'compute-1'];
    const fenced = (nodename: string, plug: string): Promise<Ran> => {
      world.input = `action=off\nnodename=${nodename}\nplug=${plug}\n`;
      return world.run([]);
    };
    for (const plug of ['compute-1', 'compute-1.example.com', 'compute-2,compute-1']) {
      const ran = await fenced('compute-2', plug);
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(
        /Pacemaker fences compute-2, and plug names another node, compute-1.*, which is connected/,
      );
    }
    expect(await markedHosts()).not.toContain('compute-1');
    expect((await fenced('compute-2', 'compute-2')).code).toBe(0);
    // A node that Nova calls otherwise, and one that is fenced by hand while it is connected.
    expect((await fenced('node-7', 'host-7')).code).toBe(0);
    expect((await fenced('compute-1', 'compute-1.example.com')).code).toBe(0);
  });

  it('writes nothing to standard error when it is told to be quiet', async () => {
    world.input = 'action=off\nplug=compute-1\nquiet=1\ncolour=red\n';
    world.nova = 'away';
    expect(await world.run([])).toEqual({ code: 0, out: '', err: '' });
  });

  it('mends the spelling when Nova answers only after the mark', async () => {
    world.services.set(asHost('c3.example.com'), service('c3.example.com'));
    world.nova = 'slow';
    expect((await off('c3')).code).toBe(0);
    expect(world.calls).toContain('write c3');
    expect(await markedHosts()).toEqual(['c3.example.com']);
    expect(world.services.get(asHost('c3.example.com'))?.forcedDown).toBe(true);
  });

  it('marks and isolates every plug', async () => {
    expect((await off('compute-1,compute-2')).code).toBe(0);
    expect(await markedHosts()).toEqual(['compute-1', 'compute-2']);
  });

  it('marks even with record_only=2, and says so', async () => {
    const ran = await off('compute-1', '--record-only=Disabled');
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/record_only=Disabled does not switch fencing off here/);
    expect(await markedHosts()).toEqual(['compute-1']);
  });

  it('takes reboot and disable for off', async () => {
    expect((await world.run(['-o', 'reboot', '-n', 'compute-1'])).code).toBe(0);
    expect((await world.run(['-o', 'disable', '-n', 'compute-2'])).code).toBe(0);
    expect(await markedHosts()).toEqual(['compute-1', 'compute-2']);
  });

  it('waits the delay first', async () => {
    expect((await off('compute-1', '--delay=7')).code).toBe(0);
    expect(world.clock.monotonicMs()).toBeGreaterThanOrEqual(7000);
  });
});

describe('on', () => {
  const on = (plug = 'compute-1', ...more: string[]): Promise<Ran> =>
    world.run(['-o', 'on', '-n', plug, ...more]);

  it('returns at once for a healthy host, without asking Nova', async () => {
    world.nova = 'hangs';
    expect(await on()).toEqual({ code: 0, out: '', err: '' });
    expect(world.clock.monotonicMs()).toBe(0);
    expect(world.calls).toEqual(['list']);
  });

  it('waits until the evacuation is settled', async () => {
    await off();
    world.beforeStore = (ms) => {
      if (ms < 9000) return;
      world.beforeStore = undefined;
      void settle('compute-1');
    };
    const ran = await on('compute-1', '-v');
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/Waiting for compute-1 to complete evacuations: compute-1 is marked/);
    expect(ran.err).toMatch(/Evacuation complete for: compute-1/);
    expect(world.services.get(asHost('compute-1'))?.forcedDown).toBe(true);
  });

  it('fails in time when it is never settled, and changes nothing', async () => {
    await off();
    const before = world.clock.monotonicMs();
    const ran = await on();
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/it is not safe yet for nova-compute on compute-1 to start/);
    expect(world.clock.monotonicMs() - before).toBeLessThan(58_000);
    expect(await markedHosts()).toEqual(['compute-1']);
  });

  it('finds a mark under the other spelling of the name', async () => {
    world.services.set(asHost('c3.example.com'), service('c3.example.com'));
    await off('c3');
    expect((await on('c3', '--settle-timeout=2')).code).toBe(1);
    expect((await on('c3.other.net', '--settle-timeout=2')).code).toBe(0);
  });

  it('never takes an unreachable store for settled', async () => {
    world.store = 'away';
    expect((await on()).code).toBe(1);
  });

  it('returns at once for a node that is not connected, even without a store', async () => {
    await off();
    world.env = { PCMK_service: 'pacemaker-fenced' };
    world.connected = false;
    world.store = 'hangs';
    const before = world.clock.monotonicMs();
    expect((await on()).code).toBe(0);
    expect(world.clock.monotonicMs()).toBe(before);
    world.env = {};
    expect((await on('compute-1', '--settle-timeout=2')).code).toBe(1);
  });

  it('fails at once when nothing is at work that could settle it, so that it is started', async () => {
    await off();
    world.env = { PCMK_service: 'pacemaker-fenced' };
    world.connected = true;
    world.stoppedWorker = 'nova-evacuate';
    const before = world.clock.monotonicMs();
    const ran = await on();
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(
      /compute-1 is marked \(.*\), and nova-evacuate, which evacuates, is not started/,
    );
    expect(world.clock.monotonicMs()).toBe(before);
    expect((await on('compute-2')).code).toBe(0);
    // By hand nobody waits for us.
    world.env = {};
    await on();
    expect(world.clock.monotonicMs()).toBeGreaterThan(before);
  });

  it('says at once what is wrong with a configuration', async () => {
    world.store = 'misconfigured';
    const ran = await on();
    expect(ran.code).toBe(1);
    expect(ran.err).not.toMatch(/\.\./);
    expect(ran.err).toMatch(/to start: \/etc\/nova-ha\/config\.yaml:3: store\.kind is wrong\. See/);
    expect(world.clock.monotonicMs()).toBe(0);
  });

  it('gives way when another node must be fenced, so that the worker can move', async () => {
    await off();
    world.env = { PCMK_service: 'pacemaker-fenced' };
    world.connected = true;
    world.unclean = ['compute-1'];
    expect((await on('compute-1', '--settle-timeout=2')).code).toBe(1);
    world.unclean = ['compute-1', 'ctl-3'];
    const ran = await on();
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/ctl-3 must be fenced first; on does not wait/);
  });

  it('is bounded by power_timeout by hand, not under Pacemaker', async () => {
    await off();
    const start = world.clock.monotonicMs();
    await on('compute-1', '--power-timeout=3');
    const middle = world.clock.monotonicMs();
    expect(middle - start).toBeLessThan(4000);
    world.env = { PCMK_service: 'pacemaker-fenced' };
    await on('compute-1', '--power-timeout=3');
    expect(world.clock.monotonicMs() - middle).toBeGreaterThan(15_000);
  });
});
