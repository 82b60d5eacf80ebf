import { readFile } from 'node:fs/promises';

/** Whether a process runs. A zombie counts as dead: nobody may be there to reap what was orphaned. */
export const isAlive = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
};
