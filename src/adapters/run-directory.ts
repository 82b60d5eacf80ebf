import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatWorkerStatus, type WorkerStatus } from '../domain/worker-status.ts';

/** The id of this boot; what a run directory tells of another one is void. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Where the worker keeps its status: systemd's RuntimeDirectory=, or what the OCF agent chose. */
export function runDirectoryOf(env: Readonly<Record<string, string | undefined>>): string | null {
  // systemd separates several directories by colons; the first one is ours.
  const directory = env['RUNTIME_DIRECTORY']?.split(':')[0];
  return directory === undefined || directory === '' ? null : directory;
}

/** The worker's side of its status file; best effort, it never disturbs a turn. */
export interface StatusFile {
  /** To be called at the start and after each completed turn. */
  write(status: WorkerStatus): void;
  remove(): void;
}

/** The status file in a run directory, replaced as a whole with every write. */
export function createStatusFile(directory: string): StatusFile {
  const path = join(directory, 'worker.json');
  return {
    write(status) {
      try {
        mkdirSync(directory, { recursive: true, mode: 0o755 });
        writeFileSync(`${path}.new`, formatWorkerStatus(status), { mode: 0o644 });
        renameSync(`${path}.new`, path);
      } catch {
        // A full or missing /run shows as an old status: the supervisor notices.
      }
    },
    remove() {
      rmSync(path, { force: true });
    },
  };
}

/** Files whose presence is state, void after a reboot. */
export interface FlagFiles {
  isSet(directory: string, name: string): boolean;
  /** Null when it is set, else why not. */
  set(directory: string, name: string): string | null;
  clear(directory: string, name: string): void;
}

/** Flags as small files that carry the id of the boot in which they were set. */
export function createFlagFiles(): FlagFiles {
  return {
    isSet(directory, name) {
      try {
        return readFileSync(join(directory, name), 'utf8').trim() === bootId();
      } catch {
        return false;
      }
    },
    set(directory, name) {
      try {
        mkdirSync(directory, { recursive: true, mode: 0o755 });
        writeFileSync(join(directory, name), `${bootId()}\n`);
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    clear(directory, name) {
      rmSync(join(directory, name), { force: true });
    },
  };
}
