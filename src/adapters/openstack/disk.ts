import { readFileSync } from 'node:fs';

/** What became of reading a file; only absent and unreadable ones are told apart. */
export type FileRead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads a small text file (credentials, certificates) as UTF-8. */
export function readText(path: string): FileRead {
  try {
    return { kind: 'text', text: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    const words: Readonly<Record<string, string>> = {
      EACCES: 'permission denied',
      EISDIR: 'it is a directory',
    };
    return { kind: 'unreadable', why: words[code] ?? code };
  }
}
