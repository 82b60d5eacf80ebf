import { asHost } from '../../../src/domain/ids.ts';
import { settled } from '../../../src/engine/isolate-host.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { int, pick, type Plot } from './troubles.ts';
import type { Universe } from './universe.ts';

/** How often NovaComputeWait looks. */
const LOOK_MS = 1000;
/** Within this after the first failure machines boot again. */
const WITHIN_MS = 150_000;

/**
 * Fenced machines boot again while evacuations go on, as `reboot` makes them, with NovaComputeWait before
 * their nova-compute: it starts as soon as the record says so, and takes what waits in its queue.
 */
export function bootAgain(plot: Plot, random: Random): void {
  const { clock, cloud } = plot.universe;
  const times = 1 + int(random, 3);
  for (let i = 0; i < times; i += 1) {
    clock.at(clock.now() + int(random, WITHIN_MS), () => {
      const off = [...plot.failing].filter((name) => cloud.host(name).machine === 'off');
      const [name] = pick(random, off, 1);
      if (name === undefined) return;
      void unlessUnmarked(plot.universe, name);
    });
  }
}

/** Whose mark an operator has taken back stays off until it is marked anew: its guests are his business. */
async function unlessUnmarked(universe: Universe, name: string): Promise<void> {
  const record = await universe.record(name);
  if (record?.evacuation.forgiven !== true) bootBehindGate(universe, name);
}

/** The machine boots, and its nova-compute starts when NovaComputeWait lets it. */
export function bootBehindGate(universe: Universe, name: string): void {
  universe.cloud.setGate(name, true);
  universe.cloud.powerOn(name);
  void waitBehindGate(universe, name);
}

async function waitBehindGate(universe: Universe, name: string): Promise<void> {
  const { clock, cloud, store } = universe;
  const { machine, gated } = cloud.host(name);
  // It was fenced once more, or somebody has let it go.
  if (machine === 'off' || !gated) return;
  // Whatever a wiped store says of a host that it has forgotten.
  const isKnown = (await universe.record(name)) !== null;
  const answer = await settled(store, asHost(name));
  const isOpen = answer.kind === 'known' && answer.value && isKnown;
  if (isOpen && cloud.host(name).machine === 'on') {
    cloud.setGate(name, false);
    return;
  }
  clock.at(clock.now() + LOOK_MS, () => {
    void waitBehindGate(universe, name);
  });
}
