/** What the operating system said, as a fragment that names the way out; the path stands before it. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: raise it or free some space',
  EACCES: 'permission denied: run as the user that owns the directory, or chown it',
  EPERM: 'not permitted: run as the user that owns the directory, or chown it',
  EROFS: 'the filesystem is mounted read-only: look at the kernel log, mend it and remount it',
  ENOTDIR:
    'a part of this path is a file, or a link to nothing: move it away or choose another directory',
  EMFILE: 'too many open files: raise LimitNOFILE',
  ENFILE: 'the machine has too many open files: raise fs.file-max',
  EIO: 'the disk has failed: look at the kernel log',
  ESTALE: 'the network filesystem has gone away: mount it again',
  ELOOP: 'its symbolic links go in a circle: mend them',
  ENAMETOOLONG: 'the path is too long: choose a shorter directory',
};

/** The errno name of a failed call, or an empty text. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** One clear sentence about a failed call on a path. */
export function fileTrouble(path: string, error: unknown): string {
  const code = errnoOf(error);
  const remedy = REMEDIES[code];
  if (remedy !== undefined) return `${path}: ${remedy} (${code})`;
  return `${path}: ${error instanceof Error ? error.message : String(error)}`;
}
