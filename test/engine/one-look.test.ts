import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { decide } from '../../src/domain/decide.ts';
import { asWorker } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import type { Compute } from '../../src/engine/ports.ts';
import { createWorker, type WorkerParts } from '../../src/engine/worker.ts';
import { evacuating, H1, H2, instance, PENDING, T0, vm } from '../support/domain.ts';
import { createIdleClock } from '../support/idle-clock.ts';
import { createFakeCompute, createKeptLog } from '../support/engine.ts';

const clocks: { stop(): void }[] = [];
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.stop();
});

function createBed(change: (clock: ReturnType<typeof createIdleClock>) => Partial<Compute>) {
  const clock = createIdleClock(T0);
  clocks.push(clock);
  const store = createMemoryStore({ clock });
  const compute = createFakeCompute(change(clock));
  const parts: WorkerParts = {
    store,
    compute,
    fencing: { proof: () => Promise.resolve(known(null, clock.now())) },
    clock,
    log: createKeptLog(),
    policy: DEFAULT_POLICY,
    worker: asWorker('w1'),
    leaseMs: 15_000,
    pollMs: 1000,
  };
  return { clock, store, compute, parts };
}

const guests = () => Promise.resolve(known([instance()], T0));

describe('one look at all hosts', () => {
  it('keeps its lease while Nova is slow: else it would never do anything there', async () => {
    const bed = createBed((clock) => ({
      instancesOn: guests,
      evacuationsFrom: async () => {
        await clock.sleep(40_000);
        return known([], clock.now());
      },
    }));
    await bed.store.write({ version: 0, epoch: null }, evacuating([PENDING]));
    await createWorker(bed.parts).once();
    expect(bed.compute.calls).toContain(`evacuate ${vm(1)}`);
    const rival = await bed.store.lease(H1, asWorker('w2'), 1000);
    expect(rival).toMatchObject({ value: { kind: 'granted' } });
  });

  it('ends the turns of the others, and gives its leases back, when a bug hits one host', async () => {
    const broken: string[] = [];
    let answered = 0;
    const bed = createBed((clock) => ({
      instancesOn: guests,
      evacuate: async () => {
        await clock.sleep(5000);
        answered += 1;
        return { kind: 'applied', value: { requestId: null } };
      },
    }));
    await bed.store.write(
      { version: 0, epoch: null },
      evacuating([], { host: H2, phase: 'settled' }),
    );
    await bed.store.write({ version: 0, epoch: null }, evacuating([PENDING]));
    const worker = createWorker({
      ...bed.parts,
      core: {
        decide: (record, ...rest) => {
          if (record.host === H2) throw new Error('a bug');
          return decide(record, ...rest);
        },
        violations: () => [],
      },
      onBroken: (host) => void broken.push(host),
    });
    await worker.once();
    expect(broken).toEqual([H2]);
    expect(answered).toBe(1);
    const lease = await bed.store.lease(H2, asWorker('w2'), 1000);
    expect(lease).toMatchObject({ value: { kind: 'granted' } });
  });
});
