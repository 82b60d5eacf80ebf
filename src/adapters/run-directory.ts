import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The id of this boot; what a run directory tells of another one is void. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
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
      // Also where the directory itself is none: nothing was ever set there.
      if (existsSync(join(directory, name))) rmSync(join(directory, name), { force: true });
    },
  };
}
