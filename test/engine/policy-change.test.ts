import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { decide } from '../../src/domain/decide.ts';
import { violations } from '../../src/domain/invariants.ts';
import { asWorker } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import type { DecisionCore } from '../../src/engine/turn.ts';
import { createWorker } from '../../src/engine/worker.ts';
import { evacuating, H1, INTENDED, PENDING, T0, vm } from '../support/domain.ts';
import { createFakeCompute, createKeptLog } from '../support/engine.ts';
import { createIdleClock } from '../support/idle-clock.ts';
import { until } from '../support/until.ts';

const clock = createIdleClock(T0);
const stops: AbortController[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

const withLimit = (inFlight: number): Policy => ({
  ...DEFAULT_POLICY,
  pace: { ...DEFAULT_POLICY.pace, inFlight },
  freshness: { ...DEFAULT_POLICY.freshness, idleMs: 3_600_000 },
});

/** A worker on one host, and the policies by which its turns were decided. */
function bed(policy: Policy, onDecide: () => void = () => undefined) {
  const store = createMemoryStore({ clock });
  const decided: Policy[] = [];
  const judged: Policy[] = [];
  const core: DecisionCore = {
    decide: (before, observation, by, now) => {
      decided.push(by);
      onDecide();
      return decide(before, observation, by, now);
    },
    violations: (step) => {
      judged.push(step.policy);
      return violations(step);
    },
  };
  const compute = createFakeCompute();
  const worker = createWorker({
    store,
    compute,
    fencing: { proof: () => Promise.resolve(known(null, clock.now())) },
    clock,
    log: createKeptLog(),
    policy,
    worker: asWorker('w1'),
    leaseMs: 7_200_000_000,
    pollMs: 3_600_000,
    core,
  });
  const stop = new AbortController();
  stops.push(stop);
  return { store, worker, decided, judged, compute, run: () => worker.run(stop.signal) };
}

describe('another policy', () => {
  it('counts from the next turn, which is taken at once, and never in the middle of one', async () => {
    const [first, second] = [withLimit(1), withLimit(2)];
    let changed = false;
    const { store, worker, decided, judged, run } = bed(first, () => {
      if (!changed) worker.usePolicy(second);
      changed = true;
    });
    await store.write({ version: 0, epoch: null }, evacuating([PENDING, PENDING, PENDING]));
    void run();
    await until(() => decided.length > 1);
    expect(decided[0]).toBe(first);
    expect(judged[0]).toBe(first);
    expect(decided[1]).toBe(second);
  });

  it('has a request of unknown outcome watched anew for its full time', async () => {
    const { store, worker, decided, run } = bed(withLimit(1));
    const record = evacuating([INTENDED]);
    await store.write({ version: 0, epoch: null }, record);
    void run();
    await until(() => decided.length > 0);
    const before = clock.now();
    await clock.sleep(60_000);
    // It may have left just now, under a time-out that was longer.
    worker.usePolicy(withLimit(2));
    await until(() => decided.length > 1);
    await until(async () => {
      const read = await store.read(H1);
      const entry = read.kind === 'known' ? read.value?.evacuation.instances[vm(1)] : undefined;
      const since = entry?.progress.at === 'intended' ? entry.progress.since : 0;
      return since >= before + 60_000;
    });
  });

  it('holds for hosts that are marked later', async () => {
    const second = withLimit(2);
    const { store, worker, decided, run } = bed(withLimit(1));
    worker.usePolicy(second);
    await store.write({ version: 0, epoch: null }, evacuating([PENDING]));
    void run();
    await until(() => decided.length > 0);
    expect(decided[0]).toBe(second);
  });
});
