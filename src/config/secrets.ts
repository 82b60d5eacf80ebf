import type { ReadFile } from './load.ts';
import { showOrigin, type Origin } from './origin.ts';
import { KEYS, rowOf, type Key, type Settings } from './table.ts';

const RANK: Readonly<Record<Origin['from'], number>> = { default: 0, file: 1, env: 2, option: 3 };

/**
 * Reads the files that `*_file` keys name into the secrets they stand for. Where secret and file are
 * both given, the one with the stronger origin wins; two of the same strength are a mistake.
 */
export function readSecrets(
  settings: Settings,
  origins: Readonly<Record<Key, Origin>>,
  readFile: ReadFile,
): {
  readonly settings: Settings;
  readonly origins: Partial<Record<Key, Origin>>;
  readonly problems: readonly string[];
} {
  const values: Record<string, unknown> = { ...settings };
  const from: Partial<Record<Key, Origin>> = {};
  const problems: string[] = [];
  for (const key of KEYS) {
    const fileKey = `${key}_file` as Key;
    if (!rowOf(key).secret || !KEYS.includes(fileKey)) continue;
    const path = settings[fileKey];
    if (typeof path !== 'string') continue;
    const here = showOrigin(origins[fileKey]);
    const difference = RANK[origins[key].from] - RANK[origins[fileKey].from];
    if (difference === 0) problems.push(`${here}: ${key} and ${fileKey} are both given; keep one.`);
    if (difference >= 0) continue;
    const read = readFile(path);
    if (read.kind !== 'text') {
      const why = read.kind === 'absent' ? 'there is no such file' : read.why;
      problems.push(`${here}: ${fileKey}: ${path} cannot be read: ${why}.`);
    } else if (read.text.trim() === '') {
      problems.push(`${here}: ${fileKey}: ${path} is empty.`);
    } else {
      values[key] = read.text.replace(/\r?\n$/, '');
      from[key] = origins[fileKey];
    }
  }
  return { settings: values as unknown as Settings, origins: from, problems };
}
