import { Cluster, Redis } from 'ioredis';
import type { RefusalCause } from '../../domain/outcome.ts';
import type { RedisPlan, RedisTimes } from './redis-options.ts';
import { connectionTrouble, denialOf } from './redis-trouble.ts';

/** A connection to one server, or to all servers of a Cluster. */
export type RedisClient = Redis | Cluster;

/**
 * What became of a command. `denied`: it was certainly not carried out. `lost`: no answer, it may
 * have been.
 */
export type Reply<T> =
  | { readonly kind: 'reply'; readonly value: T }
  | { readonly kind: 'denied'; readonly cause: RefusalCause; readonly why: string }
  | { readonly kind: 'lost'; readonly why: string };

/** One connection with its own reconnecting; see {@link createRedisConnection}. */
export interface RedisConnection {
  /** Runs commands when the connection stands, or after it came to stand within the connect time. */
  run<T>(work: (client: RedisClient) => Promise<T>): Promise<Reply<T>>;
  /** Calls back whenever the connection has come to stand. */
  onReady(callback: (client: RedisClient) => void): void;
  close(): void;
}

/** How soon a client that the library has given up is replaced when nobody asks for it. */
const REOPEN_MS = 1000;

/** Connects at the first command, reconnects by itself, and never throws for an unreachable server. */
export function createRedisConnection(plan: RedisPlan, times: RedisTimes): RedisConnection {
  let client: RedisClient | null = null;
  let reopening: NodeJS.Timeout | undefined;
  let isClosed = false;
  let lastError: unknown = null;
  const onReadies: ((client: RedisClient) => void)[] = [];

  const open = (): RedisClient | null => {
    if (client !== null || isClosed || plan.kind === 'impossible') return client;
    const opened =
      plan.kind === 'single' ? new Redis(plan.options) : new Cluster([...plan.nodes], plan.options);
    // All who wait for it listen, and there may be as many as hosts: to Node that looks like a leak.
    opened.setMaxListeners(0);
    opened.on('error', (error: unknown) => {
      lastError = error;
    });
    opened.on('node error', (error: unknown) => {
      lastError = error;
    });
    opened.on('ready', () => {
      lastError = null;
      for (const callback of onReadies) callback(opened);
    });
    // ioredis ends for ever when Sentinel announces a failover while it is looking for the master.
    opened.on('end', () => {
      if (client === opened) client = null;
      if (!isClosed) reopening = setTimeout(open, REOPEN_MS);
    });
    opened.connect().catch((error: unknown) => {
      lastError ??= error;
    });
    client = opened;
    return opened;
  };

  return {
    run: async (work) => {
      const opened = open();
      if (opened === null) return noConnection(plan, lastError);
      if (!(await standing(opened, times.connectMs))) return noConnection(plan, lastError);
      return answerOf(work(opened), plan.where, times.commandMs * 2);
    },
    onReady: (callback) => {
      onReadies.push(callback);
      const opened = open();
      if (opened?.status === 'ready') callback(opened);
    },
    close: () => {
      isClosed = true;
      clearTimeout(reopening);
      client?.disconnect();
    },
  };
}

/** Resolves with true when the connection stands, with false when it does not in time. */
function standing(opened: RedisClient, limitMs: number): Promise<boolean> {
  if (opened.status === 'ready') return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (stands: boolean): void => {
      clearTimeout(timer);
      opened.off('ready', onReady);
      opened.off('end', onEnd);
      opened.off('error', onError);
      resolve(stands);
    };
    const onReady = (): void => {
      settle(true);
    };
    const onEnd = (): void => {
      settle(false);
    };
    // A server that restarts is worth waiting for, one that does not let us in is not.
    const onError = (error: unknown): void => {
      if (denialOf(error)?.cause === 'authentication') settle(false);
    };
    const timer = setTimeout(onEnd, limitMs);
    opened.once('ready', onReady);
    opened.once('end', onEnd);
    opened.on('error', onError);
  });
}

function noConnection<T>(plan: RedisPlan, error?: unknown): Reply<T> {
  const why = plan.kind === 'impossible' ? plan.why : connectionTrouble(error);
  const cause = denialOf(error)?.cause ?? 'not-sent';
  return { kind: 'denied', cause, why: `${plan.where}: ${why}` };
}

/** The library has time-outs of its own; ours covers what it does in several steps (Cluster). */
async function answerOf<T>(work: Promise<T>, where: string, limitMs: number): Promise<Reply<T>> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(resolve, limitMs, 'timeout');
  });
  try {
    const winner = await Promise.race([work.then((value) => ({ value })), timeout]);
    if (winner !== 'timeout') return { kind: 'reply', value: winner.value };
    work.catch(() => undefined);
    return { kind: 'lost', why: `${where}: no answer within ${String(limitMs)} ms` };
  } catch (error) {
    const denial = denialOf(error);
    if (denial !== null) {
      return { kind: 'denied', cause: denial.cause, why: `${where}: ${denial.why}` };
    }
    return { kind: 'lost', why: `${where}: ${connectionTrouble(error)}` };
  } finally {
    clearTimeout(timer);
  }
}
