import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { built, runProgram, startProgram, type Running } from '../support/built-agent.ts';
import { until } from '../support/until.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'nova-ha-stage-'));
});

afterEach(async () => {
  for (const pid of await actors()) process.kill(pid, 'SIGKILL');
  await rm(place, { recursive: true, force: true });
});

/** Everything that a demonstration in our place has started. */
async function actors(): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${String(pid)}/environ`, 'utf8').catch(() => '');
      return environment.includes(`TMPDIR=${place}`) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** What an operator has set for his real cloud. */
const REAL = {
  OS_CLOUD: 'production',
  OS_AUTH_URL: 'http://127.0.0.1:1/v3',
  NOVA_HA_STORE_KIND: 'redis',
  NOVA_HA_STORE_REDIS_URL: 'redis://127.0.0.1:1',
  NOVA_HA_FENCE_PROOF: 'operator',
};

const start = (...options: readonly string[]): Running =>
  startProgram(process.execPath, {
    args: [built('nova-ha.cjs'), 'demo', ...options],
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: place, ...REAL },
  });

const heard = async (running: Running, words: string): Promise<void> => {
  let out = '';
  running.child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await until(() => out.includes(words));
};

describe('the demonstration', () => {
  it('plays to its end whatever is set for a real cloud, and leaves nothing behind', async () => {
    const { code, out, err } = await start().finished;
    expect(err).toMatch(/^compute-2 is marked as failed .* A running worker evacuates it now\.\n$/);
    expect(out).toContain('40 of 40 guests run once, 0 ran twice, 0 were left on compute-2');
    expect(out).toContain('Try next:');
    expect(code).toBe(0);
    expect(await actors()).toEqual([]);
    expect(await readdir(place)).toEqual([]);
  });

  it.each([
    ['SIGINT', 'runs on loopback'],
    ['SIGTERM', 'loses its power'],
    ['SIGINT', 'accepted by Nova'],
    ['SIGHUP', 'accepted by Nova'],
  ] as const)('leaves nothing behind after %s at "%s"', async (signal, words) => {
    const running = start('--keep');
    await heard(running, words);
    running.child.kill(signal);
    const { code, err } = await running.finished;
    expect(err).toContain('Stopped; nothing of it is left running.');
    expect(err).not.toContain('internal error');
    expect(code).toBe(1);
    await until(async () => (await actors()).length === 0);
    expect(await readdir(place)).toEqual([]);
  });

  it('leaves nothing behind when somebody cannot wait, and insists', async () => {
    const running = start();
    await heard(running, 'accepted by Nova');
    running.child.kill('SIGINT');
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(130);
    await until(async () => (await actors()).length === 0);
    expect(await readdir(place)).toEqual([]);
  });

  it('stays with --keep, and every line that it names works as it is printed', async () => {
    const { code, out } = await start('--keep').finished;
    expect(code).toBe(0);
    const [, told = ''] = out.split('In another terminal:\n');
    const lines = told.split('\n').filter((line) => line.startsWith('  '));
    expect(lines.length).toBeGreaterThan(4);
    const [, end = ''] = /^To end it: (.*)$/m.exec(told) ?? [];
    const played = await runProgram('/bin/bash', {
      args: ['-e', '-c', lines.join('\n')],
      env: { PATH: process.env['PATH'] ?? '', TMPDIR: place, ...REAL },
    });
    expect(played.err).toMatch(/compute-3 is evacuated: \d+\/\d+\./);
    expect(played.code).toBe(0);
    const ended = await runProgram('/bin/sh', { args: ['-c', end] });
    expect(ended).toMatchObject({ code: 0, out: '', err: '' });
    await until(async () => (await actors()).length === 0);
  });
});
