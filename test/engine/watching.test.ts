import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { asWorker } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import type { Store } from '../../src/engine/ports.ts';
import { createWorker, type WorkerParts } from '../../src/engine/worker.ts';
import { evacuating, T0 } from '../support/domain.ts';
import { createIdleClock } from '../support/idle-clock.ts';
import { createFakeCompute, createKeptLog } from '../support/engine.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A worker that looks at the store once an hour, and at nobody else's word. */
function createBed(change: {
  readonly store: (sound: Store) => Store;
  readonly parts?: Partial<WorkerParts>;
}) {
  const clock = createIdleClock(T0);
  const memory = createMemoryStore({ clock });
  const leasedAt: number[] = [];
  const store: Store = {
    ...memory,
    lease: (...asked) => {
      leasedAt.push(clock.monotonicMs());
      return memory.lease(...asked);
    },
  };
  const worker = createWorker({
    store: change.store(store),
    compute: createFakeCompute(),
    fencing: { proof: () => Promise.resolve(known(null, clock.now())) },
    clock,
    log: createKeptLog(),
    policy: DEFAULT_POLICY,
    worker: asWorker('w1'),
    leaseMs: 15_000,
    pollMs: HOUR_MS,
    ...change.parts,
  });
  const end = new AbortController();
  stops.push(() => {
    end.abort();
    clock.stop();
  });
  return { clock, memory, leasedAt, run: () => worker.run(end.signal) };
}

const mark = (store: Store) => store.write({ version: 0, epoch: null }, evacuating([]));

describe('a watch of the store that came to stand after the first look', () => {
  it('makes the worker look again: nobody has told it of a mark in between', async () => {
    let stands = (): void => undefined;
    let looks = 0;
    const bed = createBed({
      store: (sound) => ({
        ...sound,
        watch: (_onNudge, onGap) => {
          stands = onGap ?? stands;
          return { close: () => undefined };
        },
        list: async () => {
          const list = await sound.list();
          looks += 1;
          if (looks === 1) {
            await mark(sound);
            stands();
          }
          return list;
        },
      }),
    });
    void bed.run();
    await until(() => bed.leasedAt.length > 0);
    expect(bed.leasedAt[0]).toBeLessThan(HOUR_MS);
  });

  it('makes it look again also while it rests', async () => {
    const bed = createBed({
      store: (sound) => ({
        ...sound,
        watch: (_onNudge, onGap) => {
          void bed.clock.sleep(60_000).then(async () => {
            await mark(sound);
            onGap?.();
          });
          return { close: () => undefined };
        },
      }),
    });
    void bed.run();
    await until(() => bed.leasedAt.length > 0);
    expect(bed.leasedAt[0]).toBeLessThan(HOUR_MS);
  });
});

describe('a worker that looks at the store seldom', () => {
  it('shows all the same that it is alive, as often as a watchdog wants it', async () => {
    const pulses: number[] = [];
    const bed = createBed({
      store: (sound) => sound,
      parts: { onTurn: () => void pulses.push(bed.clock.monotonicMs()) },
    });
    void bed.run();
    await until(() => bed.clock.monotonicMs() > 600_000);
    expect(pulses.length).toBeGreaterThan(10);
    const pauses = pulses.slice(1).map((at, index) => at - (pulses[index] ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(20_000);
  });
});

describe('a store that is away for an hour', () => {
  it('is told at once, each minute, and anew when it is away again', async () => {
    let isAway = true;
    const log = createKeptLog();
    const bed = createBed({
      store: (sound) => ({
        ...sound,
        list: () => (isAway ? Promise.resolve(unknown('away')) : sound.list()),
        lease: () => Promise.resolve(unknown('away')),
      }),
      parts: { log, pollMs: 1000 },
    });
    const told = (): number => log.lines.filter((line) => line.includes('away')).length;
    void bed.run();
    await until(() => told() > 0);
    const first = told();
    await bed.clock.sleep(HOUR_MS);
    expect(told() - first).toBeGreaterThan(50);
    expect(told() - first).toBeLessThan(70);
    isAway = false;
    await bed.clock.sleep(5000);
    isAway = true;
    const before = told();
    await bed.clock.sleep(5000);
    expect(told()).toBe(before + 1);
  });

  it('is told as rarely for a host that is worked on', async () => {
    let isAway = false;
    const log = createKeptLog();
    const bed = createBed({
      store: (sound) => ({
        ...sound,
        read: (host) => (isAway ? Promise.resolve(unknown('away')) : sound.read(host)),
      }),
      parts: { log },
    });
    await mark(bed.memory);
    void bed.run();
    await until(() => bed.leasedAt.length > 0);
    isAway = true;
    const told = (): number => log.lines.filter((line) => line.includes('away')).length;
    await until(() => told() > 0);
    const first = told();
    await bed.clock.sleep(600_000);
    expect(told() - first).toBeGreaterThan(5);
    expect(told() - first).toBeLessThan(15);
  });
});
