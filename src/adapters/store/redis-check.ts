import { Cluster, type Redis } from 'ioredis';
import type { RedisClient, RedisConnection } from './redis-connection.ts';

/** Every server that takes our writes. */
const mastersOf = (client: RedisClient): readonly Redis[] =>
  client instanceof Cluster ? client.nodes('master') : [client];

type Info = Readonly<Record<string, string>>;

async function infoOf(server: Redis): Promise<Info> {
  const text = await server.info();
  const pairs = text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
  });
  return Object.fromEntries(pairs);
}

/**
 * Null when the server can carry marks; else what is wrong. `keys` are the ones that are not a host's, with
 * the type that each must have.
 */
export async function checkRedis(options: {
  readonly connection: RedisConnection;
  readonly keys: Readonly<Record<string, 'set' | 'stream' | 'hash'>>;
  readonly probe: string;
}): Promise<string | null> {
  const reply = await options.connection.run(async (client) => {
    for (const [key, type] of Object.entries(options.keys)) {
      const found = await client.type(key);
      if (found !== type && found !== 'none') {
        return `the key ${key} is a ${found} of somebody else: choose another store.redis.prefix`;
      }
    }
    await client.eval("return redis.call('SET', KEYS[1], '1', 'PX', 1000)", 1, options.probe);
    for (const server of mastersOf(client)) {
      const problem = evictionProblem(await infoOf(server));
      if (problem !== null) return problem;
    }
    return null;
  });
  return reply.kind === 'reply' ? reply.value : reply.why;
}

function evictionProblem(info: Info): string | null {
  const policy = info['maxmemory_policy'] ?? 'noeviction';
  // The volatile policies evict only keys with an expiry, and marks have none.
  if (info['maxmemory'] === '0' || !policy.startsWith('allkeys')) return null;
  return `Redis may evict marks when its memory is full: CONFIG SET maxmemory-policy noeviction (it is ${policy})`;
}

/** What does not stop us but puts marks at risk; empty also when the server cannot be reached. */
export async function redisWarnings(connection: RedisConnection): Promise<readonly string[]> {
  const reply = await connection.run(async (client) => {
    const infos = await Promise.all(mastersOf(client).map(infoOf));
    return infos.flatMap(warningsOf);
  });
  return reply.kind === 'reply' ? [...new Set(reply.value)] : [];
}

function warningsOf(info: Info): readonly string[] {
  const warnings: string[] = [];
  if (info['aof_enabled'] === '0') {
    warnings.push(
      'Redis forgets acknowledged marks when it crashes (appendonly is off): CONFIG SET appendonly yes',
    );
  }
  if (info['aof_last_write_status'] === 'err' || info['rdb_last_bgsave_status'] === 'err') {
    warnings.push('Redis could not write to its disk: see its log, mend the disk');
  }
  const policy = info['maxmemory_policy'] ?? 'noeviction';
  if (policy !== 'noeviction') {
    warnings.push(`Redis evicts keys (${policy}): CONFIG SET maxmemory-policy noeviction`);
  }
  const hasReplicas = Number(info['connected_slaves'] ?? '0') > 0;
  if (hasReplicas && info['min_slaves_good_slaves'] === undefined) {
    warnings.push(
      'a master that is cut off from its replicas goes on taking writes that a failover forgets: CONFIG SET min-replicas-to-write 1',
    );
  }
  return warnings;
}
