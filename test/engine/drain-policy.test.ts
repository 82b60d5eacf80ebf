import { describe, expect, it } from 'vitest';
import { asHost } from '../../src/domain/ids.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { OrderSource } from '../../src/domain/order.ts';
import { switchOff, switchOn } from '../../src/engine/switches.ts';
import { createMoveWorld, flawsOf, MOVE_POLICY } from '../support/sim/move-world.ts';

const MINUTE = 60_000;
const ONE_BY_ONE: Policy = { ...MOVE_POLICY, pace: { ...MOVE_POLICY.pace, inFlight: 1 } };
const sources = (...from: OrderSource[]): Policy['order'] => ({
  ...MOVE_POLICY.order,
  sources: from,
});

/** Names in the order in which their migrations were begun, when compute-1 was drained. */
async function moved(
  policy: Policy,
  furnish: (world: ReturnType<typeof createMoveWorld>) => void,
): Promise<readonly string[]> {
  const world = createMoveWorld({ policy });
  furnish(world);
  const run = world.startDrain('compute-1');
  await world.pass(30 * MINUTE, () => run.end !== null);
  expect(run.end).toMatchObject({ kind: 'over' });
  return world.cloud.world.migrations.map(({ instance }) => instance.name);
}

const FLAVOR = { id: 'f', name: 'f', extraSpecs: { 'nova-ha:priority': '600' } };
const wishing = (priority: string) => ({ metadata: { 'nova-ha:priority': priority } });

describe('the policy of a drain', () => {
  it('has the order of evacuations, images among its sources where that is wanted', async () => {
    const furnish = ({ cloud }: ReturnType<typeof createMoveWorld>): void => {
      const image = cloud.createImage('important', { properties: { 'nova-ha:priority': '900' } });
      cloud.boot({ host: 'compute-1', name: 'first', flavor: FLAVOR });
      cloud.boot({ host: 'compute-1', name: 'second', ...wishing('700') });
      cloud.boot({ host: 'compute-1', name: 'third', imageId: image });
    };
    expect(await moved(ONE_BY_ONE, furnish)).toEqual(['second', 'first', 'third']);
    const withImages = { ...ONE_BY_ONE, order: sources('instance', 'flavor', 'image') };
    expect(await moved(withImages, furnish)).toEqual(['third', 'second', 'first']);
  });

  it('is that of the profile of the host', async () => {
    const furnish = ({ cloud }: ReturnType<typeof createMoveWorld>): void => {
      cloud.createAggregate('gold', { hosts: ['compute-1'] });
      cloud.boot({ host: 'compute-1', name: 'first', flavor: FLAVOR });
      cloud.boot({ host: 'compute-1', name: 'second', ...wishing('700') });
    };
    const assigned = (aggregate: string): Policy => ({
      ...ONE_BY_ONE,
      profiles: { deaf: { order: sources('flavor') } },
      assign: [{ profile: 'deaf', hosts: [], zones: [], aggregates: [aggregate] }],
    });
    expect(await moved(assigned('iron'), furnish)).toEqual(['second', 'first']);
    expect(await moved(assigned('gold'), furnish)).toEqual(['first', 'second']);
  });
});

describe('a pause', () => {
  it('holds a drain: nothing is asked for until it is lifted, then all of it', async () => {
    const world = createMoveWorld();
    const booted = [1, 2, 3].map(() => {
      const [id = ''] = world.cloud.boot({ host: 'compute-1' });
      return { id, vmState: 'active' };
    });
    const { clock } = world;
    const parts = {
      store: world.store,
      clock: {
        ...clock,
        now: () => clock.now(),
        monotonicMs: () => clock.now(),
        sleep: () => Promise.resolve(),
      },
    };
    const scope = { of: 'host', host: asHost('compute-1') } as const;
    await switchOn(parts, { kind: 'pause', scope, reason: 'a test', by: 'anna', forMs: null });
    const run = world.startDrain('compute-1');
    await world.pass(10 * MINUTE);
    expect(run.end).toBeNull();
    expect(world.cloud.world.migrations).toEqual([]);
    await switchOff(parts, { kinds: ['pause'], scope, by: 'anna' });
    await world.pass(10 * MINUTE, () => run.end !== null);
    expect(run.end).toMatchObject({ kind: 'over' });
    expect(world.cloud.world.migrations).toHaveLength(3);
    expect(flawsOf(world, booted)).toEqual([]);
  });
});
