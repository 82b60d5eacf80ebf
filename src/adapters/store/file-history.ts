import { open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostName } from '../../domain/ids.ts';
import type { HistoryEntry } from '../../engine/ports.ts';
import { decodeHistory, encodeHistory } from './codec.ts';
import { errnoOf } from './file-trouble.ts';

/** A segment is closed when it is this long; with KEPT of them the history stays below 8 MB. */
const SEGMENT_BYTES = 2_000_000;
const KEPT = 4;
const SEGMENT = /^history-(\d{6})\.jsonl$/;

const nameOf = (number: number): string => `history-${String(number).padStart(6, '0')}.jsonl`;

/** The history of a file store. */
export interface FileHistory {
  /** Throws errno errors. */
  append(entries: readonly HistoryEntry[]): Promise<void>;
  /** The newest first; throws errno errors. */
  newest(filter: {
    readonly host?: HostName;
    readonly limit: number;
  }): Promise<readonly HistoryEntry[]>;
}

/**
 * JSON lines in numbered segments. Each append is one write(2) in append mode, so lines of several
 * processes do not mix; two that find a segment full both go on to the same next one.
 */
export function createFileHistory(
  directory: string,
  segmentBytes: number = SEGMENT_BYTES,
): FileHistory {
  const append = async (text: string): Promise<void> => {
    const all = await segments(directory);
    const last = all[0] ?? 1;
    const file = await open(join(directory, nameOf(last)), 'a', 0o600);
    try {
      const { size } = await file.stat();
      if (size < segmentBytes) {
        await file.appendFile(text);
        return;
      }
    } finally {
      await file.close();
    }
    const next = await open(join(directory, nameOf(last + 1)), 'a', 0o600);
    try {
      await next.appendFile(text);
    } finally {
      await next.close();
    }
    // Of those before, a process that was killed here may have left some.
    for (const old of all.filter((number) => number <= last + 1 - KEPT)) {
      await unlink(join(directory, nameOf(old))).catch(() => undefined);
    }
  };

  return {
    append: async (entries) => {
      if (entries.length === 0) return;
      await append(entries.map((entry) => `${encodeHistory(entry)}\n`).join(''));
    },
    newest: async ({ host, limit }) => {
      const found: HistoryEntry[] = [];
      for (const number of await segments(directory)) {
        const text = await textOf(join(directory, nameOf(number)));
        for (const line of text.split('\n').reverse()) {
          if (found.length >= limit) return found;
          // A line cut short by a crash tells nothing; the history decides nothing either.
          const decoded = line === '' ? null : decodeHistory(line);
          if (decoded?.kind !== 'decoded') continue;
          if (host === undefined || decoded.value.host === host) found.push(decoded.value);
        }
      }
      return found;
    },
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/** The numbers of the segments, newest first. */
async function segments(directory: string): Promise<readonly number[]> {
  const entries = await readdir(directory).catch((error: unknown): string[] => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  return entries
    .flatMap((entry) => {
      const match = SEGMENT.exec(entry);
      return match === null ? [] : [Number(match[1])];
    })
    .sort((a, b) => b - a);
}
