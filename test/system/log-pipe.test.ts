import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';

let directory: string;
let child: ChildProcess | null = null;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nova-ha-talk-'));
  await build({
    entryPoints: [fileURLToPath(new URL('../support/talker.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    outfile: join(directory, 'talker.cjs'),
    logLevel: 'error',
  });
});
afterEach(() => {
  child?.kill('SIGKILL');
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** Starts it; nobody reads its standard error yet. */
function startTalker(format: string) {
  const started = spawn(process.execPath, [join(directory, 'talker.cjs'), format], {
    stdio: 'pipe',
  });
  child = started;
  let said = '';
  started.stdout.on('data', (data: Buffer) => (said += data.toString()));
  const ended = new Promise<number | null>((resolve) => started.once('close', resolve));
  return { started, ended, isDone: () => said === 'done\n' };
}

describe('a log whose reader', () => {
  test.each(['text', 'json'])('hangs does not hang the worker (%s)', async (format) => {
    const { started, ended, isDone } = startTalker(format);
    await until(isDone);
    let text = '';
    started.stderr.on('data', (data: Buffer) => (text += data.toString()));
    // Now there is room again.
    await until(() => text.length > 0);
    started.stdin.write('go on\n');
    expect(await ended).toBe(0);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => (format === 'json' ? (JSON.parse(line) as { msg: string }).msg : line));
    expect(lines.at(-1)).toBe('the last line');
    const lost = /^(?:warn: )?(\d+) lines of the log were lost, nobody read them/.exec(
      lines.at(-2) ?? '',
    );
    const whole = lines.slice(0, -2);
    expect(whole.every((line) => /^line \d+ x{100}$/.test(line))).toBe(true);
    expect(whole.length + Number(lost?.[1])).toBe(20_000);
  });

  test('goes away does not end it', async () => {
    const { started, ended, isDone } = startTalker('text');
    started.stderr.destroy();
    await until(isDone);
    started.stdin.write('go on\n');
    expect(await ended).toBe(0);
  });
});
