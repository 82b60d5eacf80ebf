import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { decide } from '../../src/domain/decide.ts';
import { asWorker, type HostName } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { createFleetCache } from '../../src/engine/fleet-cache.ts';
import { createHostLoop } from '../../src/engine/host-loop.ts';
import type { Compute, Store } from '../../src/engine/ports.ts';
import type { DecisionCore } from '../../src/engine/turn.ts';
import { createWorker, type WorkerParts } from '../../src/engine/worker.ts';
import { createIdleClock } from '../support/idle-clock.ts';
import {
  evacuating,
  EVENT,
  fleet,
  H1,
  H2,
  instance,
  isolated,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';
import { createFakeCompute, createKeptLog } from '../support/engine.ts';
import { until } from '../support/until.ts';

const clocks: { stop(): void }[] = [];
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.stop();
});

function createBed(change: { compute?: Partial<Compute>; store?: (sound: Store) => Store } = {}) {
  const clock = createIdleClock(T0);
  clocks.push(clock);
  const memory = createMemoryStore({ clock });
  const store = change.store?.(memory) ?? memory;
  const log = createKeptLog();
  const compute = createFakeCompute(change.compute);
  const parts: WorkerParts = {
    store,
    compute,
    fencing: { proof: () => Promise.resolve(known(null, clock.now())) },
    clock,
    log,
    policy: DEFAULT_POLICY,
    worker: asWorker('w1'),
    leaseMs: 15_000,
    pollMs: 1000,
  };
  const phaseOf = async (host: HostName = H1): Promise<string> => {
    const stored = await memory.read(host);
    return stored.kind === 'known' ? (stored.value?.evacuation.phase ?? 'none') : 'unknown';
  };
  return { clock, memory, store, log, compute, parts, phaseOf };
}

const loopOf = (bed: ReturnType<typeof createBed>) =>
  createHostLoop(
    {
      ...bed.parts,
      policy: () => bed.parts.policy,
      fleet: createFleetCache(bed.compute, bed.clock),
    },
    H1,
  );
const mark = (store: Store, record = evacuating([])) =>
  store.write({ version: 0, epoch: null }, record);
const leaseBy = async (store: Store, name: string): Promise<string> => {
  const grant = await store.lease(H1, asWorker(name), 1000);
  return grant.kind === 'known' ? grant.value.kind : 'unknown';
};

describe('a worker', () => {
  it('finds a mark, works until it is settled, and gives its leases back when it ends', async () => {
    const bed = createBed();
    const stop = new AbortController();
    const running = createWorker(bed.parts).run(stop.signal);
    await mark(bed.memory);
    await until(async () => (await bed.phaseOf()) === 'settled');
    stop.abort();
    await running;
    expect(await leaseBy(bed.memory, 'somebody else')).toBe('granted');
  });

  it('lets the turn under way end before it ends itself', async () => {
    let release = (): void => undefined;
    let posted = false;
    const bed = createBed({
      compute: {
        evacuate: () => {
          posted = true;
          return new Promise((resolve) => {
            release = () => {
              resolve({ kind: 'applied', value: { requestId: null } });
            };
          });
        },
      },
    });
    await mark(bed.memory, evacuating([PENDING]));
    const stop = new AbortController();
    let ended = false;
    const running = createWorker(bed.parts)
      .run(stop.signal)
      .then(() => {
        ended = true;
      });
    await until(() => posted);
    stop.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    release();
    await running;
  });

  it('once: a turn for every open host, and how many are still at work', async () => {
    const bed = createBed({
      compute: { instancesOn: () => Promise.resolve(known([instance()], T0)) },
    });
    await mark(bed.memory, evacuating([PENDING]));
    await mark(bed.memory, evacuating([], { host: H2, phase: 'closed' }));
    expect(await createWorker(bed.parts).once()).toEqual({ active: 1 });
    expect(bed.compute.calls).toContain(`evacuate ${vm(1)}`);
    expect(await leaseBy(bed.memory, 'somebody else')).toBe('granted');
  });

  it('until settled: ends when it is, and says when another worker has the host', async () => {
    const bed = createBed();
    await mark(bed.memory);
    const { signal } = new AbortController();
    expect(await createWorker(bed.parts).untilSettled(H1, signal)).toBe('settled');
    const other = createBed();
    await mark(other.memory);
    await other.memory.lease(H1, asWorker('the service'), 3_600_000);
    expect(await createWorker(other.parts).untilSettled(H1, signal)).toBe('held-elsewhere');
    expect(await other.phaseOf()).toBe('evacuating');
    expect(await createWorker(createBed().parts).untilSettled(H1, AbortSignal.abort())).toBe(
      'aborted',
    );
  });

  it('rebuilds a mark that the store has lost, and waits before it sends', async () => {
    const bed = createBed({
      compute: { instancesOn: () => Promise.resolve(known([instance()], T0)) },
    });
    const stop = new AbortController();
    const running = createWorker(bed.parts).run(stop.signal);
    await until(async () => (await bed.phaseOf()) === 'evacuating');
    expect(bed.log.lines.join()).toContain('the mark was rebuilt');
    const sentAt = new Promise<number>((resolve) => {
      const wait = (): void => {
        if (bed.compute.calls.includes(`evacuate ${vm(1)}`)) resolve(bed.clock.now());
        else setImmediate(wait);
      };
      wait();
    });
    expect((await sentAt) - T0).toBeGreaterThanOrEqual(DEFAULT_POLICY.retry.uncertainMs);
    stop.abort();
    await running;
  });

  it('a bug in one loop ends it, with the error, and no lease is renewed any more', async () => {
    const core = {
      decide: () => {
        throw new Error('a bug');
      },
      violations: () => [],
    };
    const bed = createBed();
    await mark(bed.memory);
    await expect(
      createWorker({ ...bed.parts, core }).run(new AbortController().signal),
    ).rejects.toThrow('a bug');
    expect(await leaseBy(bed.memory, 'somebody else')).toBe('granted');
  });

  it('a bug that hits one host leaves the others alone, and the host is tried again', async () => {
    let broken = true;
    const core: DecisionCore = {
      decide: (record, ...rest) => {
        if (broken && record.host === H2) throw new Error('a bug');
        return decide(record, ...rest);
      },
      violations: () => [],
    };
    const services = known(fleet([isolated(), isolated(H2)]), T0);
    const bed = createBed({ compute: { fleet: () => Promise.resolve(services) } });
    const told: string[] = [];
    await mark(bed.memory);
    await mark(bed.memory, evacuating([], { host: H2 }));
    const stop = new AbortController();
    const running = createWorker({
      ...bed.parts,
      core,
      onBroken: (host, error) => {
        told.push(`${host}: ${String(error)}`);
      },
    }).run(stop.signal);
    await until(async () => (await bed.phaseOf()) === 'settled');
    expect(told).toContain(`${H2}: Error: a bug`);
    expect(await bed.phaseOf(H2)).toBe('evacuating');
    broken = false;
    await until(async () => (await bed.phaseOf(H2)) === 'settled');
    stop.abort();
    await running;
  });

  it('a store that is away is waited for', async () => {
    let away = true;
    const bed = createBed({
      store: (sound) => ({
        ...sound,
        list: () => (away ? Promise.resolve(unknown('away')) : sound.list()),
      }),
    });
    const stop = new AbortController();
    const running = createWorker(bed.parts).run(stop.signal);
    await mark(bed.memory);
    await until(() => bed.log.lines.join().includes('away'));
    away = false;
    await until(async () => (await bed.phaseOf()) === 'settled');
    stop.abort();
    await running;
  });
});

describe('the loop of a host', () => {
  it('renews its lease while a turn waits for Nova', async () => {
    const bed = createBed({
      compute: {
        instancesOn: async () => {
          await bed.clock.sleep(60_000);
          return known([], T0);
        },
      },
    });
    await mark(bed.memory);
    const stop = new AbortController();
    const running = loopOf(bed).run(stop.signal);
    const rivals: string[] = [];
    for (let second = 1; second < 50; second += 1) {
      await bed.clock.sleep(1000);
      rivals.push(await leaseBy(bed.memory, 'rival'));
    }
    stop.abort();
    await running;
    expect(new Set(rivals)).toEqual(new Set(['held']));
  });

  it('does nothing more when its lease is lost in the middle of a turn', async () => {
    let leasing = true;
    const bed = createBed({
      // Nova answers only after the lease has passed on.
      compute: {
        evacuationsFrom: async () => {
          leasing = false;
          await bed.clock.sleep(60_000);
          return known([], T0);
        },
        fleet: () => Promise.resolve(known(fleet([isolated(), service(H2)]), T0)),
      },
      store: (sound) => ({
        ...sound,
        lease: (host, worker, ttlMs) =>
          leasing
            ? sound.lease(host, worker, ttlMs)
            : Promise.resolve(known({ kind: 'held', by: asWorker('rival') }, T0)),
      }),
    });
    await mark(bed.memory, evacuating([PENDING]));
    const stop = new AbortController();
    const running = loopOf(bed).run(stop.signal);
    await bed.clock.sleep(120_000);
    stop.abort();
    await running;
    expect(bed.compute.calls.filter((call) => call.startsWith('evacuate'))).toEqual([]);
    const stored = await bed.memory.read(H1);
    expect(stored).toMatchObject({ value: { version: 1 } });
  });

  it('ends when the record is closed or gone', async () => {
    const bed = createBed();
    expect(await loopOf(bed).run(new AbortController().signal)).toBe('closed');
    await mark(bed.memory, evacuating([], { phase: 'closed' }));
    expect(await loopOf(bed).run(new AbortController().signal)).toBe('closed');
  });

  it('a nudge wakes it from its pause', async () => {
    const over = isolated(H1, { disabledReason: `nova-ha: ${EVENT} evacuated (fenced)` });
    const bed = createBed({
      compute: { fleet: () => Promise.resolve(known(fleet([over, service(H2)]), T0)) },
    });
    const manual = { ...DEFAULT_POLICY.readmit, automatic: false };
    const idle = { ...DEFAULT_POLICY.freshness, idleMs: 3_600_000 };
    const policy = { ...DEFAULT_POLICY, readmit: manual, freshness: idle };
    await mark(bed.memory, evacuating([], { phase: 'settled' }));
    const turnsAt: number[] = [];
    const loop = createHostLoop(
      {
        ...bed.parts,
        policy: () => policy,
        leaseMs: 7_200_000_000,
        fleet: createFleetCache(bed.compute, bed.clock),
        onTurn: () => {
          turnsAt.push(bed.clock.now() - T0);
          if (turnsAt.length < 4) loop.nudge();
        },
      },
      H1,
    );
    const stop = new AbortController();
    const running = loop.run(stop.signal);
    await until(() => turnsAt.length > 4);
    expect(turnsAt[3]).toBeLessThan(3_600_000);
    expect(turnsAt[4]).toBeGreaterThanOrEqual(3_600_000);
    stop.abort();
    await running;
  });
});
