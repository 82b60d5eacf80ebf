/**
 * What became of instances, by the word of Nova itself and of the hypervisors.
 */
import { expect } from 'vitest';
import type { Evacuation } from '../../../src/domain/evacuation.ts';
import type { Cloud } from './cloud.ts';

/** Nova's power_state of a guest that runs. */
const RUNNING = 1;

/** Expects every one ACTIVE with a running guest on exactly the one host that Nova names, not on `from`. */
export async function expectMoved(
  cloud: Cloud,
  ids: readonly string[],
  from: string,
): Promise<void> {
  const { hosts } = await cloud.guests();
  for (const id of ids) {
    const server = await cloud.nova.server(id);
    expect(server).toMatchObject({
      status: 'ACTIVE',
      'OS-EXT-STS:task_state': null,
      'OS-EXT-STS:power_state': RUNNING,
    });
    const host = server['OS-EXT-SRV-ATTR:host'];
    expect(host, id).not.toBe(from);
    const on = Object.entries(hosts).filter(([, guests]) => guests[id] === 'running');
    expect(
      on.map(([name]) => name),
      id,
    ).toEqual([host]);
  }
}

/** Expects the record to tell of each of them that it landed where Nova has it. */
export async function expectRecorded(
  cloud: Cloud,
  evacuation: Evacuation,
  ids: readonly string[],
): Promise<void> {
  const landed = Object.entries(evacuation.instances).flatMap(([id, { progress }]) =>
    progress.at === 'landed' ? [[id, progress.destination]] : [],
  );
  const destinations = Object.fromEntries(landed) as Readonly<Record<string, string>>;
  for (const id of ids) {
    const server = await cloud.nova.server(id);
    expect(destinations[id], id).toBe(server['OS-EXT-SRV-ATTR:host']);
  }
}

/** How many evacuations of each instance Nova has been asked for, over all that left `from`. */
export async function requestsPerInstance(
  cloud: Cloud,
  from: string,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { instance_uuid: id } of await cloud.nova.migrations(from)) {
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** The places of all instances in a record, as in `{ landed: 20 }`; skipped and failed ones with code. */
export function placesOf({ instances }: Evacuation): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { progress } of Object.values(instances)) {
    const why = 'why' in progress && progress.why !== null ? ` ${progress.why.code}` : '';
    const key = progress.at + why;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
