import { expect } from 'vitest';
import { tracked } from '../../src/domain/evacuation.ts';
import { asHost, asInstance } from '../../src/domain/ids.ts';
import type { Cloud } from '../../src/simulator/cloud.ts';
import type { Instance } from '../../src/simulator/instances.ts';
import type { Stage } from './worker-stage.ts';

/** The instances that a host has now, by id. */
export const instancesOn = (cloud: Cloud, host: string): readonly string[] =>
  cloud.world.instances.ordered.filter((one) => one.host?.name === host).map(({ id }) => id);

/** How many evacuations of an instance Nova itself has given up; only these explain a second request. */
const failuresOf = (cloud: Cloud, instance: Readonly<Instance>): number =>
  cloud.world.migrations.filter(
    (row) => row.instance === instance && (row.status === 'failed' || row.status === 'error'),
  ).length;

/**
 * The promise: no guest ran twice, none is left behind, every one was asked for once (and once more
 * for each evacuation that failed in Nova), and every mark says so.
 */
export async function expectEvacuatedOnce(
  { cloud, store }: Stage,
  lost: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  expect(cloud.doubles()).toEqual([]);
  const hosts = Object.keys(lost);
  for (const [host, ids] of Object.entries(lost)) {
    const read = await store.read(asHost(host));
    if (read.kind === 'unknown' || read.value === null) throw new Error(`no record of ${host}`);
    const { evacuation } = read.value;
    expect(evacuation.phase).toBe('settled');
    const states = new Map(tracked(evacuation).map(([id, { progress }]) => [id, progress]));
    for (const id of ids) {
      const instance = cloud.instance(id);
      const progress = states.get(asInstance(id));
      const why = progress !== undefined && 'why' in progress ? progress.why : null;
      const told = { id, host, at: progress?.at, why, runsOn: instance.runsOn.length };
      expect(told).toEqual({ id, host, at: 'landed', why: null, runsOn: 1 });
      expect(hosts).not.toContain(instance.host?.name);
      const posts = cloud.evacuatePosts(id).filter(({ source }) => source === host).length;
      const rows = failuresOf(cloud, instance);
      expect({ id, explained: posts >= 1 && posts <= 1 + rows, posts, rows }).toMatchObject({
        explained: true,
      });
    }
  }
}
