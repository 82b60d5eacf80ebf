import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KEEP } from '../../src/adapters/store/file-chain.ts';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { createRedisStore, type RedisStore } from '../../src/adapters/store/redis.ts';
import { asHost } from '../../src/domain/ids.ts';
import type { Store } from '../../src/engine/ports.ts';
import { fullRecord } from '../support/record.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { storedAt, valueOf } from '../support/store-contract.ts';
import {
  prepareCounting,
  type ChildOrder,
  type CountingProcess,
} from '../support/store-process.ts';
import { until } from '../support/until.ts';

const host = asHost('compute-1');
const clock = { now: () => Date.now() };
let directory: string;
let server: RedisServer;
let start: (order: ChildOrder) => CountingProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nova-ha-faults-'));
  server = await startRedis();
  start = await prepareCounting(directory);
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

async function openRedis(): Promise<RedisStore> {
  await server.cli('flushall');
  const url = `redis://127.0.0.1:${String(server.port)}`;
  const store = createRedisStore({ redis: { url }, clock });
  await store.write({ version: 0, epoch: null }, fullRecord(20, host));
  return store;
}

async function openFile(name: string): Promise<Store> {
  const store = createFileStore({ directory: join(directory, name), clock });
  await store.write({ version: 0, epoch: null }, fullRecord(20, host));
  return store;
}

/** Where child processes find a store. */
const placeOf = (kind: 'file' | 'redis', name: string): { directory: string } | { url: string } =>
  kind === 'file'
    ? { directory: join(directory, name) }
    : { url: `redis://127.0.0.1:${String(server.port)}` };

describe.each(['file', 'redis'] as const)('processes on one %s store', (kind) => {
  test('six of them count to an exact sum', async () => {
    const at = placeOf(kind, 'sum');
    const store = await (kind === 'file' ? openFile('sum') : openRedis());
    const children = Array.from({ length: 6 }, () => start({ ...at, host, rounds: 40 }));
    const ends = await Promise.all(children.map(({ ended }) => ended));
    expect(ends).toEqual(children.map(() => 'done'));
    const stored = await storedAt(store, host);
    expect(stored.evacuation.life.moves).toBe(240);
    expect(stored.version).toBe(241);
    const all = children.flatMap(({ acknowledged }) => acknowledged).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 240 }, (_, index) => index + 1));
    await store.close();
  });

  test('killed at any point, they leave a whole store with all that was acknowledged', async () => {
    const at = placeOf(kind, 'killed');
    const store = await (kind === 'file' ? openFile('killed') : openRedis());
    for (let round = 0; round < 12; round += 1) {
      const before = (await storedAt(store, host)).evacuation.life.moves;
      const children = [1, 2].map(() => start({ ...at, host, rounds: 1_000_000 }));
      // Another number of acknowledged writes each time, so that the kill falls elsewhere.
      await until(() => children.every(({ acknowledged }) => acknowledged.length > 3 + round));
      for (const child of children) child.kill();
      const ends = await Promise.all(children.map(({ ended }) => ended));
      expect(ends).toEqual(['killed', 'killed']);
      const { evacuation } = await storedAt(store, host);
      const newest = Math.max(...children.flatMap(({ acknowledged }) => acknowledged));
      const count = children.flatMap(({ acknowledged }) => acknowledged).length;
      expect(evacuation.life.moves).toBeGreaterThanOrEqual(newest);
      // At most the last write of each was done and not told.
      expect(evacuation.life.moves - before).toBeLessThanOrEqual(count + 2);
      expect(valueOf(await store.list())).toHaveLength(1);
    }
    if ('directory' in at) {
      const files = await readdir(join(at.directory, 'hosts', host, 'records'));
      expect(files.filter((file) => !file.startsWith('.')).length).toBeLessThanOrEqual(KEEP + 2);
    }
    await store.close();
  });
});

test('acknowledged writes survive kill -9 of Redis, and the store goes on by itself', async () => {
  const store = await openRedis();
  for (let round = 0; round < 3; round += 1) {
    const { version, evacuation } = await storedAt(store, host);
    const { life } = evacuation;
    const next = { ...evacuation, life: { ...life, moves: life.moves + 1 } };
    expect((await store.write({ version, epoch: null }, next)).kind).toBe('applied');
    await server.restart();
    await until(async () => (await store.read(host)).kind === 'known');
    expect((await storedAt(store, host)).evacuation.life.moves).toBe(round + 1);
    expect(await store.check()).toBeNull();
  }
  await store.close();
});

test('a Redis that hangs: reads are unknown, writes uncertain, and it is forgotten when it wakes', async () => {
  const store = await openRedis();
  const { version, evacuation } = await storedAt(store, host);
  server.signal('SIGSTOP');
  const [write, read] = await Promise.all([
    store.write({ version, epoch: 0 }, evacuation),
    store.read(host),
  ]);
  expect(write.kind).toBe('uncertain');
  expect(read.kind).toBe('unknown');
  expect(await store.check()).toMatch(/Redis at 127\.0\.0\.1/);
  server.signal('SIGCONT');
  await until(async () => (await store.read(host)).kind === 'known');
  const after = await storedAt(store, host);
  expect([version, version + 1]).toContain(after.version);
  const again = await store.write({ version: after.version, epoch: 0 }, evacuation);
  expect(again.kind).toBe('applied');
  await store.close();
});

test('a Redis that is not there refuses and says what to do', async () => {
  const gone = await startRedis();
  await gone.stop();
  const url = `redis://127.0.0.1:${String(gone.port)}`;
  const store = createRedisStore({ redis: { url }, clock });
  expect(await store.write({ version: 0, epoch: null }, fullRecord(1, host))).toMatchObject({
    kind: 'refused',
    refusal: {
      cause: 'not-sent',
      message: expect.stringMatching(
        /127\.0\.0\.1:\d+.*start Redis or correct the address/,
      ) as string,
    },
  });
  expect((await store.list()).kind).toBe('unknown');
  await store.nudge(host);
  await store.append([]);
  await store.close();
});

test('Redis in trouble: what is wrong and how to mend it', async () => {
  const store = await openRedis();
  const write = async (): Promise<string> => {
    const outcome = await store.write({ version: 1, epoch: null }, fullRecord(2, host));
    return outcome.kind === 'refused' ? outcome.refusal.message : outcome.kind;
  };
  await server.cli('config', 'set', 'maxmemory', '100kb');
  expect(await write()).toMatch(/used up maxmemory: raise it/);
  await server.cli('config', 'set', 'maxmemory', '100mb');
  await server.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru');
  expect(await store.check()).toMatch(/may evict marks .* maxmemory-policy noeviction/);
  await server.cli('config', 'set', 'maxmemory', '0');
  await server.cli('config', 'set', 'appendonly', 'no');
  const warnings = await store.warnings();
  expect(warnings.join()).toMatch(/appendonly is off.*CONFIG SET maxmemory-policy noeviction/);
  await server.cli('config', 'set', 'maxmemory-policy', 'noeviction');
  await server.cli('config', 'set', 'appendonly', 'yes');
  await server.cli('config', 'set', 'min-replicas-to-write', '1');
  expect(await write()).toMatch(/too few replicas for min-replicas-to-write/);
  await server.cli('config', 'set', 'min-replicas-to-write', '0');
  await server.cli('script', 'flush');
  expect(await write()).toBe('applied');
  expect(await store.check()).toBeNull();
  await store.close();
});

test('keys of somebody else under our prefix are found and left alone', async () => {
  const store = await openRedis();
  const other = asHost('compute-2');
  await server.cli('sadd', 'nova-ha:hosts', other);
  for (const command of [
    ['set', 'nova-ha:{compute-2}:record', 'x'],
    ['hset', 'nova-ha:{compute-2}:record', 'version', 'many'],
    ['hset', 'nova-ha:{compute-2}:record', 'colour', 'blue'],
  ]) {
    await server.cli('del', 'nova-ha:{compute-2}:record');
    await server.cli(...command);
    const before = await server.cli('dump', 'nova-ha:{compute-2}:record');
    const outcome = await store.write({ version: 0, epoch: null }, fullRecord(1, other));
    expect(outcome).toMatchObject({
      kind: 'refused',
      refusal: { message: expect.stringMatching(/choose another store.redis.prefix/) as string },
    });
    expect(await server.cli('dump', 'nova-ha:{compute-2}:record')).toBe(before);
  }
  await server.cli('del', 'nova-ha:{compute-2}:record');
  await server.cli('sadd', 'nova-ha:hosts', '../x');
  expect(await store.check()).toMatch(/nova-ha:hosts holds "..\/x", which is no host/);
  await server.cli('del', 'nova-ha:hosts');
  await server.cli('set', 'nova-ha:hosts', 'x');
  expect(await store.check()).toMatch(/nova-ha:hosts is a string of somebody else/);
  await store.close();
});
