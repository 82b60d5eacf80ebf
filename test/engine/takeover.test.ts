import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { asWorker } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { createFleetCache } from '../../src/engine/fleet-cache.ts';
import { createHostLoop } from '../../src/engine/host-loop.ts';
import type { Clock, Compute, Log } from '../../src/engine/ports.ts';
import { evacuating, fleet, H1, H2, isolated, PENDING, service, T0 } from '../support/domain.ts';

const clock: Clock = { now: () => T0, monotonicMs: () => 0, sleep: () => Promise.resolve() };
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const BEFORE = '2026-11-18T08:26:40.000000';
const AFTER = '2026-11-18T08:27:20.000000';

describe('a worker that takes a host over', () => {
  it('does not take what it had read of Nova before for a sign of life', async () => {
    const away = unknown('not of interest');
    const asked = { fleet: 0 };
    let services = fleet([service(H1, { updatedAt: BEFORE }), service(H2)]);
    const compute = {
      fleet: () => {
        asked.fleet += 1;
        return Promise.resolve(known(services, T0));
      },
      evacuationsFrom: () => Promise.resolve(away),
      instancesOn: () => Promise.resolve(away),
      groups: () => Promise.resolve(away),
      aggregates: () => Promise.resolve(away),
      sighting: () => Promise.resolve(away),
      changedSince: () => Promise.resolve(away),
    } as Partial<Compute> as Compute;
    const cache = createFleetCache(compute, clock);
    // It looked for lost marks, then another worker isolated the host and died.
    await cache.read(60_000);
    services = fleet([isolated(H1, { updatedAt: AFTER }), service(H2)]);
    const store = createMemoryStore({ clock });
    const life = { updatedAt: AFTER, moves: 0, movedAt: null };
    await store.write({ version: 0, epoch: null }, evacuating([PENDING], { life }));
    const loop = createHostLoop(
      {
        store,
        compute,
        fencing: { proof: () => Promise.resolve(known(null, T0)) },
        fleet: cache,
        clock,
        log,
        policy: () => DEFAULT_POLICY,
        worker: asWorker('second'),
        leaseMs: 15_000,
        pollMs: 1000,
      },
      H1,
    );
    await loop.once();
    expect(asked.fleet).toBe(2);
    expect(await store.read(H1)).toMatchObject({ value: { evacuation: { life: { moves: 0 } } } });
  });
});
