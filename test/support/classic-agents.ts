import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's agents crash as shipped on Debian 12: the function they ask for is gone from Python 3.11. */
const GONE = 'getargspec';
const ITS_HEIR = 'getfullargspec';

/** Debian's own fence_compute and fence_evacuate, in a directory that must come first in PATH. */
export interface ClassicAgents {
  readonly directory: string;
  remove(): Promise<void>;
}

/** Copies them with that one word changed. */
export async function copyClassicAgents(): Promise<ClassicAgents> {
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-reference-'));
  for (const name of ['fence_compute', 'fence_evacuate']) {
    const text = await readFile(`/usr/sbin/${name}`, 'utf8');
    await writeFile(join(directory, name), text.replaceAll(GONE, ITS_HEIR));
    await chmod(join(directory, name), 0o755);
  }
  // There is no cluster here; without the attribute the classic agent believes: never fenced.
  await writeFile(join(directory, 'attrd_updater'), '#!/bin/sh\nexit 0\n');
  await chmod(join(directory, 'attrd_updater'), 0o755);
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}
