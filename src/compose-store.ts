import type { Settings } from './config/table.ts';
import type { Clock, Log, Store } from './engine/ports.ts';

/** The configured store, and what is risky about it although it works. */
export interface ComposedStore {
  readonly store: Store;
  warnings(): Promise<readonly string[]>;
}

/** Makes the store that `store.kind` names; its library is loaded only when it is the one. */
export async function composeStore(
  settings: Settings,
  clock: Clock,
  log: Log,
): Promise<ComposedStore> {
  const warn = (sentence: string): void => {
    log.warn(sentence);
  };
  const none = (): Promise<readonly string[]> => Promise.resolve([]);
  switch (settings['store.kind']) {
    case 'file': {
      const { createFileStore } = await import('./adapters/store/file.ts');
      const directory = settings['store.directory'] ?? '/var/lib/nova-ha/store';
      return { store: createFileStore({ directory, clock, warn }), warnings: none };
    }
    case 'pacemaker': {
      const { composePacemakerStore } = await import('./compose-pacemaker.ts');
      const directory = settings['store.directory'] ?? '/var/lib/nova-ha/store';
      return { store: await composePacemakerStore({ directory, clock, warn }), warnings: none };
    }
    case 'memory': {
      const { createMemoryStore } = await import('./adapters/store/memory.ts');
      return { store: createMemoryStore({ clock }), warnings: none };
    }
    case 'redis': {
      const { createRedisStore } = await import('./adapters/store/redis.ts');
      const store = createRedisStore({ redis: redisOptions(settings), clock, warn });
      return { store, warnings: () => store.warnings() };
    }
  }
}

const redisOptions = (settings: Settings) => ({
  url: settings['store.redis.url'],
  sentinels: settings['store.redis.sentinels'],
  master: settings['store.redis.master'],
  cluster: settings['store.redis.cluster'],
  username: settings['store.redis.username'],
  password: settings['store.redis.password'],
  sentinelUsername: settings['store.redis.sentinel_username'],
  sentinelPassword: settings['store.redis.sentinel_password'],
  db: settings['store.redis.db'],
  prefix: settings['store.redis.prefix'],
  tls: {
    enabled: settings['store.redis.tls.enabled'],
    ca: settings['store.redis.tls.ca'],
    cert: settings['store.redis.tls.cert'],
    key: settings['store.redis.tls.key'],
    insecure: settings['store.redis.tls.insecure'],
  },
});
