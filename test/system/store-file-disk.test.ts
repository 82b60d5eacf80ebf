import { execFile } from 'node:child_process';
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BootClock } from '../../src/adapters/store/boot-clock.ts';
import { createCommit, KEEP, newest } from '../../src/adapters/store/file-chain.ts';
import { createFileHistory } from '../../src/adapters/store/file-history.ts';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { asEvent, asHost, asWorker } from '../../src/domain/ids.ts';
import type { HistoryEntry, Store } from '../../src/engine/ports.ts';
import { isUnreadable } from '../../src/domain/summary.ts';
import { fullRecord, markedRecord } from '../support/record.ts';
import { storedAt, valueOf } from '../support/store-contract.ts';

const run = promisify(execFile);
const host = asHost('compute-1');
const anna = asWorker('anna');
const bert = asWorker('bert');
const clock = { now: () => Date.now() };
/** A user for whom permissions count, where the tests run as root. */
const NOBODY = 65_534;
let directory: string;
let warnings: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nova-ha-disk-'));
  warnings = [];
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const open = (bootClock?: BootClock): Store =>
  createFileStore({
    directory,
    clock,
    warn: (sentence) => warnings.push(sentence),
    ...(bootClock === undefined ? {} : { bootClock }),
  });

describe('version files', () => {
  test('are private, and bounded in number', async () => {
    const store = open();
    for (let version = 0; version < KEEP + 20; version += 1) {
      await store.write({ version, epoch: null }, markedRecord(host));
    }
    const records = join(directory, 'hosts', host, 'records');
    const files = await readdir(records);
    expect(files).toHaveLength(KEEP);
    expect((await stat(records)).mode & 0o777).toBe(0o700);
    expect((await stat(join(records, files[0] ?? ''))).mode & 0o777).toBe(0o600);
    expect((await storedAt(store, host)).version).toBe(KEEP + 20);
  });

  test('a number that was pruned and taken once more is uncertain, and never read', async () => {
    const commit = createCommit({ root: directory, now: clock.now });
    const chain = join(directory, 'chain');
    for (let number = 1; number <= KEEP + 10; number += 1) {
      expect((await commit(chain, number, `text ${String(number)}`)).kind).toBe('committed');
    }
    expect(await commit(chain, 5, 'from a writer that slept')).toMatchObject({
      kind: 'uncertain',
      why: expect.stringContaining('slept') as string,
    });
    expect((await newest(chain))?.text).toBe(`text ${String(KEEP + 10)}`);
    expect(await commit(chain, KEEP + 10, 'late')).toEqual({ kind: 'taken' });
  });

  test('what killed writers left behind goes after an hour', async () => {
    const store = open();
    await store.write({ version: 0, epoch: null }, markedRecord(host));
    const records = join(directory, 'hosts', host, 'records');
    const old = join(records, `.tmp-${String(Date.now() - 3_700_000)}-1-ab`);
    const young = join(records, `.tmp-${String(Date.now())}-1-cd`);
    for (const path of [old, young]) await writeFile(path, '{');
    expect((await store.write({ version: 1, epoch: null }, markedRecord(host))).kind).toBe(
      'applied',
    );
    const left = (await readdir(records)).filter((name) => name.startsWith('.tmp'));
    expect(left.map((name) => join(records, name))).toEqual([young]);
    const stale = join(directory, 'nudges', 'compute-1~9-ab~1');
    await writeFile(stale, '');
    await utimes(stale, 0, 0);
    expect(await store.check()).toBeNull();
    expect(await readdir(join(directory, 'nudges'))).toEqual([]);
  });

  test('what cannot be read of one host hides no other', async () => {
    const store = open();
    await store.write({ version: 0, epoch: null }, markedRecord(host));
    const hosts = join(directory, 'hosts');
    await writeFile(join(hosts, 'README'), 'a file of somebody');
    await symlink('circle', join(hosts, 'circle'));
    await mkdir(join(hosts, 'closed', 'records'), { recursive: true });
    await chmod(join(hosts, 'closed'), 0o000);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) {
      for (const path of ['', 'hosts', 'hosts/compute-1', 'hosts/compute-1/records']) {
        await chown(join(directory, path), NOBODY, NOBODY);
      }
      await chown(join(hosts, host, 'records', '000000000001.json'), NOBODY, NOBODY);
      process.seteuid?.(NOBODY);
    }
    try {
      const list = valueOf(await open().list());
      expect(list.filter(isUnreadable).map((summary) => summary.host)).toEqual(
        expect.arrayContaining(['README', 'circle', 'closed']),
      );
      expect(list.find((summary) => summary.host === host)).toMatchObject({ phase: 'marked' });
      expect(await open().check()).toMatch(/hosts\/README.*\(ENOTDIR\)|circle.*\(ELOOP\)/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(join(hosts, 'closed'), 0o700);
    }
  });

  test('something else among the hosts is named', async () => {
    const store = open();
    await mkdir(join(directory, 'hosts', 'lost found'), { recursive: true });
    const list = await store.list();
    const bad = list.kind === 'known' ? list.value.find(isUnreadable) : undefined;
    expect(bad?.reasons[0]?.values['detail']).toMatch(/hosts\/lost found.*move it away/);
    expect(await store.check()).toMatch(/hosts\/lost found.*move it away/);
  });
});

describe('leases of other boots and machines', () => {
  const clockOf = (machine: string, boot: string, read: () => number): BootClock => ({
    machine,
    boot,
    monotonicMs: read,
  });

  test('a lease died with its boot', async () => {
    const before = open(clockOf('ctl-1', 'boot-1', () => 9_000_000));
    expect(valueOf(await before.lease(host, anna, 60_000)).kind).toBe('granted');
    const after = open(clockOf('ctl-1', 'boot-2', () => 10));
    expect(valueOf(await after.lease(host, bert, 60_000))).toEqual({ kind: 'granted', epoch: 2 });
  });

  test('one of another machine lasts as long as it is seen unchanged', async () => {
    let now = 100;
    const there = open(clockOf('ctl-1', 'boot-1', () => 5));
    const here = open(clockOf('ctl-2', 'boot-2', () => now));
    const ask = async (): Promise<string> => valueOf(await here.lease(host, bert, 1000)).kind;
    await there.lease(host, anna, 1000);
    expect(await ask()).toBe('held');
    now += 999;
    expect(await ask()).toBe('held');
    await there.lease(host, anna, 1000);
    now += 999;
    expect(await ask()).toBe('held');
    now += 999;
    expect(await ask()).toBe('held');
    now += 1;
    expect(await ask()).toBe('granted');
  });

  test('epochs go on after the leases were wiped', async () => {
    const store = open();
    for (let epoch = 1; epoch <= 3; epoch += 1) {
      expect(valueOf(await store.lease(host, anna, 60_000))).toEqual({ kind: 'granted', epoch });
      await store.release(host, anna);
    }
    await rm(join(directory, 'hosts', host, 'leases'), { recursive: true });
    expect(valueOf(await store.lease(host, bert, 60_000))).toEqual({ kind: 'granted', epoch: 4 });
  });

  test('a holder whose record still has an older epoch has it lifted by its renewal', async () => {
    const store = open();
    await store.write({ version: 0, epoch: null }, markedRecord(host));
    await store.lease(host, anna, 60_000);
    // As if the process had been killed between taking the lease and lifting the epoch.
    const records = join(directory, 'hosts', host, 'records');
    await rm(join(records, (await readdir(records)).sort().at(-1) ?? ''));
    expect((await storedAt(store, host)).epoch).toBe(0);
    expect(valueOf(await store.lease(host, anna, 60_000))).toEqual({ kind: 'granted', epoch: 1 });
    expect(await storedAt(store, host)).toMatchObject({ epoch: 1, version: 1 });
  });

  test('a damaged lease is unknown, and said where it lies', async () => {
    const store = open();
    await store.lease(host, anna, 60_000);
    await writeFile(join(directory, 'hosts', host, 'leases', '000000000001.json'), '{"by":7}');
    const lease = await store.lease(host, anna, 60_000);
    expect(lease.kind === 'unknown' && lease.why).toMatch(/leases\/0+1\.json is damaged: .*remove/);
  });
});

describe('disks in trouble', () => {
  test('a path that is a file, a directory that others may write to', async () => {
    const path = join(directory, 'file');
    await writeFile(path, '');
    const store = createFileStore({ directory: join(path, 'store'), clock });
    expect(await store.check()).toMatch(/part of this path is a file.*\(ENOTDIR\)/);
    expect(await store.write({ version: 0, epoch: null }, markedRecord(host))).toMatchObject({
      kind: 'refused',
      refusal: { cause: 'not-sent' },
    });
    expect((await store.list()).kind).toBe('unknown');
    await store.append([]);
    await chmod(directory, 0o777);
    expect(await open().check()).toMatch(/other users can write to it.*chmod 0700/);
  });

  test('a directory whose parent may be passed through but not read', async () => {
    const root = join(directory, 'store');
    await mkdir(root, { mode: 0o700 });
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) await run('chown', ['-R', String(NOBODY), directory]);
    await chmod(directory, 0o311);
    // Root may read everything.
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      const store = createFileStore({ directory: root, clock });
      expect(await store.check()).toBeNull();
      expect(await store.write({ version: 0, epoch: null }, markedRecord(host))).toEqual({
        kind: 'applied',
        value: { version: 1 },
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(directory, 0o700);
    }
  });

  test('a full and a read-only filesystem refuse writes and keep what is there', async () => {
    // Only root can mount one; elsewhere the other tests must do.
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'x', directory])
      .then(() => true)
      .catch(() => false);
    if (!mounted) return;
    try {
      const store = open();
      await store.write({ version: 0, epoch: null }, markedRecord(host));
      const full = await store.write({ version: 1, epoch: null }, fullRecord(2000, host));
      expect(full).toMatchObject({
        kind: 'refused',
        refusal: { message: expect.stringMatching(/the disk is full.*\(ENOSPC\)/) as string },
      });
      expect(await storedAt(store, host)).toMatchObject({ version: 1 });
      expect((await store.write({ version: 1, epoch: null }, markedRecord(host))).kind).toBe(
        'applied',
      );
      await run('mount', ['-o', 'remount,ro', directory]);
      const readOnly = await store.write({ version: 2, epoch: null }, markedRecord(host));
      expect(readOnly).toMatchObject({
        kind: 'refused',
        refusal: { message: expect.stringMatching(/mounted read-only.*\(EROFS\)/) as string },
      });
      expect(await store.check()).toMatch(/mounted read-only/);
      expect(await store.lease(host, anna, 1000)).toMatchObject({ kind: 'unknown' });
      await store.nudge(host);
      expect(warnings.join()).toMatch(/mounted read-only/);
      expect(await storedAt(store, host)).toMatchObject({ version: 2 });
    } finally {
      await run('umount', [directory]);
    }
  });
});

describe('history in files', () => {
  const line = (at: number): HistoryEntry => ({
    at,
    host,
    event: asEvent('e'),
    what: 'landed',
    instance: null,
    detail: '',
  });

  test('goes on in a new segment when one is full, and forgets the oldest', async () => {
    const history = createFileHistory(directory, 300);
    for (let at = 1; at <= 60; at += 1) await history.append([line(at)]);
    const kept = await history.newest({ limit: 100 });
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length).toBeLessThan(20);
    expect(kept.map(({ at }) => at)).toEqual(kept.map((_, index) => 60 - index));
    expect(await readdir(directory)).toHaveLength(4);
  });

  test('forgets what a crash has left over, too', async () => {
    for (const number of [1, 2, 3, 9]) {
      await writeFile(join(directory, `history-00000${String(number)}.jsonl`), 'x'.repeat(400));
    }
    const history = createFileHistory(directory, 300);
    await history.append([line(1)]);
    expect((await readdir(directory)).sort()).toEqual([
      'history-000009.jsonl',
      'history-000010.jsonl',
    ]);
  });

  test('a line cut short by a crash costs at most its neighbour', async () => {
    const history = createFileHistory(directory);
    await history.append([line(1)]);
    await appendFile(join(directory, 'history-000001.jsonl'), '{"format":1,"his');
    await history.append([line(2)]);
    await history.append([line(3)]);
    const ats = (await history.newest({ limit: 9 })).map(({ at }) => at);
    expect(ats).toEqual([3, 1]);
  });
});
