import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { startAgentCloud, startBadServer, type AgentCloud } from '../support/agent-cloud.ts';
import { isAlive } from '../support/alive.ts';
import { built, FENCED_ENV, runProgram, startProgram, stdinOf } from '../support/built-agent.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

let redis: RedisServer;
let world: AgentCloud;
beforeAll(async () => {
  redis = await startRedis();
  world = await startAgentCloud(
    `{kind: redis, redis: {url: "redis://127.0.0.1:${String(redis.port)}/0"}}`,
  );
});
afterAll(async () => {
  await world.stop();
  await redis.stop();
});

const fence = (options: Readonly<Record<string, string>>, more = '') =>
  runProgram(built('fence_nova'), { input: stdinOf({ ...world.options, ...options }) + more });

const keys = async (): Promise<string> => redis.cli('keys', '*');
const isMarked = async (host: string): Promise<boolean> =>
  (await redis.cli('smembers', 'nova-ha:hosts')).includes(host) || (await keys()).includes(host);

const withoutPassword = (): Record<string, string> =>
  Object.fromEntries(Object.entries(world.options).filter(([name]) => name !== 'password'));

describe('fence_nova over Redis and HTTP', () => {
  it('marks and isolates, twice alike', async () => {
    const first = await fence({ action: 'off', plug: 'compute-1', nodename: 'compute-1' });
    expect(first).toMatchObject({ code: 0, out: '', err: '' });
    expect(await isMarked('compute-1')).toBe(true);
    expect(await fence({ action: 'off', plug: 'compute-1' })).toMatchObject({ code: 0, err: '' });
    // Down and disabled, as isolated hosts are.
    expect(await fence({ action: 'status', plug: 'compute-1' })).toMatchObject({
      code: 2,
      out: 'Status: OFF\n',
    });
    const on = await fence({ action: 'on', plug: 'compute-1', settle_timeout: '2' });
    expect(on.code).toBe(1);
    expect(on.err).toMatch(
      /not safe yet for nova-compute on compute-1 to start: compute-1 is marked/,
    );
    expect(await fence({ action: 'on', plug: 'compute-2' })).toMatchObject({ code: 0, err: '' });
  });

  it('checks store and credentials', async () => {
    expect(await fence({ action: 'monitor' })).toMatchObject({ code: 0, err: '' });
    const wrong = await fence({ action: 'monitor', password: 'wr0ng-s3cret' });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/^ERROR: Failed: OpenStack: .+/);
    expect(wrong.err).not.toContain('wr0ng-s3cret');
    expect(wrong.err.trim().split('\n')).toHaveLength(1);
    const away = await fence({ action: 'validate-all', plug: 'x', store: 'redis://127.0.0.1:1/0' });
    expect(away.code).toBe(1);
    expect(away.err).toMatch(/^ERROR: Failed: the store: .+/);
  });

  it('takes the password from a script, which must not keep a mark back', async () => {
    const options = withoutPassword();
    const call = (more: Record<string, string>) =>
      runProgram(built('fence_nova'), { input: stdinOf({ ...options, ...more }) });
    const script = { password_script: 'echo secret' };
    expect(await call({ action: 'monitor', ...script })).toMatchObject({ code: 0, err: '' });
    const failing = await call({ action: 'off', plug: 'compute-3', password_script: 'exit 3' });
    expect(failing.code).toBe(0);
    expect(failing.err).toMatch(/password_script gave no password: it ended with 3/);
    expect(await isMarked('compute-3')).toBe(true);
  });

  it('leaves no program behind when it is ended', async () => {
    const pidFile = join(world.directory, 'script.pid');
    const script = { password_script: `echo $$ >${pidFile}; exec sleep 600` };
    const { child, finished } = startProgram(built('fence_nova'), {
      input: stdinOf({ ...withoutPassword(), action: 'monitor', ...script }),
    });
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    child.kill('SIGTERM');
    expect(await finished).toMatchObject({ code: 1, signal: null });
    await until(async () => !(await isAlive(pid)));
  });

  it('leaves no program behind for long when it is killed', async () => {
    const pidFile = join(world.directory, 'orphan.pid');
    const script = { password_script: `echo $$ >${pidFile}; exec sleep 600` };
    const { child, finished } = startProgram(built('fence_nova'), {
      input: stdinOf({ ...withoutPassword(), action: 'monitor', ...script }),
    });
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    child.kill('SIGKILL');
    await finished;
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await until(async () => !(await isAlive(pid)));
  });

  it.each([
    ['hangs', 'sleep 600', /did not end within 7 s and was killed/],
    ['prints without an end', 'yes secret', /wrote more than 65536 bytes and was killed/],
    ['prints nothing', 'true', /it printed nothing/],
    ['is not there', '/nosuch/script', /it ended with 127/],
    ['is killed', 'kill -9 $$', /was killed by SIGKILL/],
  ])('says what is wrong with a password script that %s', async (_, script, why) => {
    const ran = await runProgram(built('fence_nova'), {
      input: stdinOf({ ...withoutPassword(), action: 'monitor', password_script: script }),
    });
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(
      /^ERROR: Failed: OpenStack: password_script gave no password: [^\n]*\n$/,
    );
    expect(ran.err).toMatch(why);
  });

  it('needs neither HOME nor a name of its user', async () => {
    if (process.getuid?.() !== 0) return;
    const store = await mkdtemp(join(tmpdir(), 'nova-ha-nobodys-'));
    await chmod(store, 0o777);
    try {
      const options = Object.fromEntries(
        Object.entries(world.options).filter(([name]) => name !== 'config'),
      );
      const ran = await runProgram(built('fence_nova'), {
        input: stdinOf({
          ...options,
          action: 'off',
          plug: 'compute-3',
          store: `file:${store}/marks`,
        }),
        env: { PATH: FENCED_ENV['PATH'] ?? '' },
        uid: 54_321,
      });
      expect(ran).toMatchObject({ code: 0, err: '' });
    } finally {
      await rm(store, { recursive: true });
    }
  });

  it('survives garbage on standard input', async () => {
    const long = `colour=${'x'.repeat(1_000_000)}\n`;
    const noise = 'no equals sign\n=\n==\n\u0007\u001b[2J=x\n"\n';
    const ran = await fence({ action: 'status', plug: 'compute-2' }, long + noise);
    expect(ran).toMatchObject({ code: 0, out: 'Status: ON\n' });
    expect(ran.err).toMatch(/unknown and ignored/);
    expect(ran.err).not.toMatch(/[\u0007\u001b]/);
    for (const plug of ['$(touch /tmp/x)', 'a;reboot', '`id`', '../../etc', 'a b', 'ü', '-rf']) {
      const refused = await fence({ action: 'off', plug });
      expect(refused.code).toBe(1);
      expect(refused.err).toMatch(/is no host/);
    }
    const binary = await runProgram(built('fence_nova'), {
      input: new Uint8Array(300_000).map((_, index) => (index * 7919) % 256),
    });
    expect(binary.code).toBe(1);
    const nul = await fence({ action: 'off' }, 'plug=compute-2\0\n');
    expect(nul.err).toMatch(/contains a NUL character/);
    expect(nul.code).toBe(1);
    const endless = await runProgram(built('fence_nova'), { input: 'x'.repeat(5_000_000) });
    expect(endless.err).toMatch(/standard input is longer than/);
    expect(endless.code).toBe(1);
  });

  it('does not wait for the end of an input that never comes', async () => {
    const { child, finished } = startProgram(built('fence_nova'), { input: null });
    child.stdin?.write('action=metadata\n');
    const ran = await finished;
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/the end of standard input did not come/);
  });

  it.each(['hangs', 'drips'] as const)('marks although Keystone %s', async (manner) => {
    const bad = await startBadServer(manner);
    const plug = `dead-${manner}`;
    try {
      const ran = await fence({ action: 'off', plug, auth_url: bad.url, isolate_timeout: '2' });
      expect(ran.code).toBe(0);
      expect(ran.err).toMatch(/is marked, but not yet isolated/);
      expect(await isMarked(plug)).toBe(true);
    } finally {
      await bad.stop();
    }
  });

  it.each([
    ['hangs', { kind: 'hang', effect: false }],
    ['drips', { kind: 'drip', bytes: 1, everyMs: 100 }],
  ] as const)('marks although Nova %s', async (manner, fault) => {
    const plug = `mute-${manner}`;
    world.faults.add({ match: { service: 'compute' }, fault });
    try {
      const ran = await fence({ action: 'off', plug, isolate_timeout: '2' });
      expect(ran.code).toBe(0);
      expect(ran.err).toMatch(/is marked, but not yet isolated/);
      expect(await isMarked(plug)).toBe(true);
      const monitor = await fence({ action: 'monitor' });
      expect(monitor.code).toBe(1);
      expect(monitor.err.trim().split('\n')).toHaveLength(1);
    } finally {
      world.faults.clear();
    }
  });

  it('waits for a store that hangs, and marks when it is back', async () => {
    redis.signal('SIGSTOP');
    const { finished, child } = startProgram(built('fence_nova'), {
      input: stdinOf({ ...world.options, action: 'off', plug: 'compute-4' }),
    });
    let err = '';
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await until(() => err.includes('not marked yet'));
    redis.signal('SIGCONT');
    expect((await finished).code).toBe(0);
    expect(await isMarked('compute-4')).toBe(true);
  });

  it('gives up within its time when the store keeps hanging', async () => {
    redis.signal('SIGSTOP');
    try {
      const ran = await fence({ action: 'off', plug: 'never-1', retry_timeout: '4' });
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(/ERROR: Failed: never-1 is not marked: /);
      const on = await fence({ action: 'on', plug: 'compute-2', settle_timeout: '3' });
      expect(on.code).toBe(1);
      expect((await fence({ action: 'monitor' })).code).toBe(1);
    } finally {
      redis.signal('SIGCONT');
    }
  });

  it('ends with a line and 1 on SIGTERM, and leaves nothing half done on SIGKILL', async () => {
    redis.signal('SIGSTOP');
    const call = (plug: string) => {
      const running = startProgram(built('fence_nova'), {
        input: stdinOf({ ...world.options, action: 'off', plug }),
      });
      let err = '';
      running.child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
      return { ...running, complained: () => until(() => err.includes('not marked yet')) };
    };
    const term = call('term-1');
    await term.complained();
    term.child.kill('SIGTERM');
    expect(await term.finished).toMatchObject({ code: 1, signal: null });
    expect((await term.finished).err).toMatch(/ended by SIGTERM/);
    const kill = call('kill-1');
    await kill.complained();
    kill.child.kill('SIGKILL');
    expect(await kill.finished).toMatchObject({ signal: 'SIGKILL' });
    redis.signal('SIGCONT');
    // Whatever was on its way is a whole mark or none; the next call makes it whole.
    expect((await fence({ action: 'off', plug: 'kill-1' })).code).toBe(0);
    expect(await isMarked('kill-1')).toBe(true);
  });
});

describe('fence_nova over the file store', () => {
  it('killed at any moment leaves a whole mark or none', async () => {
    const file = await startAgentCloud();
    try {
      const input = stdinOf({ ...file.options, action: 'off', plug: 'compute-1' });
      const store = createFileStore({
        directory: `${file.directory}/store`,
        clock: { now: () => Date.now() },
      });
      // Killed a little later each time, from before the first import to after the end.
      let whole = 0;
      for (let turn = 0; turn < 24; turn += 1) {
        const { child, finished } = startProgram(built('fence_nova'), { input });
        const began = performance.now();
        await until(() => performance.now() - began > turn * 15 || child.exitCode !== null);
        child.kill('SIGKILL');
        await finished;
        const list = await store.list();
        expect(list.kind).toBe('known');
        whole += list.kind === 'known' ? list.value.length : 0;
      }
      const last = await runProgram(built('fence_nova'), { input });
      expect(last.code).toBe(0);
      const list = await store.list();
      expect(list.kind === 'known' && list.value.map(({ host, phase }) => [host, phase])).toEqual([
        ['compute-1', 'marked'],
      ]);
      expect(whole).toBeLessThanOrEqual(24);
      await store.close();
    } finally {
      await file.stop();
    }
  });

  it('says in one line what is wrong with a configuration, and no secret', async () => {
    const file = await startAgentCloud('{kind: file, directroy: /x}');
    try {
      const options = { ...file.options, action: 'off', plug: 'c1', retry_timeout: '1' };
      const ran = await runProgram(built('fence_nova'), { input: stdinOf(options) });
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(/config\.yaml:2/);
      expect(ran.err).not.toMatch(/\n\s+at /);
      expect(await readFile(file.config, 'utf8')).toMatch(/directroy/);
    } finally {
      await file.stop();
    }
  });
});
