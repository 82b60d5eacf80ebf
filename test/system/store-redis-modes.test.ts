import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createRedisStore, type RedisStore } from '../../src/adapters/store/redis.ts';
import type { RedisOptions } from '../../src/adapters/store/redis-options.ts';
import { asEvent, asHost, asWorker, type HostName } from '../../src/domain/ids.ts';
import {
  freePort,
  makeCertificates,
  startCluster,
  startRedis,
  startSentinels,
} from '../support/redis-server.ts';
import { storedAt, valueOf } from '../support/store-contract.ts';
import { fullRecord, markedRecord } from '../support/record.ts';
import { until } from '../support/until.ts';

const one = asHost('compute-1');
const anna = asWorker('anna');
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function open(redis: RedisOptions): RedisStore {
  const store = createRedisStore({ redis, clock: { now: () => Date.now() } });
  ends.push(() => store.close());
  return store;
}

/**
 * Writes a record until it is acknowledged as durable: on a busy machine a replica that has just
 * joined may confirm too late, and then the write is, rightly, uncertain.
 */
async function acknowledge(store: RedisStore, host: HostName): Promise<void> {
  await until(async () => {
    const read = await store.read(host);
    if (read.kind === 'unknown') return false;
    const version = read.value?.version ?? 0;
    return (await store.write({ version, epoch: null }, markedRecord(host))).kind === 'applied';
  }, 30_000);
}

/** The whole port once: enough to see that a way of connecting carries everything. */
async function exercise(store: RedisStore): Promise<void> {
  expect(await store.check()).toBeNull();
  const before = valueOf(await store.list()).length;
  const told: string[] = [];
  const watch = store.watch((host) => told.push(host));
  for (let index = 0; index < 8; index += 1) {
    const host = asHost(`node-${String(index)}`);
    const outcome = await store.write({ version: 0, epoch: null }, fullRecord(3, host));
    expect(outcome).toEqual({ kind: 'applied', value: { version: 1 } });
    const grant = valueOf(await store.lease(host, anna, 60_000));
    expect(grant).toEqual({ kind: 'granted', epoch: 1 });
    const next = await store.write({ version: 1, epoch: 1 }, markedRecord(host));
    expect(next).toEqual({ kind: 'applied', value: { version: 2 } });
    expect(await store.write({ version: 1, epoch: 1 }, markedRecord(host))).toMatchObject({
      kind: 'refused',
      refusal: { cause: 'wrong-state' },
    });
    await store.release(host, anna);
  }
  expect(valueOf(await store.list())).toHaveLength(before + 8);
  const event = asEvent('e');
  await store.append([{ at: 1, host: one, event, what: 'marked', instance: null, detail: '' }]);
  expect(valueOf(await store.history({ limit: 9 }))).toHaveLength(1);
  await until(async () => {
    await store.nudge(one);
    return told.includes(one);
  });
  watch.close();
}

describe('ways to Redis', () => {
  test('a unix socket and another database', async () => {
    const server = await startRedis();
    ends.push(() => server.stop());
    const store = open({ url: `unix://${server.socket}?db=5` });
    await exercise(store);
    expect(store.description).toContain('database 5');
    expect(await server.cli('-n', '5', 'exists', 'nova-ha:hosts')).toBe('1');
    expect(await server.cli('-n', '0', 'dbsize')).toBe('0');
  });

  test('a watch says when it stands, and after every break: nobody resends what it missed', async () => {
    const server = await startRedis();
    ends.push(() => server.stop());
    const url = `redis://127.0.0.1:${String(server.port)}`;
    const [store, other] = [open({ url }), open({ url })];
    const told: HostName[] = [];
    let gaps = 0;
    store.watch(
      (host) => told.push(host),
      () => (gaps += 1),
    );
    await until(() => gaps === 1);
    // From now on every nudge arrives: once is enough.
    await other.nudge(one);
    await until(() => told.includes(one));
    await server.cli('client', 'kill', 'type', 'pubsub');
    await until(() => gaps === 2);
    const two = asHost('compute-2');
    await other.nudge(two);
    await until(() => told.includes(two));
  });

  test('a password, right and wrong and missing, never in a message', async () => {
    const secret = 'p@ss:w/rd-4711';
    const server = await startRedis({
      lines: [`requirepass ${secret}`],
      cliArgv: ['--no-auth-warning', '-a', secret],
    });
    ends.push(() => server.stop());
    const at = `127.0.0.1:${String(server.port)}`;
    const good = open({ url: `redis://:${encodeURIComponent(secret)}@${at}/1` });
    await exercise(good);
    expect(good.description).not.toContain('4711');
    const wrong = open({ url: `redis://${at}`, password: `${secret}x` });
    expect(await wrong.check()).toMatch(/refuses user name or password: check store.redis/);
    expect(await wrong.write({ version: 0, epoch: null }, markedRecord(one))).toMatchObject({
      kind: 'refused',
    });
    const read = await open({ url: `redis://${at}` }).read(one);
    expect(read.kind === 'unknown' && read.why).toMatch(/wants a password: set store.redis/);
    expect(JSON.stringify([await wrong.read(one), read])).not.toContain('4711');
  });

  test('an ACL user with the rights that the message names', async () => {
    const acl = 'user nova on >secret-1 ~nova-ha:* &nova-ha:* +@all -@admin +config|get +info';
    const weak = 'user weak on >secret-2 ~other:* +@read';
    const server = await startRedis({ lines: [acl, weak] });
    ends.push(() => server.stop());
    const url = `redis://127.0.0.1:${String(server.port)}`;
    await exercise(open({ url, username: 'nova', password: 'secret-1' }));
    const problem = await open({ url, username: 'weak', password: 'secret-2' }).check();
    expect(problem).toMatch(/the Redis user lacks a right: give it/);
  });

  test('a user that may not see whether there are replicas has nothing acknowledged', async () => {
    const acl = 'user nova on >secret-1 ~nova-ha:* &nova-ha:* +@all -@admin -info';
    const server = await startRedis({ lines: [acl] });
    ends.push(() => server.stop());
    const url = `redis://127.0.0.1:${String(server.port)}`;
    const store = open({ url, username: 'nova', password: 'secret-1' });
    const outcome = await store.write({ version: 0, epoch: null }, markedRecord(one));
    expect(outcome).toMatchObject({
      kind: 'refused',
      refusal: {
        cause: 'forbidden',
        message: expect.stringContaining('the Redis user lacks a right: give it') as string,
      },
    });
    expect(valueOf(await store.read(one))).toBeNull();
  });

  test('a server that is away makes no noise, however many ask', async () => {
    const heard: string[] = [];
    const hear = (warning: Error): void => void heard.push(warning.message);
    process.on('warning', hear);
    ends.push(() => Promise.resolve(process.off('warning', hear)));
    const store = open({ url: `redis://127.0.0.1:${String(await freePort())}` });
    const asked = Array.from({ length: 50 }, (_, n) => store.read(asHost(`node-${String(n)}`)));
    for (const read of await Promise.all(asked)) expect(read.kind).toBe('unknown');
    expect(heard).toEqual([]);
  });

  test('TLS with our authority, without it, and with a client certificate', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nova-ha-tls-'));
    ends.push(() => rm(directory, { recursive: true }));
    const { ca, cert, key } = await makeCertificates(directory);
    const port = await freePort();
    const files = [`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${ca}`];
    const server = await startRedis({ lines: [`tls-port ${String(port)}`, ...files] });
    ends.push(() => server.stop());
    const url = `rediss://127.0.0.1:${String(port)}`;
    await exercise(open({ url, tls: { ca, cert, key } }));
    const strange = await open({ url, tls: { cert, key } }).check();
    expect(strange).toMatch(/certificate authority is unknown: set store.redis.tls.ca/);
    expect(await open({ url, tls: { insecure: true, cert, key } }).check()).toBeNull();
    const missing = await open({ url, tls: { ca: join(directory, 'absent') } }).check();
    expect(missing).toMatch(/store.redis.tls.ca: .*absent/);
  });

  test.each([
    [{}, /exactly one of store.redis.url, sentinels and cluster/],
    [{ url: 'http://x' }, /must look like redis:\/\//],
    [{ url: 'redis://x/abc' }, /"abc" is no database number/],
    [{ url: 'redis://x?db=3' }, /"\?db=3" is not understood: .* redis:\/\/host:6379\/3/],
    [{ url: 'redis://x/1?timeout=5' }, /"\?timeout=…" is not understood/],
    [{ url: 'unix://run/redis.sock' }, /a path with three slashes: unix:\/\/\/run\/redis.sock/],
    [{ url: 'redis://:50%@x' }, /"%" .* must be written %25/],
    [{ url: 'redis:///0' }, /names no host/],
    [{ sentinels: ['a:b:c'] }, /"a:b:c" is no address/],
    [{ cluster: ['a'], db: 3 }, /database 0 only/],
  ])('options %j are refused with what is wrong', async (redis, message) => {
    const store = open(redis);
    expect(await store.check()).toMatch(message);
    expect(await store.lease(one, anna, 1000)).toMatchObject({ kind: 'unknown' });
  });
});

describe('several servers', () => {
  test('a Cluster of three masters carries hosts in different slots', async () => {
    const servers = await startCluster(3, 0);
    ends.push(() => Promise.all(servers.map((server) => server.stop())));
    const cluster = servers.slice(0, 2).map(({ port }) => `127.0.0.1:${String(port)}`);
    await exercise(open({ cluster }));
    const sizes = await Promise.all(servers.map((server) => server.cli('dbsize')));
    expect(sizes.filter((size) => size !== '0').length).toBeGreaterThan(1);
    const direct = open({ url: `redis://127.0.0.1:${String(servers[0]?.port)}` });
    expect(await direct.check()).toMatch(/belongs to a Cluster: use store.redis.cluster/);
  });

  test('a Cluster survives the loss of a master', async () => {
    const servers = await startCluster(3, 1);
    ends.push(() => Promise.all(servers.map((server) => server.stop())));
    const store = open({ cluster: servers.map(({ port }) => `127.0.0.1:${String(port)}`) });
    const hosts = Array.from({ length: 12 }, (_, index) => asHost(`node-${String(index)}`));
    for (const host of hosts) await acknowledge(store, host);
    servers[0]?.signal('SIGKILL');
    for (const host of hosts) {
      let version = 0;
      await until(async () => {
        const stored = await store.read(host);
        if (stored.kind === 'unknown') return false;
        version = stored.value?.version ?? -1;
        const outcome = await store.write({ version, epoch: null }, markedRecord(host));
        return outcome.kind === 'applied';
      }, 30_000);
      expect(version).toBeGreaterThan(0);
    }
    expect(valueOf(await store.list())).toHaveLength(12);
  });

  test('with Sentinels, acknowledged marks survive the death of the master', async () => {
    const set = await startSentinels();
    ends.push(() => set.stop());
    const store = open({ sentinels: set.sentinels });
    expect(await store.warnings()).toEqual([
      expect.stringContaining('min-replicas-to-write 1') as string,
    ]);
    await acknowledge(store, one);
    await exercise(store);
    const acknowledged: string[] = [];
    for (let index = 0; index < 50; index += 1) {
      const host = asHost(`late-${String(index)}`);
      const outcome = await store.write({ version: 0, epoch: null }, markedRecord(host));
      if (outcome.kind === 'applied') acknowledged.push(host);
    }
    set.master.signal('SIGKILL');
    expect(acknowledged.length).toBeGreaterThan(25);
    await acknowledge(store, asHost('after'));
    const hosts = valueOf(await store.list()).map(({ host }) => host);
    expect(hosts).toEqual(expect.arrayContaining(acknowledged));
  });

  test('a failover that is announced while the master is being looked for', async () => {
    const set = await startSentinels();
    ends.push(() => set.stop());
    const store = open({ sentinels: set.sentinels });
    const told: HostName[] = [];
    store.watch((host) => told.push(host));
    await acknowledge(store, one);
    // The machine of the master and of one Sentinel is gone: who asks that one waits for an answer.
    set.watchers[0]?.signal('SIGSTOP');
    set.master.signal('SIGKILL');
    await until(async () => (await store.read(one)).kind === 'known', 30_000);
    await until(() => {
      void store.nudge(one);
      return told.includes(one);
    }, 30_000);
  });

  test('with Sentinels, a master that hangs is left, and is shut out when it wakes', async () => {
    const set = await startSentinels();
    ends.push(() => set.stop());
    const store = open({ sentinels: set.sentinels });
    await store.write({ version: 0, epoch: null }, markedRecord(one));
    set.master.signal('SIGSTOP');
    let version = 1;
    await until(async () => {
      const outcome = await store.write({ version, epoch: null }, fullRecord(2));
      const read = await store.read(one);
      version = (read.kind === 'known' ? read.value?.version : null) ?? version;
      return outcome.kind === 'applied';
    }, 30_000);
    set.master.signal('SIGCONT');
    await until(async () => (await set.master.cli('role')).startsWith('slave'));
    await acknowledge(store, one);
    expect((await storedAt(store, one)).version).toBeGreaterThan(version);
  });

  test('a write that no replica confirms is uncertain', async () => {
    const master = await startRedis();
    ends.push(() => master.stop());
    const replica = await startRedis({ lines: [`replicaof 127.0.0.1 ${String(master.port)}`] });
    ends.push(() => replica.stop());
    await until(async () => (await master.cli('info', 'replication')).includes('state=online'));
    const store = open({ url: `redis://127.0.0.1:${String(master.port)}` });
    expect((await store.write({ version: 0, epoch: null }, markedRecord(one))).kind).toBe(
      'applied',
    );
    replica.signal('SIGSTOP');
    expect(await store.write({ version: 1, epoch: null }, markedRecord(one))).toMatchObject({
      kind: 'refused',
      refusal: { message: expect.stringContaining('no replica has confirmed') as string },
    });
    expect(await store.lease(one, anna, 1000)).toMatchObject({ kind: 'unknown' });
    const grant = await store.write({ version: 1, epoch: 1 }, markedRecord(one));
    expect(grant).toMatchObject({ kind: 'uncertain' });
    expect((await storedAt(store, one)).version).toBe(2);
    replica.signal('SIGCONT');
    await acknowledge(store, one);
    const read = open({ url: `redis://127.0.0.1:${String(replica.port)}` });
    expect(await read.check()).toMatch(/read-only replica: name the master, or use Sentinels/);
  });
});
