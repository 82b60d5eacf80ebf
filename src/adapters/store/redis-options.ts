import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ClusterOptions, RedisOptions as LibraryOptions } from 'ioredis';
import { fileTrouble } from './file-trouble.ts';
import { replyCodeOf } from './redis-trouble.ts';
import { readRedisUrl } from './redis-url.ts';

/** Where Redis is and how to get in; exactly one of `url`, `sentinels`, `cluster` is given. */
export interface RedisOptions {
  /** `redis://[user[:password]@]host[:port][/db]`, `rediss://…` or `unix:///path[?db=n]`. */
  readonly url?: string | null;
  /** The Sentinels, each `host[:26379]`. */
  readonly sentinels?: readonly string[] | null;
  /** The name under which the Sentinels watch the master; `mymaster` by default. */
  readonly master?: string;
  /** Some nodes of a Cluster, each `host[:6379]`. */
  readonly cluster?: readonly string[] | null;
  readonly username?: string | null;
  readonly password?: string | null;
  readonly sentinelUsername?: string | null;
  readonly sentinelPassword?: string | null;
  readonly db?: number;
  /** What all our keys begin with; `nova-ha` by default. */
  readonly prefix?: string;
  /** The files hold PEM. `insecure` accepts every certificate. */
  readonly tls?: {
    readonly enabled?: boolean;
    readonly ca?: string | null;
    readonly cert?: string | null;
    readonly key?: string | null;
    readonly insecure?: boolean;
  };
}

/** The library's options; `replyMapping` named, because its types tell the replies by it. */
type ClientOptions = LibraryOptions & { readonly replyMapping: 'legacy' };

/** How long we wait: for a connection, and for the answer to a command. */
export interface RedisTimes {
  readonly connectMs: number;
  readonly commandMs: number;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** What the client library needs, or why there can be no client. */
export type RedisPlan =
  | { readonly kind: 'single'; readonly where: string; readonly options: ClientOptions }
  | {
      readonly kind: 'cluster';
      readonly where: string;
      readonly nodes: readonly Address[];
      readonly options: ClusterOptions & { redisOptions: ClientOptions };
    }
  | { readonly kind: 'impossible'; readonly where: string; readonly why: string };

/** Translates our options into the client library's; reads the TLS files; never throws. */
export function planRedis(options: RedisOptions, times: RedisTimes): RedisPlan {
  const given = [options.url, options.sentinels, options.cluster].filter((place) => place != null);
  if (given.length !== 1) {
    return impossible('Redis', 'exactly one of store.redis.url, sentinels and cluster is needed');
  }
  try {
    if (options.sentinels != null) return sentinelPlan(options.sentinels, options, times);
    if (options.cluster != null) return clusterPlan(options.cluster, options, times);
    return urlPlan(options.url ?? '', options, times);
  } catch (error) {
    return impossible('Redis', error instanceof Error ? error.message : String(error));
  }
}

const impossible = (where: string, why: string): RedisPlan => ({ kind: 'impossible', where, why });

/**
 * No queueing and no resending behind our back: what is not sent now is refused, and what has no
 * answer in time is uncertain. RESP2, because proxies and old servers do not know HELLO.
 */
function clientOptions(options: RedisOptions, times: RedisTimes): ClientOptions {
  return {
    protocol: 2,
    replyMapping: 'legacy',
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    disableClientInfo: true,
    connectionName: 'nova-ha',
    connectTimeout: times.connectMs,
    commandTimeout: times.commandMs,
    // A server that hangs keeps its connections: give them up, so that Sentinel is asked again.
    socketTimeout: times.commandMs,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
    // After a failover the old master comes back as a replica: look for the new one, resend nothing.
    reconnectOnError: (error) => replyCodeOf(error.message) === 'READONLY',
    ...(options.username == null ? {} : { username: options.username }),
    ...(options.password == null ? {} : { password: options.password }),
  };
}

function urlPlan(text: string, options: RedisOptions, times: RedisTimes): RedisPlan {
  const url = readRedisUrl(text);
  const db = url.db ?? options.db ?? 0;
  const credentials = {
    username: options.username ?? url.username,
    password: options.password ?? url.password,
  };
  const base = { ...clientOptions({ ...options, ...credentials }, times), db };
  const { place } = url;
  if ('path' in place) {
    return {
      kind: 'single',
      where: `Redis at ${place.path}, database ${db}`,
      options: { ...base, path: place.path },
    };
  }
  const host = place.host.replace(/^\[|\]$/g, '');
  const tls = tlsOf(options, url.isTls);
  return {
    kind: 'single',
    where: `Redis at ${place.host}:${place.port}, database ${db}`,
    options: { ...base, host, port: place.port, ...(tls === null ? {} : { tls }) },
  };
}

function sentinelPlan(
  sentinels: readonly string[],
  options: RedisOptions,
  times: RedisTimes,
): RedisPlan {
  const { master = 'mymaster', db = 0, sentinelUsername, sentinelPassword } = options;
  const tls = tlsOf(options, false);
  return {
    kind: 'single',
    where: `Redis master ${master} of the Sentinels ${sentinels.join(', ')}, database ${db}`,
    options: {
      ...clientOptions(options, times),
      sentinels: sentinels.map((text) => addressOf(text, 26_379)),
      name: master,
      db,
      // Told by the Sentinels that the master has changed, even while the old one still answers.
      failoverDetector: true,
      sentinelCommandTimeout: times.commandMs,
      sentinelRetryStrategy: (attempt) => Math.min(attempt * 50, 1000),
      ...(sentinelUsername == null ? {} : { sentinelUsername }),
      ...(sentinelPassword == null ? {} : { sentinelPassword }),
      ...(tls === null ? {} : { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    },
  };
}

function clusterPlan(
  nodes: readonly string[],
  options: RedisOptions,
  times: RedisTimes,
): RedisPlan {
  if ((options.db ?? 0) !== 0) {
    return impossible(
      'Redis Cluster',
      'a Redis Cluster has database 0 only: remove store.redis.db',
    );
  }
  const tls = tlsOf(options, false);
  return {
    kind: 'cluster',
    where: `the Redis Cluster at ${nodes.join(', ')}`,
    nodes: nodes.map((text) => addressOf(text, 6379)),
    options: {
      lazyConnect: true,
      enableOfflineQueue: false,
      slotsRefreshTimeout: times.commandMs,
      slotsRefreshInterval: 5000,
      clusterRetryStrategy: (attempt) => Math.min(attempt * 50, 1000),
      redisOptions: { ...clientOptions(options, times), ...(tls === null ? {} : { tls }) },
      // Certificates are for names: do not replace them by addresses before TLS sees them.
      ...(tls === null
        ? {}
        : {
            dnsLookup: (address, callback) => {
              callback(null, address);
            },
          }),
    },
  };
}

function addressOf(text: string, defaultPort: number): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) {
    throw new Error(`${JSON.stringify(text)} is no address such as redis-1:${defaultPort}`);
  }
  return { host, port: match?.[3] === undefined ? defaultPort : Number(match[3]) };
}

function tlsOf(options: RedisOptions, wanted: boolean): ConnectionOptions | null {
  const { tls } = options;
  if (tls?.enabled !== true && !wanted) return null;
  const read = (key: 'ca' | 'cert' | 'key'): ConnectionOptions => {
    const path = tls?.[key];
    if (path == null) return {};
    try {
      return { [key]: readFileSync(path) };
    } catch (error) {
      throw new Error(`store.redis.tls.${key}: ${fileTrouble(path, error)}`, { cause: error });
    }
  };
  return {
    rejectUnauthorized: tls?.insecure !== true,
    ...read('ca'),
    ...read('cert'),
    ...read('key'),
  };
}
