import { randomBytes } from 'node:crypto';
import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import type { Store } from '../../engine/ports.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Nudges over pub/sub. */
export interface RedisNudges {
  readonly channel: string;
  /** The message that tells other clients (or, with `everybody`, this one too) of a host. */
  message(host: HostName, to: 'others' | 'everybody'): string;
  readonly watch: Store['watch'];
  close(): void;
}

/**
 * Listens on a connection of its own, because a subscribed one takes no commands; it is opened by the
 * first watch. A message says who sent it: a worker must not wake itself by its own writes. Redis keeps
 * nothing for those who do not listen, so each new subscription may follow a gap.
 */
export function createRedisNudges(options: {
  readonly channel: string;
  connect(): RedisConnection;
}): RedisNudges {
  const { channel } = options;
  const self = randomBytes(6).toString('hex');
  const watchers = new Set<{ readonly onNudge: (host: HostName) => void; onGap(): void }>();
  let connection: RedisConnection | null = null;

  const onMessage = (_channel: string, message: string): void => {
    const [sender, host = ''] = message.split(' ');
    if (sender === self || hostNameProblem(host) !== null) return;
    for (const watcher of [...watchers]) watcher.onNudge(host as HostName);
  };
  const onSubscribed = (): void => {
    for (const watcher of [...watchers]) watcher.onGap();
  };

  const listen = (): RedisConnection => {
    const opened = options.connect();
    opened.onReady((client) => {
      client.off('message', onMessage);
      client.on('message', onMessage);
      // When it fails, the next reconnect tries again, and the worker polls anyhow.
      client.subscribe(channel).then(onSubscribed, () => undefined);
    });
    return opened;
  };

  return {
    channel,
    message: (host, to) => `${to === 'others' ? self : `${self}!`} ${host}`,
    watch: (onNudge, onGap = () => undefined) => {
      connection ??= listen();
      const watcher = { onNudge, onGap };
      watchers.add(watcher);
      return { close: () => void watchers.delete(watcher) };
    },
    close: () => {
      watchers.clear();
      connection?.close();
    },
  };
}
