import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { asHost } from '../../src/domain/ids.ts';
import { parseWorkerStatus } from '../../src/domain/worker-status.ts';
import { startAgentCloud, type AgentCloud } from '../support/agent-cloud.ts';
import { built, FENCED_ENV, runProgram, startProgram, stdinOf } from '../support/built-agent.ts';
import { ensureDebianPackages } from '../support/debian-packages.ts';
import { isAlive } from '../support/alive.ts';
import { until } from '../support/until.ts';

let world: AgentCloud;
let run: string;
beforeAll(ensureDebianPackages);
beforeEach(async () => {
  world = await startAgentCloud();
  run = join(world.directory, 'run');
});
afterEach(async () => {
  await ocf('stop');
  await world.stop();
});

const parameters = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ...world.options,
  run_directory: run,
  ...more,
});

const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ...FENCED_ENV,
  PCMK_service: 'pacemaker-execd',
  OCF_ROOT: '/usr/lib/ocf',
  OCF_RESOURCE_INSTANCE: 'nova-evacuate',
  ...Object.fromEntries(
    Object.entries(parameters(more)).map(([name, value]) => [`OCF_RESKEY_${name}`, value]),
  ),
});

const ocf = (action: string, more: Readonly<Record<string, string>> = {}) =>
  runProgram(built('ocf/NovaEvacuate'), { args: [action], env: environment(more) });

const monitor = (more: Readonly<Record<string, string>> = {}) =>
  ocf('monitor', { CRM_meta_interval: '10000', ...more });

const statusOf = async () =>
  parseWorkerStatus(await readFile(join(run, 'worker.json'), 'utf8').catch(() => ''));

const pidOf = async (): Promise<number> => {
  const text = await readFile(join(run, 'worker.pid'), 'utf8');
  return (JSON.parse(text) as { pid: number }).pid;
};

describe('NovaEvacuate', () => {
  it('starts, watches and stops a worker that completes turns', async () => {
    expect(await ocf('monitor')).toMatchObject({ code: 7, err: '' });
    expect(await ocf('start')).toMatchObject({ code: 0, err: '' });
    await until(async () => (await statusOf())?.lastTurnAt != null);
    expect(await monitor()).toMatchObject({ code: 0, err: '' });
    expect(await ocf('monitor')).toMatchObject({ code: 0, err: '' });
    const pid = await pidOf();
    expect(await ocf('start')).toMatchObject({ code: 0 });
    expect(await pidOf()).toBe(pid);
    const argv = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8');
    expect(argv).toContain('worker');
    expect(argv).not.toContain('secret');
    expect(await ocf('stop', { CRM_meta_timeout: '20000' })).toMatchObject({ code: 0, err: '' });
    expect(await isAlive(pid)).toBe(false);
    expect(await ocf('monitor')).toMatchObject({ code: 7 });
    expect(await ocf('stop')).toMatchObject({ code: 0, err: '' });
  });

  it('notices a worker that was killed, and starts another one', async () => {
    await ocf('start');
    const pid = await pidOf();
    process.kill(pid, 'SIGKILL');
    await until(async () => (await monitor()).code === 7);
    expect((await ocf('stop')).code).toBe(0);
    expect((await ocf('start')).code).toBe(0);
    expect(await pidOf()).not.toBe(pid);
  });

  it('keeps watching a worker that has read its configuration again', async () => {
    await ocf('start');
    await until(async () => (await statusOf())?.lastTurnAt != null);
    const pid = await pidOf();
    process.kill(pid, 'SIGHUP');
    const log = join(run, 'worker.log');
    await until(async () => (await readFile(log, 'utf8')).includes('was read again'));
    expect((await statusOf())?.lastTurnAt).not.toBeNull();
    expect(await monitor()).toMatchObject({ code: 0, err: '' });
    expect(await pidOf()).toBe(pid);
    expect(await ocf('stop', { CRM_meta_timeout: '20000' })).toMatchObject({ code: 0, err: '' });
  });

  it('notices a worker that hangs, and can end it', async () => {
    await ocf('start');
    await until(async () => (await statusOf())?.lastTurnAt != null);
    const pid = await pidOf();
    process.kill(pid, 'SIGSTOP');
    await until(async () => (await monitor({ turn_timeout: '1' })).code === 1);
    expect((await monitor({ turn_timeout: '1' })).err).toMatch(/hangs: it has completed no turn/);
    expect(await monitor()).toMatchObject({ code: 0 });
    const stopped = await ocf('stop', { CRM_meta_timeout: '6000' });
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.err).toMatch(/did not end in time and is killed/);
    expect(await isAlive(pid)).toBe(false);
  });

  it('keeps a worker whose Keystone, Nova and store are away', async () => {
    const away = {
      auth_url: 'http://127.0.0.1:9/v3',
      store: 'redis://127.0.0.1:9/0',
    };
    expect(await ocf('start', away)).toMatchObject({ code: 0 });
    await until(async () => (await statusOf()) !== null);
    expect(await monitor(away)).toMatchObject({ code: 0, err: '' });
  });

  it('says why a worker ended at once', async () => {
    const ran = await ocf('start', { config: join(world.directory, 'nosuch.yaml') });
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/^ocf-exit-reason:The worker ended at once: .*nosuch\.yaml/);
    expect(await ocf('monitor')).toMatchObject({ code: 7 });
  });

  it('is stopped without a word of failure wherever its run directory is', async () => {
    // A failed stop makes Pacemaker fence the controller, and this mistake is on all of them.
    const wrong = { run_directory: join(world.config, 'run') };
    const started = await ocf('start', wrong);
    expect(started.code).toBe(1);
    expect(started.err).toMatch(/^ocf-exit-reason:The worker could not be started: /);
    expect(await ocf('stop', wrong)).toMatchObject({ code: 0 });
    expect(await ocf('monitor', wrong)).toMatchObject({ code: 7 });
    const wait = (action: string) =>
      runProgram(built('ocf/NovaComputeWait'), { args: [action], env: environment(wrong) });
    expect(await wait('start')).toMatchObject({ code: 1 });
    expect(await wait('stop')).toMatchObject({ code: 0 });
    expect(await wait('monitor')).toMatchObject({ code: 7 });
  });

  it('refuses a run directory that means another one for the worker', async () => {
    const ran = await ocf('start', { run_directory: 'run/nova-ha' });
    expect(ran.code).toBe(6);
    expect(ran.err).toMatch(/run_directory must be an absolute path, not "run\/nova-ha"/);
    expect(await ocf('stop', { run_directory: 'run/nova-ha' })).toMatchObject({ code: 0 });
  });

  it('never takes another process for its worker', async () => {
    await ocf('start');
    const pid = await pidOf();
    process.kill(pid, 'SIGKILL');
    await until(async () => !(await isAlive(pid)));
    const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
    try {
      const path = join(run, 'worker.pid');
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replace(String(pid), String(stranger.pid)));
      expect(await ocf('monitor')).toMatchObject({ code: 7 });
      expect(await ocf('stop')).toMatchObject({ code: 0 });
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('evacuates what fence_nova marked', async () => {
    world.cloud.boot({ host: 'compute-1', count: 3 });
    expect((await ocf('start')).code).toBe(0);
    world.cloud.powerOff('compute-1');
    const off = { ...world.options, action: 'off', plug: 'compute-1' };
    const fenced = await runProgram(built('fence_nova'), { input: stdinOf(off) });
    expect(fenced).toMatchObject({ code: 0, err: '' });
    const on = await runProgram(built('fence_nova'), {
      input: stdinOf({ ...off, action: 'on', verbose: '1' }),
    });
    expect(on.code).toBe(0);
    expect(on.err).toMatch(/Waiting for compute-1 to complete evacuations/);
    expect(world.cloud.doubles()).toEqual([]);
    const places = world.cloud.guests();
    expect(places.filter(({ hosts }) => hosts.length !== 1)).toEqual([]);
  });
});

describe('NovaComputeWait', () => {
  it('holds nova-compute back until the evacuation is settled', async () => {
    const options = { ...world.options, action: 'off', plug: 'compute-2' };
    await runProgram(built('fence_nova'), { input: stdinOf(options) });
    const wait = startProgram(built('ocf/NovaComputeWait'), {
      args: ['wait'],
      env: environment({ host: 'compute-2.example.com' }),
    });
    let err = '';
    wait.child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await until(() => err.includes('Waiting for compute-2.example.com'));
    const store = createFileStore({
      directory: join(world.directory, 'store'),
      clock: { now: () => Date.now() },
    });
    const stored = await store.read(asHost('compute-2'));
    if (stored.kind !== 'known' || stored.value === null) throw new Error('no mark');
    const { version, evacuation } = stored.value;
    await store.write({ version, epoch: null }, { ...evacuation, phase: 'settled' });
    expect((await wait.finished).code).toBe(0);
    await store.close();
  });
});

describe('ocf-tester', () => {
  let copy: string;
  beforeAll(async () => {
    // It runs the agent as nobody, who must be able to read it.
    copy = await mkdtemp(join(tmpdir(), 'nova-ha-ocf-'));
    await cp(dirname(built('fence_nova')), join(copy, 'dist'), { recursive: true });
    await runProgram('chmod', { args: ['-R', 'a+rX', copy] });
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  it.each(['NovaEvacuate', 'NovaComputeWait'])('%s passes', async (agent) => {
    const options = Object.entries(parameters()).flatMap(([name, value]) => [
      '-o',
      `${name}=${value}`,
    ]);
    const ran = await runProgram('ocf-tester', {
      args: ['-n', 'tested', ...options, join(copy, 'dist/ocf', agent)],
      env: { PATH: FENCED_ENV['PATH'] ?? '', HOME: '/nonexistent' },
    });
    expect(ran.out).toMatch(/passed all tests/);
    expect(ran.code).toBe(0);
  });
});
