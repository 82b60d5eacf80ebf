import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Millis } from '../../domain/time.ts';

/**
 * A clock that all processes of one boot of one machine share and that nobody can set: Linux'
 * CLOCK_MONOTONIC, which `process.hrtime` reads. Readings of different boots cannot be compared.
 */
export interface BootClock {
  readonly machine: string;
  readonly boot: string;
  readonly monotonicMs: () => Millis;
}

/** The clock of this machine. Without `/proc` (not Linux) every process counts as a boot of its own. */
export function createBootClock(): BootClock {
  return {
    machine: hostname(),
    boot: bootId(),
    monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
  };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process-${String(process.pid)}-${String(process.hrtime.bigint())}`;
  }
}
