import type { HostName } from '../../domain/ids.ts';
import { sentenceOf } from '../../domain/reason.ts';
import { isUnreadable } from '../../domain/summary.ts';
import type { Instant } from '../../domain/time.ts';
import type { HistoryEntry, Store } from '../../engine/ports.ts';
import { encodeHistory } from './codec.ts';
import { createRedisBoard } from './redis-board.ts';
import { checkRedis, redisWarnings } from './redis-check.ts';
import { createRedisConnection, type RedisConnection, type Reply } from './redis-connection.ts';
import { createDurable } from './redis-durable.ts';
import { createRedisNudges } from './redis-nudges.ts';
import { planRedis, type RedisOptions, type RedisTimes } from './redis-options.ts';
import { createRedisReads, type RedisNames } from './redis-reads.ts';
import { RELEASE } from './redis-scripts.ts';
import { createRedisWrites } from './redis-writes.ts';

/** Parameters of the Redis store. */
export interface RedisStoreOptions {
  readonly redis: RedisOptions;
  readonly clock: { now(): Instant };
  /** Takes what goes wrong in best-effort work (history, nudges): one sentence each. */
  readonly warn?: (sentence: string) => void;
  /** How long to wait; by default 1 s for a connection and 1.5 s for an answer. */
  readonly times?: RedisTimes;
  /** How many lines of history are kept, roughly. */
  readonly historyLimit?: number;
}

/** The store in Redis, with what only Redis can tell. */
export interface RedisStore extends Store {
  /** What does not stop the service but puts marks at risk, each with its remedy. */
  warnings(): Promise<readonly string[]>;
}

const TIMES: RedisTimes = { connectMs: 1000, commandMs: 1500 };

/**
 * The store in Redis: standalone, behind Sentinels, or a Cluster. `<prefix>:{host}:record` is a hash
 * without expiry (version, epoch, summary, record), `<prefix>:{host}:lease` a string with one;
 * `<prefix>:hosts` is the index of hosts, `<prefix>:history` a capped stream, `<prefix>:switches` a
 * hash with what operators switched. What changes a record is a script (see redis-scripts.ts); where
 * there are replicas it counts only when one has confirmed it, else it is uncertain.
 */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { clock, warn = () => undefined, times = TIMES, historyLimit = 10_000 } = options;
  const { prefix = 'nova-ha' } = options.redis;
  const plan = planRedis(options.redis, times);
  const connection = createRedisConnection(plan, times);
  const durably = createDurable(connection);
  const now = (): Instant => clock.now();
  const names: RedisNames = {
    hosts: `${prefix}:hosts`,
    history: `${prefix}:history`,
    switches: `${prefix}:switches`,
    record: (host: HostName): string => `${prefix}:{${host}}:record`,
    lease: (host: HostName): string => `${prefix}:{${host}}:lease`,
  };
  const nudges = createRedisNudges({
    channel: `${prefix}:nudges`,
    connect: () => createRedisConnection(plan, times),
  });
  const reads = createRedisReads({ connection, names, now });

  const bestEffort = async <T>(work: Promise<Reply<T>>): Promise<void> => {
    const reply = await work;
    if (reply.kind !== 'reply') warn(reply.why);
  };

  const writes = createRedisWrites({ durably, names, nudges, now, where: plan.where });

  return {
    capability: 'linearizable',
    description: plan.where,
    ...reads,
    ...writes,
    release: (host, worker) =>
      bestEffort(connection.run((client) => client.eval(RELEASE, 1, names.lease(host), worker))),
    nudge: (host) =>
      bestEffort(
        connection.run((client) =>
          client.publish(nudges.channel, nudges.message(host, 'everybody')),
        ),
      ),
    watch: nudges.watch,
    ...createRedisBoard({ connection, durably, key: names.switches, now, where: plan.where }),
    append: (entries) => bestEffort(append({ connection, names, historyLimit }, entries)),
    check: async () => {
      const keys = {
        [names.hosts]: 'set',
        [names.history]: 'stream',
        [names.switches]: 'hash',
      } as const;
      const problem = await checkRedis({ connection, keys, probe: `${prefix}:{probe}:check` });
      if (problem !== null) return problem;
      const list = await reads.list();
      if (list.kind === 'unknown') return list.why;
      const bad = list.value.find(isUnreadable);
      return bad?.reasons[0] === undefined ? null : sentenceOf(bad.reasons[0]);
    },
    warnings: () => redisWarnings(connection),
    close: () => {
      nudges.close();
      connection.close();
      return Promise.resolve();
    },
  };
}

async function append(
  options: {
    readonly connection: RedisConnection;
    readonly names: RedisNames;
    readonly historyLimit: number;
  },
  entries: readonly HistoryEntry[],
): Promise<Reply<unknown>> {
  if (entries.length === 0) return { kind: 'reply', value: null };
  const { connection, names, historyLimit } = options;
  return connection.run((client) =>
    Promise.all(
      entries
        .map(encodeHistory)
        .map((line) => client.xadd(names.history, 'MAXLEN', '~', historyLimit, '*', 'line', line)),
    ),
  );
}
