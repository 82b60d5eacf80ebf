import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from './file-trouble.ts';

/**
 * The name of this machine's file store: kept inside it, so that a store that was wiped has another
 * name and nobody takes its emptiness for "nothing under way". Throws errno errors.
 */
export async function keeperOf(directory: string): Promise<string> {
  const path = join(directory, 'keeper');
  const there = await readIfAny(path);
  if (there !== null) return there;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const name = `${hostname()}-${randomBytes(6).toString('hex')}`;
  const temporary = join(directory, `.keeper-${name}`);
  await writeFile(temporary, `${name}\n`, { mode: 0o600, flush: true });
  try {
    // link(2) and not rename(2): of two processes that come here at once, one name wins for both.
    await link(temporary, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readIfAny(path)) ?? name;
}

async function readIfAny(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return text === '' ? null : text;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
