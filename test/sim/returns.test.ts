import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/domain/policy.ts';
import { fail, play, PLAY_POLICY } from '../support/sim/stage.ts';
import type { Universe } from '../support/sim/universe.ts';

const SECOND = 1000;

/**
 * compute-2 dies while Nova calls it up, so that requests go into its queue, and is fenced. Its
 * nova-compute comes back past every gate, and is slow with what it begins.
 */
const comesBack =
  (afterS: number, spawnS: number) =>
  (universe: Universe): void => {
    const { clock, cloud } = universe;
    cloud.powerOff('compute-2');
    cloud.setGate('compute-2', true);
    cloud.setSpawnDelay('compute-2', spawnS * SECOND);
    fail(universe);
    clock.at(clock.now() + 5 * SECOND, () => {
      universe.fence('compute-2');
    });
    clock.at(clock.now() + afterS * SECOND, () => {
      cloud.setGate('compute-2', false);
      cloud.powerOn('compute-2');
    });
  };

const POLICIES: readonly (readonly [string, Policy])[] = [
  ['all at once', PLAY_POLICY],
  // What was lost early is sent again when all others have been sent.
  ['one after the other', { ...PLAY_POLICY, pace: { ...PLAY_POLICY.pace, staggerMs: 20_000 } }],
];

describe('a failed destination that comes back past its gate, with requests in its queue', () => {
  it.each(POLICIES)('builds no second guest, whenever it does so: %s', async (_name, policy) => {
    const found: string[] = [];
    for (let afterS = 9; afterS <= 117; afterS += 6) {
      for (const spawnS of [4, 90]) {
        const script = comesBack(afterS, spawnS);
        const { truth, asserted } = await play({ script, policy, minutes: 15 });
        const wrong = [...truth, ...(asserted === '' ? [] : [asserted])];
        if (wrong.length > 0)
          found.push(`after ${String(afterS)} s, ${String(spawnS)} s: ${wrong.join(', ')}`);
      }
    }
    expect(found).toEqual([]);
  });
});
