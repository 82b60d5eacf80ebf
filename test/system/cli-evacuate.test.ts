import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCli, workersOf, type Cli } from '../support/cli-process.ts';
import { until } from '../support/until.ts';

let cli: Cli;

beforeEach(async () => {
  cli = await startCli({ instances: 5, spawnMs: 300 });
});

afterEach(async () => {
  await cli.stop();
});

const EVACUATE = ['evacuate', 'compute-1', '--confirm-fenced', '--force'];

const isSettled = async (): Promise<boolean> => {
  const { out } = await cli.run(['status', 'compute-1', '--json']);
  return out !== '' && (JSON.parse(out) as { phase: string }).phase === 'settled';
};

const noneAreLeft = async (): Promise<boolean> => (await workersOf(cli.directory)).length === 0;

/** A stand-in for systemd-notify that writes down what it is told. */
async function recordNotify(): Promise<{ readonly path: string; words(): Promise<string> }> {
  const directory = join(cli.directory, 'bin');
  const record = join(cli.directory, 'notified');
  await mkdir(directory);
  await writeFile(record, '');
  const script = join(directory, 'systemd-notify');
  await writeFile(script, `#!/bin/sh\necho "$@" >> ${record}\n`);
  await chmod(script, 0o755);
  return {
    path: `${directory}:${cli.env['PATH'] ?? ''}`,
    words: () => readFile(record, 'utf8'),
  };
}

describe('evacuate', () => {
  it('evacuates through a background worker that ends by itself', async () => {
    cli.cloud.powerOff('compute-1');
    const { code, out, err } = await cli.run(EVACUATE);
    expect(err).toContain('compute-1 is evacuated: 5/5.');
    expect(code).toBe(0);
    expect(out).toContain('Completed evacuation of compute-1');
    expect(cli.cloud.doubles()).toEqual([]);
    expect(cli.cloud.guests().every(({ hosts }) => !hosts.includes('compute-1'))).toBe(true);
    await until(noneAreLeft);
    const history = await cli.run(['history', 'compute-1']);
    expect(history.out).toMatch(/marked[^]*confirmed by anna@[^]*settled/);
  });

  it('goes on after Ctrl-C', async () => {
    cli.cloud.powerOff('compute-1');
    const watching = cli.start(EVACUATE);
    await until(() => cli.cloud.flights().now > 0);
    watching.child.kill('SIGINT');
    const { code, err } = await watching.finished;
    expect(err).toContain('Stopped watching; the evacuation of compute-1 goes on');
    expect(code).toBe(8);
    await until(isSettled);
    expect(cli.cloud.doubles()).toEqual([]);
    await until(noneAreLeft);
  });

  it('is taken up again after the worker was killed at any moment', async () => {
    cli.cloud.powerOff('compute-1');
    await cli.run(['mark', 'compute-1', '--confirm-fenced']);
    const first = cli.start(['worker', '--only', 'compute-1', '--until-settled']);
    await until(() => cli.cloud.flights().now > 0);
    first.child.kill('SIGKILL');
    await first.finished;
    const { code, err } = await cli.run(EVACUATE);
    expect(err).toContain('is marked as failed already');
    expect(code).toBe(0);
    expect(cli.cloud.doubles()).toEqual([]);
  });

  it('without waiting prints documents of JSON later', async () => {
    cli.cloud.powerOff('compute-1');
    expect((await cli.run([...EVACUATE, '--no-wait'])).code).toBe(0);
    const { code, out } = await cli.run(['status', 'compute-1', '--watch', '--json']);
    const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as object;
    expect(last).toMatchObject({ schema: 1, kind: 'summary', exit: 'done', counts: { landed: 5 } });
    expect(code).toBe(0);
  });
});

describe('the worker as a service', () => {
  it('tells systemd and its status file, leaves background workers nothing to do, and drains', async () => {
    const notify = await recordNotify();
    const supervised = { NOTIFY_SOCKET: '/run/none', WATCHDOG_USEC: '3000000', PATH: notify.path };
    const daemon = cli.start(['worker'], supervised);
    await until(async () => (await notify.words()).includes('READY=1'));
    cli.cloud.powerOff('compute-1');
    await cli.run(['mark', 'compute-1', '--confirm-fenced']);
    await until(() => cli.cloud.flights().now > 0);
    const evacuated = await cli.run(EVACUATE);
    expect(evacuated.code).toBe(0);
    const log = join(cli.directory, 'state', 'evacuate-compute-1.log');
    await until(async () =>
      (await readFile(log, 'utf8')).includes('another worker looks after it'),
    );
    await until(async () => /WATCHDOG=1/.test(await notify.words()));
    expect(await notify.words()).toMatch(/STATUS=/);
    const status = await readFile(join(cli.directory, 'run', 'worker.json'), 'utf8');
    expect(JSON.parse(status)).toMatchObject({ pid: daemon.child.pid, needsHuman: 0 });
    daemon.child.kill('SIGTERM');
    const { code, err } = await daemon.finished;
    expect(code).toBe(0);
    expect(err).toMatch(/^\S+Z the worker has stopped/m);
    await until(async () => (await notify.words()).includes('STOPPING=1'));
    expect(cli.cloud.doubles()).toEqual([]);
  });

  it('does one turn with --once and says whether work is left', async () => {
    expect(await cli.run(['worker', '--once'])).toMatchObject({
      code: 0,
      out: '0 hosts have work left\n',
    });
    cli.cloud.powerOff('compute-1');
    await cli.run(['mark', 'compute-1', '--confirm-fenced']);
    expect(await cli.run(['worker', '--once'])).toMatchObject({ code: 8 });
  });

  it('outlives a cloud that is away', async () => {
    const daemon = cli.start(['worker'], { OS_AUTH_URL: 'http://127.0.0.1:1/v3' });
    const file = join(cli.directory, 'run', 'worker.json');
    await until(async () =>
      (await readFile(file, 'utf8').catch(() => '')).includes('"lastTurnAt":1'),
    );
    daemon.child.kill('SIGTERM');
    const { code, err } = await daemon.finished;
    expect(code).toBe(0);
    expect(err).toContain('Keystone cannot be reached');
  });
});
