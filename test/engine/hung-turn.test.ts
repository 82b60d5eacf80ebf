import { afterAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { asWorker } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import type { Compute, Log } from '../../src/engine/ports.ts';
import { createWorker } from '../../src/engine/worker.ts';
import { evacuating, fleet, H1, H2, INTENDED, isolated, service, T0 } from '../support/domain.ts';
import { createCounting } from '../support/engine.ts';
import { createIdleClock } from '../support/idle-clock.ts';
import { until } from '../support/until.ts';

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const clock = createIdleClock(T0);

afterAll(() => {
  clock.stop();
});

describe('the signs of life of a worker', () => {
  it('go on while a turn is slow, and end when it never ends', async () => {
    const store = createMemoryStore({ clock });
    await store.write({ version: 0, epoch: null }, evacuating([INTENDED]));
    const services = fleet([isolated(), service(H2)]);
    const compute = {
      fleet: () => Promise.resolve(known(services, clock.now())),
      aggregates: () => Promise.resolve(known([], clock.now())),
      // No deadline of an adapter ends it: a bug, which only a restart can mend.
      evacuationsFrom: () => new Promise(() => undefined),
    } as Partial<Compute> as Compute;
    const pulses: number[] = [];
    const stop = new AbortController();
    const worker = createWorker({
      store,
      compute,
      fencing: { proof: () => Promise.resolve(known(null, clock.now())) },
      clock,
      log,
      policy: DEFAULT_POLICY,
      worker: asWorker('first'),
      leaseMs: 15_000,
      pollMs: 1000,
      only: H1,
      onTurn: () => void pulses.push(clock.monotonicMs()),
    });
    void worker.run(stop.signal);
    await until(() => clock.monotonicMs() > 600_000);
    stop.abort();
    const last = pulses.at(-1) ?? 0;
    // Slow is not hung: the deadlines of one turn may add up to minutes.
    expect(last).toBeGreaterThan(240_000);
    expect(last).toBeLessThan(310_000);
  });

  it('go on while Nova hangs, whoever is to be compared with it', async () => {
    const store = createMemoryStore({ clock });
    let asked = 0;
    const compute = {
      fleet: async () => {
        asked += 1;
        await clock.sleep(30_000);
        return unknown('no answer within 30 s');
      },
      aggregates: () => Promise.resolve(known([], clock.now())),
    } as Partial<Compute> as Compute;
    const unmarked = () => Promise.resolve(unknown('Pacemaker is not asked without the hosts'));
    const lookout = { unmarked, failing: () => Promise.resolve(known([], clock.now())) };
    const pulses: number[] = [];
    const stop = new AbortController();
    const startedMs = clock.monotonicMs();
    const worker = createWorker({
      store,
      compute,
      fencing: { proof: () => Promise.resolve(known(null, clock.now())) },
      clock,
      log,
      policy: DEFAULT_POLICY,
      worker: asWorker('first'),
      leaseMs: 15_000,
      pollMs: 1000,
      cluster: { lookout, chance: createCounting() },
      onTurn: () => void pulses.push(clock.monotonicMs()),
    });
    const running = worker.run(stop.signal);
    await until(() => clock.monotonicMs() - startedMs > 600_000);
    stop.abort();
    await running;
    const gaps = pulses.map((at, index) => at - (pulses[index - 1] ?? startedMs));
    // A service manager ends what gives no sign of life for a minute (WatchdogSec).
    expect(Math.max(...gaps)).toBeLessThan(10_000);
    expect(asked).toBeGreaterThan(5);
  });
});
