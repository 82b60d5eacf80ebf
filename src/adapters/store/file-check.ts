import { randomBytes } from 'node:crypto';
import { link, mkdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileTrouble } from './file-trouble.ts';

const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * Null when the directory can carry the store; else what is wrong and how to mend it. Makes the
 * directory when it is missing, and tries link(2), which vfat and some network and FUSE filesystems
 * do not have.
 */
export async function checkDirectory(directory: string): Promise<string | null> {
  const probe = join(directory, `.probe-${randomBytes(6).toString('hex')}`);
  const twin = `${probe}-link`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { mode } = await stat(directory);
    if ((mode & 0o022) !== 0) {
      return `${directory}: other users can write to it and so could order evacuations: chmod 0700 ${directory}`;
    }
    await writeFile(probe, 'nova-ha', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    await remove(probe);
    return fileTrouble(directory, error);
  }
  try {
    await link(probe, twin);
    return null;
  } catch (error) {
    if (!WITHOUT_LINKS.has(errnoOf(error))) return fileTrouble(directory, error);
    return `${directory}: its filesystem has no hard links (${errnoOf(error)}), and the file store rests on them: choose a directory on ext4, xfs, btrfs, tmpfs or NFS, or use Redis`;
  } finally {
    await remove(probe);
    await remove(twin);
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
