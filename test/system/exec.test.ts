import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExec } from '../../src/adapters/exec.ts';
import { until } from '../support/until.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'nova-ha-exec-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function program(name: string, body: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const exec = createExec();
const run = (
  path: string,
  over: Partial<Parameters<typeof exec>[0]> = {},
): ReturnType<typeof exec> => exec({ program: path, args: [], timeoutMs: 10_000, ...over });

test('what a program says and ends with', async () => {
  const path = program('says', 'cat; echo err >&2; exit 7');
  expect(await run(path, { stdin: 'a=1\nb=Zoë\n' })).toEqual({
    kind: 'exited',
    code: 7,
    stdout: 'a=1\nb=Zoë\n',
    stderr: 'err\n',
  });
});

test('arguments are never interpreted', async () => {
  const path = program('args', 'for a; do printf "[%s]" "$a"; done');
  const args = ['$(id)', '; rm -rf /', '`id`', "'", '*', ''];
  expect(await run(path, { args })).toMatchObject({
    stdout: args.map((argument) => `[${argument}]`).join(''),
  });
  expect((await run(path, { args: ['a\0b'] })).kind).toBe('not-started');
});

test('nothing of our environment reaches it', async () => {
  process.env['NOVA_HA_TEST_SECRET'] = 'hunter2';
  const outcome = await run('/usr/bin/env');
  delete process.env['NOVA_HA_TEST_SECRET'];
  const lines = outcome.kind === 'exited' ? outcome.stdout.trim().split('\n').sort() : [];
  expect(lines).toEqual([
    'LANG=C.UTF-8',
    'LC_ALL=C.UTF-8',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'TZ=UTC',
  ]);
});

test('a program that hangs is killed with its children', async () => {
  const pids = join(directory, 'pids');
  const path = program('hangs', `trap '' TERM\nsleep 300 &\necho $! $$ >${pids}\nwait`);
  const outcome = await run(path, { timeoutMs: 500 });
  expect(outcome).toMatchObject({
    kind: 'uncertain',
    why: expect.stringContaining('did not end within 0.5 s') as string,
  });
  const { readFileSync, existsSync } = await import('node:fs');
  const gone = (pid: string): boolean => {
    if (!existsSync(`/proc/${pid}/status`)) return true;
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  };
  const ids = readFileSync(pids, 'utf8').trim().split(' ');
  expect(ids).toHaveLength(2);
  await until(() => ids.every(gone));
});

test('a program that was killed, and one that talks too much, are uncertain', async () => {
  expect((await run(program('dies', 'kill -9 $$'))).kind).toBe('uncertain');
  const small = createExec({ outputLimit: 10_000 });
  const path = program('talks', 'exec yes');
  expect(await small({ program: path, args: [], timeoutMs: 10_000 })).toMatchObject({
    kind: 'uncertain',
    why: expect.stringContaining('10000 bytes') as string,
  });
});

test('what says too much by a child that outlives it is uncertain, and never cut short', async () => {
  const small = createExec({ outputLimit: 100 });
  const path = program(
    'heir',
    '(while kill -0 $$; do :; done; yes | head -c 5000) 2>/dev/null & exit 0',
  );
  const outcome = await small({ program: path, args: [], timeoutMs: 60_000 });
  expect(outcome).toMatchObject({
    kind: 'uncertain',
    why: expect.stringContaining('100 bytes') as string,
  });
});

test('one that is not there, or may not be run, certainly did nothing', async () => {
  expect(await run('no-such-program')).toEqual({
    kind: 'not-started',
    why: 'no-such-program is not installed here',
  });
  const path = program('denied', 'true');
  chmodSync(path, 0o644);
  expect(await run(path)).toMatchObject({ kind: 'not-started' });
});

test('a program that does not read its input is no trouble', async () => {
  const outcome = await run('/bin/true', { stdin: 'x'.repeat(1_000_000) });
  expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
});

test('an answer counts although a child keeps the output open', async () => {
  const path = program('leaves', 'echo done; sleep 300 & echo $!');
  const outcome = await run(path, { timeoutMs: 500 });
  expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
  const pid = outcome.kind === 'exited' ? outcome.stdout.trim().split('\n').at(-1) : undefined;
  process.kill(Number(pid), 'SIGKILL');
});

test('programs are found on the path that is given', async () => {
  program('cibadmin', 'echo from-the-stub');
  const stubbed = createExec({ path: `${directory}:/usr/bin:/bin` });
  const outcome = await stubbed({ program: 'cibadmin', args: [], timeoutMs: 10_000 });
  expect(outcome).toMatchObject({ stdout: 'from-the-stub\n' });
});
