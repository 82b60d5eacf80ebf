import { describe, expect, it } from 'vitest';
import { createMoveWorld, flawsOf } from '../support/sim/move-world.ts';

const MINUTE = 60_000;

/** Drains a host in bad weather, with killed runs, and tells what was wrong in the end. */
async function play(seed: number): Promise<readonly string[]> {
  const world = createMoveWorld({ seed, trouble: seed % 3 === 0 ? 0 : 0.12 });
  const { cloud, random } = world;
  const states = Array.from({ length: 8 }, () => (random.next() < 0.6 ? 'active' : 'stopped'));
  const booted = states.map((vmState) => {
    const [id = ''] = cloud.boot({ host: 'compute-1', vmState });
    return { id, vmState };
  });
  if (random.next() < 0.3) cloud.setSpawnFailure('compute-2', 'claim');
  let run = world.startDrain('compute-1');
  const kills = random.below(3);
  for (let kill = 0; kill < kills; kill += 1) {
    await world.pass(2000 + random.below(20_000), () => run.end !== null);
    run.process.kill();
    run = world.startDrain('compute-1');
  }
  await world.pass(10 * MINUTE, () => run.end !== null);
  world.weather.trouble = 0;
  await world.pass(20 * MINUTE, () => run.end !== null);
  cloud.setSpawnFailure('compute-2', undefined);
  // What was given up in bad weather goes when the command is given again.
  for (let again = 0; again < 3 && cloud.host('compute-1').instances.size > 0; again += 1) {
    run = world.startDrain('compute-1');
    await world.pass(20 * MINUTE, () => run.end !== null);
  }
  const flaws = [...flawsOf(world, booted)];
  if (run.end === null) flaws.push('the drain did not end');
  for (const { id, vmState } of booted) {
    const instance = cloud.instance(id);
    if (instance.host?.name === 'compute-1') flaws.push(`${id} was left behind`);
    if (instance.vmState !== vmState) flaws.push(`${id} is ${instance.vmState}, not ${vmState}`);
    if (cloud.host('compute-1').guests.has(instance)) flaws.push(`${id} left its guest behind`);
  }
  if (!cloud.host('compute-1').disabled) flaws.push('the host was enabled');
  return flaws;
}

describe('drains with faults and kills', () => {
  const worlds = 80;
  it(`run no guest twice, lose none and double no migration, in ${String(worlds)} worlds`, async () => {
    const failed: string[] = [];
    for (let seed = 1; seed <= worlds; seed += 1) {
      for (const flaw of await play(seed)) failed.push(`seed ${String(seed)}: ${flaw}`);
    }
    expect(failed).toEqual([]);
  });
});
