import { randomBytes } from 'node:crypto';
import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, refused, uncertain } from '../../domain/outcome.ts';
import { summaryOf } from '../../domain/summary.ts';
import type { Instant } from '../../domain/time.ts';
import type { Store } from '../../engine/ports.ts';
import { encodeHistory, encodeRecord, encodeSummary } from './codec.ts';
import { checkRedis, redisWarnings } from './redis-check.ts';
import { createRedisConnection, type RedisClient, type Reply } from './redis-connection.ts';
import { createDurable } from './redis-durable.ts';
import { createRedisNudges } from './redis-nudges.ts';
import { planRedis, type RedisOptions, type RedisTimes } from './redis-options.ts';
import { createRedisReads } from './redis-reads.ts';
import { INDEX, LEASE, RELEASE, WRITE } from './redis-scripts.ts';

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
 * `<prefix>:hosts` is the index of hosts, `<prefix>:history` a capped stream. What changes a
 * record is a script (see {@link WRITE}, {@link LEASE}); where there are replicas it counts only when one
 * has confirmed it, else it is uncertain.
 */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { clock, warn = () => undefined, times = TIMES, historyLimit = 10_000 } = options;
  const { prefix = 'nova-ha', db = 0 } = options.redis;
  const plan = planRedis(options.redis, times);
  const connection = createRedisConnection(plan, times);
  const durably = createDurable(connection);
  const now = (): Instant => clock.now();
  const names = {
    hosts: `${prefix}:hosts`,
    history: `${prefix}:history`,
    record: (host: HostName): string => `${prefix}:{${host}}:record`,
    lease: (host: HostName): string => `${prefix}:{${host}}:lease`,
  };
  const nudges = createRedisNudges({
    channel: `${prefix}:nudges:${String(db)}`,
    connect: () => createRedisConnection(plan, times),
  });
  const reads = createRedisReads({ connection, names, now });

  const bestEffort = async <T>(work: Promise<Reply<T>>): Promise<void> => {
    const reply = await work;
    if (reply.kind !== 'reply') warn(reply.why);
  };

  /** Index first: an entry without record is harmless, a record that no list shows is forgotten. */
  const index = async (host: HostName): Promise<ReturnType<typeof refused> | null> => {
    const reply = await durably({ script: INDEX, keys: [names.hosts], argv: [host] });
    if (reply.kind === 'denied') return refused(reply.cause, reply.why);
    if (reply.kind === 'lost') return refused('not-sent', reply.why);
    return reply.value.isDurable ? null : refused('not-sent', unconfirmed(plan.where));
  };

  const write: Store['write'] = async (expectation, evacuation) => {
    const { host } = evacuation;
    const problem = hostNameProblem(host);
    if (problem !== null) return refused('bad-request', problem);
    if (expectation.epoch === null || expectation.version === 0) {
      const refusal = await index(host);
      if (refusal !== null) return refusal;
    }
    const reply = await durably({
      script: WRITE,
      keys: [names.record(host)],
      argv: [
        expectation.version,
        expectation.epoch ?? '',
        encodeSummary(summaryOf(evacuation)),
        encodeRecord(evacuation),
        randomBytes(9).toString('base64'),
        nudges.channel,
        nudges.message(host, 'others'),
      ],
    });
    if (reply.kind === 'denied') return refused(reply.cause, reply.why);
    if (reply.kind === 'lost') return uncertain(reply.why);
    const { word, detail, isDurable } = reply.value;
    if (word === 'written') {
      return isDurable ? applied({ version: Number(detail) }) : uncertain(unconfirmed(plan.where));
    }
    return refused(
      'wrong-state',
      word === 'epoch'
        ? `the lease on ${host} has passed on: epoch ${detail}, not ${String(expectation.epoch)}`
        : `the record of ${host} is at version ${detail}, not ${String(expectation.version)}`,
    );
  };

  const lease: Store['lease'] = async (host, worker, ttlMs) => {
    const keys = [names.lease(host), names.record(host)] as const;
    const reply = await durably({ script: LEASE, keys, argv: [worker, Math.max(1, ttlMs)] });
    if (reply.kind !== 'reply') return unknown(reply.why);
    const { word, detail, isDurable } = reply.value;
    if (word === 'held') return known({ kind: 'held', by: detail as typeof worker }, now());
    // An epoch that a failover forgets would be given out twice.
    if (!isDurable) return unknown(unconfirmed(plan.where));
    return known({ kind: 'granted', epoch: Number(detail) }, now());
  };

  return {
    capability: 'linearizable',
    description: plan.where,
    list: reads.list,
    read: reads.read,
    write,
    lease,
    release: (host, worker) =>
      bestEffort(connection.run((client) => client.eval(RELEASE, 1, names.lease(host), worker))),
    nudge: (host) =>
      bestEffort(
        connection.run((client) =>
          client.publish(nudges.channel, nudges.message(host, 'everybody')),
        ),
      ),
    watch: nudges.watch,
    append: async (entries) => {
      if (entries.length === 0) return;
      const lines = entries.map(encodeHistory);
      const add = (client: RedisClient, line: string): Promise<unknown> =>
        client.xadd(names.history, 'MAXLEN', '~', historyLimit, '*', 'line', line);
      await bestEffort(
        connection.run((client) => Promise.all(lines.map((line) => add(client, line)))),
      );
    },
    history: reads.history,
    check: async () => {
      const keys = { [names.hosts]: 'set', [names.history]: 'stream' } as const;
      const problem = await checkRedis({ connection, keys, probe: `${prefix}:{probe}:check` });
      if (problem !== null) return problem;
      const list: Known<unknown> = await reads.list();
      return list.kind === 'known' ? null : list.why;
    },
    warnings: () => redisWarnings(connection),
    close: () => {
      nudges.close();
      connection.close();
      return Promise.resolve();
    },
  };
}

const unconfirmed = (where: string): string =>
  `${where}: no replica has confirmed it in time: look at the replicas`;
