/**
 * What the cloud's own processes have worked so far: on a busy machine a better measure than the clock.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const TICK_S = 0.01; // what the kernel counts by, for user space

/** Seconds of CPU time of all parts that run now, their workers included. */
export async function cpuSeconds(directory: string): Promise<number> {
  const run = join(directory, 'run');
  const notes = (await readdir(run)).filter((name) => name.endsWith('.pid'));
  const pids = await Promise.all(notes.map((name) => readFile(join(run, name), 'utf8')));
  const leaders = new Set(pids.map((text) => Number(text.split(' ')[0])));
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const ticks = await Promise.all(all.map((pid) => ticksOf(pid, leaders)));
  return ticks.reduce((sum, one) => sum + one, 0) * TICK_S;
}

/** The ticks of a process, with those of its ended children; 0 when its group is none of ours. */
async function ticksOf(pid: string, leaders: ReadonlySet<number>): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name may contain anything, so count from its end.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [group, ...times] = [2, 11, 12, 13, 14].map((at) => fields[at] ?? 0);
  return leaders.has(group ?? 0) ? times.reduce((sum, one) => sum + one, 0) : 0;
}
