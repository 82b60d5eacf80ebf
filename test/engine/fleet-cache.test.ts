import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/domain/host.ts';
import { known, type Known } from '../../src/domain/known.ts';
import { createFleetCache } from '../../src/engine/fleet-cache.ts';
import { fleet, H2, isolated, service, T0 } from '../support/domain.ts';
import { createFakeCompute, createStandingClock } from '../support/engine.ts';

const before = known(fleet([service(), service(H2)]), T0);
const after = known(fleet([isolated(), service(H2)]), T0);

/** A cache over a Nova whose answers come when the test says so, the oldest request first or last. */
function createBed() {
  const open: ((answer: Known<Fleet>) => void)[] = [];
  const clock = createStandingClock();
  const compute = createFakeCompute({
    fleet: () => new Promise((resolve) => void open.push(resolve)),
  });
  return { clock, open, cache: createFleetCache(compute, clock) };
}

describe('the list of services', () => {
  it('that was asked for before it was forgotten is not kept when it comes', async () => {
    const { cache, clock, open } = createBed();
    const slow = cache.read(0);
    clock.pass(10);
    // A host is isolated meanwhile: what is on its way shows it as it was.
    cache.forget();
    open[0]?.(before);
    expect(await slow).toBe(before);
    const next = cache.read(30_000);
    expect(open).toHaveLength(2);
    open[1]?.(after);
    expect(await next).toBe(after);
  });

  it('does not fall back to an older one that comes late', async () => {
    const { cache, clock, open } = createBed();
    const slow = cache.read(0);
    clock.pass(10);
    const quick = cache.read(0);
    open[1]?.(after);
    await quick;
    open[0]?.(before);
    await slow;
    expect(await cache.read(30_000)).toBe(after);
    expect(open).toHaveLength(2);
  });
});
