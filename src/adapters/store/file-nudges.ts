import { randomBytes } from 'node:crypto';
import { mkdirSync, watch, type FSWatcher } from 'node:fs';
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import { errnoOf, fileTrouble } from './file-trouble.ts';

const STALE_MS = 60_000;

/** Nudges between the processes on one directory. */
export interface FileNudges {
  /** Tells the watchers of other processes (and of this one with `everybody`); throws errno errors. */
  send(host: HostName, to: 'others' | 'everybody'): Promise<void>;
  watch(onNudge: (host: HostName) => void): { close(): void };
  /** Removes what killed senders left behind. */
  sweep(now: number): Promise<void>;
  close(): void;
}

/**
 * A nudge is a file `<host>~<sender>~<count>` that appears and goes; inotify tells its name. One
 * watched directory serves all hosts, and the name says who sent it: a worker must not wake itself
 * by its own writes.
 */
export function createFileNudges(options: {
  readonly directory: string;
  readonly warn: (sentence: string) => void;
}): FileNudges {
  const { directory, warn } = options;
  const self = `${String(process.pid)}-${randomBytes(4).toString('hex')}`;
  const watchers = new Set<FSWatcher>();
  let count = 0;

  return {
    send: async (host, to) => {
      count += 1;
      const sender = to === 'others' ? self : `${self}!`;
      const path = join(directory, `${host}~${sender}~${String(count)}`);
      try {
        await touch(path);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await touch(path);
      }
    },
    watch: (onNudge) => {
      const seen = new Set<string>();
      const onEvent = (name: string | null): void => {
        if (name === null) return;
        // Each nudge is told twice, when its file appears and when it goes.
        if (seen.delete(name)) return;
        if (seen.size > 1000) seen.clear();
        seen.add(name);
        const [host = '', sender] = name.split('~');
        if (sender === self || sender === undefined || hostNameProblem(host) !== null) return;
        onNudge(host as HostName);
      };
      const watcher = start(directory, onEvent, warn);
      if (watcher !== null) watchers.add(watcher);
      return {
        close: () => {
          watcher?.close();
          if (watcher !== null) watchers.delete(watcher);
        },
      };
    },
    sweep: (now) => sweep(directory, now),
    close: () => {
      for (const watcher of watchers) watcher.close();
      watchers.clear();
    },
  };
}

async function touch(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  await file.close();
  await unlink(path);
}

async function sweep(directory: string, now: number): Promise<void> {
  for (const entry of await readdir(directory).catch(() => [])) {
    const path = join(directory, entry);
    const status = await stat(path).catch(() => null);
    if (status !== null && now - status.mtimeMs > STALE_MS) {
      await unlink(path).catch(() => undefined);
    }
  }
}

function start(
  directory: string,
  onEvent: (name: string | null) => void,
  warn: (sentence: string) => void,
): FSWatcher | null {
  const trouble = (error: unknown): void => {
    warn(`${fileTrouble(directory, error)}; new marks are found by polling only`);
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const watcher = watch(directory, { persistent: false }, (_kind, name) => {
      onEvent(name);
    });
    watcher.on('error', trouble);
    return watcher;
  } catch (error) {
    trouble(error);
    return null;
  }
}
