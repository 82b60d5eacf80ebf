import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { built } from '../support/built-agent.ts';
import { startCli, type Cli } from '../support/cli-process.ts';
import { until } from '../support/until.ts';

let cli: Cli;

beforeEach(async () => {
  cli = await startCli({ instances: 5, spawnMs: 300 });
});

afterEach(async () => {
  await cli.stop();
});

/** Runs a line of a shell in which `nova-ha` is the command; tells the codes of a pipe's parts. */
function inShell(line: string, more: Readonly<Record<string, string>> = {}) {
  const script = `nova-ha() { '${process.execPath}' '${built('nova-ha.cjs')}' "$@"; }\n${line}`;
  const env = { ...cli.env, ...more };
  const child = spawn('/bin/bash', ['-c', script], { cwd: cli.directory, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise<{ readonly out: string; readonly err: string }>((resolve) => {
    child.on('close', () => {
      resolve({ out: out.trim(), err });
    });
  });
}

describe('output that nobody takes', () => {
  it.each([['config show'], ['plan compute-1'], ['history'], ['--help']])(
    'is a failure when the disk is full: %s',
    async (command) => {
      const line = `nova-ha mark compute-3; nova-ha ${command} >/dev/full; echo $?`;
      const { out, err } = await inShell(line);
      expect(err).toContain('nova-ha: the output cannot be written: ENOSPC');
      expect(out).toBe('1');
    },
  );

  it('is none when the reader has seen enough', async () => {
    for (const command of ['config show', 'plan compute-1', '--help']) {
      const line = `nova-ha ${command} | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
      expect(await inShell(line)).toEqual({ out: '0', err: '' });
    }
  });

  it('ends the watching like Ctrl-C, and a drain after what it has begun', async () => {
    const line = 'nova-ha drain compute-1 | head -1 >/dev/null; echo "${PIPESTATUS[0]}"';
    const { out, err } = await inShell(line, { NOVA_HA_PACE_IN_FLIGHT: '1' });
    expect(err).toMatch(/instances were not asked for\. To go on: nova-ha drain compute-1/);
    expect(out).toBe('8');
    await until(() => cli.cloud.world.truth.moves.size === 0);
    expect((await cli.run(['drain', 'compute-1'])).code).toBe(0);
    expect(cli.cloud.doubles()).toEqual([]);
  });
});
