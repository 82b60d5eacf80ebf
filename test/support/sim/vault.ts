import { createMemoryStore, type MemoryClock } from '../../../src/adapters/store/memory.ts';
import type { HostName } from '../../../src/domain/ids.ts';
import type { Store } from '../../../src/engine/ports.ts';

/** The one store of a universe, which an accident can empty. */
export interface Vault {
  readonly store: Store;
  /** Everything is gone, leases and epochs too, as after FLUSHALL; the watchers stay connected. */
  wipe(): void;
}

/** Makes the store of a universe; `wrap` puts a (broken) variant around every one that is made. */
export function createVault(clock: MemoryClock, wrap: (store: Store) => Store): Vault {
  const watchers = new Set<(host: HostName) => void>();
  const fresh = (): Store => {
    const made = wrap(createMemoryStore({ clock }));
    made.watch((host) => {
      for (const watcher of [...watchers]) watcher(host);
    });
    return made;
  };
  let current = fresh();
  return {
    store: {
      capability: 'linearizable',
      description: 'the memory of this universe',
      list: () => current.list(),
      read: (host) => current.read(host),
      write: (expectation, evacuation) => current.write(expectation, evacuation),
      lease: (host, worker, ttlMs) => current.lease(host, worker, ttlMs),
      release: (host, worker) => current.release(host, worker),
      nudge: (host) => current.nudge(host),
      watch: (onNudge) => {
        watchers.add(onNudge);
        return { close: () => void watchers.delete(onNudge) };
      },
      append: (entries) => current.append(entries),
      history: (filter) => current.history(filter),
      switchboard: () => current.switchboard(),
      setSwitchboard: (version, board) => current.setSwitchboard(version, board),
      check: () => current.check(),
      close: () => Promise.resolve(),
    },
    wipe: () => {
      current = fresh();
    },
  };
}
