import { randomBytes } from 'node:crypto';
import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Nudges over pub/sub. */
export interface RedisNudges {
  readonly channel: string;
  /** The message that tells other clients (or, with `everybody`, this one too) of a host. */
  message(host: HostName, to: 'others' | 'everybody'): string;
  readonly watch: (onNudge: (host: HostName) => void) => { close(): void };
  close(): void;
}

/**
 * Listens on a connection of its own, because a subscribed one takes no commands; it is opened by the
 * first watch. A message says who sent it: a worker must not wake itself by its own writes.
 */
export function createRedisNudges(options: {
  readonly channel: string;
  connect(): RedisConnection;
}): RedisNudges {
  const { channel } = options;
  const self = randomBytes(6).toString('hex');
  const watchers = new Set<(host: HostName) => void>();
  let connection: RedisConnection | null = null;

  const onMessage = (_channel: string, message: string): void => {
    const [sender, host = ''] = message.split(' ');
    if (sender === self || hostNameProblem(host) !== null) return;
    for (const watcher of [...watchers]) watcher(host as HostName);
  };

  const listen = (): RedisConnection => {
    const opened = options.connect();
    opened.onReady((client) => {
      client.off('message', onMessage);
      client.on('message', onMessage);
      // When it fails, the next reconnect tries again, and the worker polls anyhow.
      client.subscribe(channel).catch(() => undefined);
    });
    return opened;
  };

  return {
    channel,
    message: (host, to) => `${to === 'others' ? self : `${self}!`} ${host}`,
    watch: (onNudge) => {
      connection ??= listen();
      const watcher = (host: HostName): void => {
        onNudge(host);
      };
      watchers.add(watcher);
      return { close: () => void watchers.delete(watcher) };
    },
    close: () => {
      watchers.clear();
      connection?.close();
    },
  };
}
