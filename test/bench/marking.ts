import { createSystemChance, createSystemClock } from '../../src/adapters/system.ts';
import { asHost } from '../../src/domain/ids.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { markHost } from '../../src/engine/mark-host.ts';
import type { Log, Store } from '../../src/engine/ports.ts';

export const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const clock = createSystemClock();
const chance = createSystemChance();

/** Marks a host as fence_nova does; returns the instant at which the mark was durable. */
export async function mark(store: Store, host: string): Promise<number> {
  const outcome = await markHost(
    { store, clock, chance, log: SILENT },
    {
      host: asHost(host),
      origin: 'fence-agent',
      by: 'bench',
      claim: { source: 'mark', at: 0, detail: 'fenced' },
      request: wholeHost,
    },
  );
  if (outcome.kind !== 'applied') throw new Error(`the mark failed: ${JSON.stringify(outcome)}`);
  return Date.now();
}

/** Waits for a condition. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds: number,
): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${String(seconds)} s`);
    await clock.sleep(5);
  }
}
