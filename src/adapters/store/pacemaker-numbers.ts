import type { Stored } from '../../engine/ports.ts';
import type { Entry } from './pacemaker-entry.ts';

// Epochs count in two places: keepers in the CIB, leases in the file store of the keeper. Together they
// are one growing number, the CIB's in front; both parts stay exact below 2^26.
const UNIT = 2 ** 26;

/** A new keeper begins this far above the entry, beyond whatever the versions of the last one were. */
const LEAP = 2 ** 32;

/** One number of the epoch in the CIB and the epoch of this machine's leases. */
export const joined = (high: number, low: number): number => high * UNIT + low;

/** The two epochs of a joined number. */
export const split = (number: number): { readonly high: number; readonly low: number } => ({
  high: Math.floor(number / UNIT),
  low: number % UNIT,
});

/**
 * Version and epoch of a record as this machine counts them. The keeper counts the versions of its file
 * (each of its writes is one) on top of the entry's offset, which grows with each write of others; all
 * others count the writes to the entry.
 */
export function numbersOf(
  entry: Entry,
  file: Pick<Stored, 'version' | 'epoch'> | null,
  keeper: string,
): { readonly version: number; readonly epoch: number } {
  return {
    version: entry.keeper === keeper ? entry.offset + (file?.version ?? 0) : entry.version,
    epoch: joined(entry.epoch, file?.epoch ?? 0),
  };
}

/** The offset with which a new keeper begins, whose file is at `fileVersion`. */
export function firstOffset(entry: Entry | null, fileVersion: number): number {
  if (entry === null) return 1 - fileVersion;
  return entry.version + (entry.keeper === null ? 0 : LEAP) - fileVersion;
}
