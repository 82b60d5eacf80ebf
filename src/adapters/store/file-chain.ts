import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Instant } from '../../domain/time.ts';
import { errnoOf, fileTrouble } from './file-trouble.ts';

/** A version file: its number in the chain and its text. */
export interface Link {
  readonly number: number;
  readonly text: string;
}

/**
 * What became of a commit. `taken`: another writer was faster, nothing was written. `failed`:
 * certainly not written. `uncertain`: perhaps written, or not durably.
 */
export type Commit =
  | { readonly kind: 'committed' }
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'uncertain'; readonly why: string };

/**
 * How many versions are kept, counted from the newest; older ones are removed by each writer. This
 * bounds the disk (a record with 1,000 instances is 300 kB) and is safe whatever their age, see
 * {@link createCommit}.
 */
export const KEEP = 64;

const STALE_TEMPORARY_MS = 3_600_000;
const VERSION_FILE = /^(\d{12})\.json$/;
const TEMPORARY = /^\.tmp-(\d+)-/;

const nameOf = (number: number): string => `${String(number).padStart(12, '0')}.json`;

/** The number of the newest version in a chain's directory; 0 when there is none. Throws errno errors. */
export async function newestNumber(directory: string): Promise<number> {
  return newestOf(await entriesOf(directory));
}

/** The newest version; `lines` reads only so many lines of it. Throws errno errors. */
export async function newest(directory: string, lines?: number): Promise<Link | null> {
  for (let attempt = 0; ; attempt += 1) {
    const number = await newestNumber(directory);
    if (number === 0) return null;
    const path = join(directory, nameOf(number));
    try {
      const text = lines === undefined ? await readFile(path, 'utf8') : await head(path, lines);
      return { number, text };
    } catch (error) {
      // KEEP newer versions came between listing and opening: look again.
      if (errnoOf(error) !== 'ENOENT' || attempt === 9) throw error;
    }
  }
}

/** Where a version lies, for messages. */
export const pathOf = (directory: string, number: number): string =>
  join(directory, nameOf(number));

/** Adds version `number` to the chain in `directory`, if nobody has. */
export type CommitTo = (directory: string, number: number, text: string) => Promise<Commit>;

/**
 * The writing side of chains below `root`. link(2) fails with EEXIST on a taken name, on every POSIX
 * filesystem and NFS, so this is a compare-and-set between processes without any lock to leak.
 *
 * A writer may sleep between its read and its link until its number was pruned, and then take it
 * once more. Only numbers at least KEEP below the newest are ever pruned, so a number that is still
 * closer to the newest after the link was certainly new; further away we cannot tell: uncertain.
 */
export function createCommit(options: { readonly root: string; now(): Instant }): CommitTo {
  const durable = new Set<string>();

  // Another process may have made the directory and not synced its entry yet: each sees to it once.
  const prepare = async (directory: string): Promise<void> => {
    if (durable.has(directory)) return;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (let path = directory; path !== options.root; path = dirname(path)) {
      await syncDirectory(dirname(path));
    }
    await syncParent(options.root);
    durable.add(directory);
  };

  return async (directory, number, text) => {
    const now = options.now();
    const path = pathOf(directory, number);
    const temporary = join(
      directory,
      `.tmp-${String(now)}-${String(process.pid)}-${randomBytes(6).toString('hex')}`,
    );
    try {
      await prepare(directory);
      await writeDurably(temporary, text).catch(async (error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error;
        // The directory was moved away since we made it (the remedy for damaged files): make it anew.
        durable.delete(directory);
        await prepare(directory);
        await writeDurably(temporary, text);
      });
      const isOurs = await linkOnce(temporary, path);
      await discard(temporary);
      if (!isOurs) return { kind: 'taken' };
    } catch (error) {
      await discard(temporary);
      durable.delete(directory);
      const kind = error instanceof LinkUnclear ? 'uncertain' : 'failed';
      return { kind, why: fileTrouble(path, error instanceof LinkUnclear ? error.cause : error) };
    }
    try {
      const entries = await entriesOf(directory);
      await syncDirectory(directory);
      await prune(directory, entries, now);
      if (newestOf(entries) - number < KEEP) return { kind: 'committed' };
      return { kind: 'uncertain', why: `${path}: this writer slept while others went on` };
    } catch (error) {
      return { kind: 'uncertain', why: fileTrouble(path, error) };
    }
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The filesystem gave no answer to link(2), or one that does not say whether it was done. */
class LinkUnclear extends Error {}

/** What link(2) says when it has certainly done nothing. A disk or a server that fails says others. */
const NOT_LINKED = new Set(
  'EACCES EDQUOT ELOOP EMLINK ENAMETOOLONG ENOENT ENOSPC ENOSYS ENOTDIR ENOTSUP EOPNOTSUPP EPERM EROFS EXDEV'.split(
    ' ',
  ),
);

/** False when the name was taken by another writer. */
async function linkOnce(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (NOT_LINKED.has(errnoOf(error))) throw error;
    if (errnoOf(error) !== 'EEXIST') throw new LinkUnclear('link', { cause: error });
  }
  try {
    // An NFS client that repeats a request whose answer was lost gets EEXIST for its own success.
    return (await stat(temporary)).nlink === 2;
  } catch (error) {
    throw new LinkUnclear('stat', { cause: error });
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The directory that the store lies in need not be readable for us; then its owner has to see to it. */
async function syncParent(root: string): Promise<void> {
  try {
    await syncDirectory(dirname(root));
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
  }
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function newestOf(entries: readonly string[]): number {
  let newestSoFar = 0;
  for (const entry of entries) {
    const match = VERSION_FILE.exec(entry);
    if (match !== null) newestSoFar = Math.max(newestSoFar, Number(match[1]));
  }
  return newestSoFar;
}

async function prune(directory: string, entries: readonly string[], now: number): Promise<void> {
  const limit = newestOf(entries) - KEEP;
  const old = entries.filter((entry) => {
    const version = VERSION_FILE.exec(entry);
    if (version !== null) return Number(version[1]) <= limit;
    // What a killed writer left behind; removing it from under a sleeping one only fails its link.
    const temporary = TEMPORARY.exec(entry);
    return temporary !== null && now - Number(temporary[1]) > STALE_TEMPORARY_MS;
  });
  await Promise.all(old.map((entry) => discard(join(directory, entry))));
}

/** Removes a file of which it does not matter whether it is still there. */
async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

async function head(path: string, lines: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    let text = Buffer.alloc(0);
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16_384), 0, 16_384, null);
      text = Buffer.concat([text, buffer.subarray(0, bytesRead)]);
      const end = endOfLines(text, lines);
      if (end !== -1 || bytesRead === 0)
        return text.toString('utf8', 0, end === -1 ? undefined : end);
    }
  } finally {
    await file.close();
  }
}

function endOfLines(text: Buffer, lines: number): number {
  let end = -1;
  for (let line = 0; line < lines; line += 1) {
    end = text.indexOf(10, end + 1);
    if (end === -1) return -1;
  }
  return end;
}
