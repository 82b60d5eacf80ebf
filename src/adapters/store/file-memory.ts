import { stat } from 'node:fs/promises';
import type { HostName } from '../../domain/ids.ts';
import type { Stored } from '../../engine/ports.ts';

/** What was read or written last, by host: a version file never changes, so it is read once. */
export interface FileMemory {
  /** The record of the version file `path`, if that very file is remembered. Throws errno errors. */
  recall(host: HostName, path: string): Promise<Stored | null>;
  /** Remembers a record as the content of a file; best effort. */
  remember(host: HostName, path: string, stored: Stored): Promise<void>;
}

interface Remembered {
  readonly path: string;
  readonly inode: number;
  readonly changedMs: number;
  readonly stored: Stored;
}

/**
 * Makes the memory. A directory that was removed and made again begins with the same names, so the
 * file is told by its inode and time as well.
 */
export function createFileMemory(): FileMemory {
  const newest = new Map<HostName, Remembered>();
  return {
    recall: async (host, path) => {
      const last = newest.get(host);
      if (last?.path !== path) return null;
      const { ino, mtimeMs } = await stat(path);
      return ino === last.inode && mtimeMs === last.changedMs ? last.stored : null;
    },
    remember: async (host, path, stored) => {
      const found = await stat(path).catch(() => null);
      if (found === null) return;
      newest.set(host, { path, inode: found.ino, changedMs: found.mtimeMs, stored });
    },
  };
}
