import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/store/memory.ts';
import { createPacemakerStore } from '../../../src/adapters/store/pacemaker.ts';
import { asWorker } from '../../../src/domain/ids.ts';
import type { Store } from '../../../src/engine/ports.ts';
import { workAlone } from '../../../src/surfaces/cli/sole-worker.ts';
import { createFakeCluster } from '../../support/fake-cluster.ts';
import { createIdleClock } from '../../support/idle-clock.ts';

const LEASE_MS = 15_000;
const clock = createIdleClock();
const ends: AbortController[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end.abort();
});

/** A daemon, and what became of it. */
function daemon(store: Store, name: string) {
  const end = new AbortController();
  ends.push(end);
  const seen = { working: false, begun: 0, waits: [] as string[] };
  const ended = workAlone(
    {
      store,
      clock,
      worker: asWorker(name),
      leaseMs: LEASE_MS,
      signal: end.signal,
      waiting: (why) => void seen.waits.push(why),
    },
    async (signal) => {
      seen.working = true;
      seen.begun += 1;
      while (!isOver(signal)) await clock.sleep(1000, signal);
      seen.working = false;
    },
  );
  return { seen, ended, stop: () => (end.abort(), ended) };
}

const isOver = (signal: AbortSignal): boolean => signal.aborted;

const later = (ms: number): Promise<void> => clock.sleep(ms);

const singleWriter = (): Store => ({
  ...createMemoryStore({ clock }),
  capability: 'single-writer',
});

describe('a store with a single writer', () => {
  it('is held by one daemon; the other waits and says for whom', async () => {
    const store = singleWriter();
    const first = daemon(store, 'ctl-1:1');
    await later(1000);
    const second = daemon(store, 'ctl-2:2');
    await later(5 * LEASE_MS);
    expect(first.seen.working).toBe(true);
    expect(second.seen.begun).toBe(0);
    expect(new Set(second.seen.waits)).toEqual(
      new Set(['the worker ctl-1:1 works on this store, which takes one only']),
    );
    await first.stop();
    await later(LEASE_MS);
    expect(second.seen.working).toBe(true);
  });

  it('passes on when its daemon died', async () => {
    const store = singleWriter();
    await store.lease('_nova-ha-worker' as never, asWorker('dead'), LEASE_MS);
    const next = daemon(store, 'ctl-2:2');
    await later(1000);
    expect(next.seen.working).toBe(false);
    await later(2 * LEASE_MS);
    expect(next.seen.working).toBe(true);
  });

  it('stops a daemon that lost it, which waits again', async () => {
    const store = singleWriter();
    let holder: string | null = null;
    const lease: Store['lease'] = (host, worker, ttlMs) =>
      holder === null
        ? store.lease(host, worker, ttlMs)
        : Promise.resolve({ kind: 'known', at: 0, value: { kind: 'held', by: asWorker(holder) } });
    const one = daemon({ ...store, lease }, 'ctl-1:1');
    await later(1000);
    expect(one.seen.working).toBe(true);
    holder = 'ctl-2:2';
    await later(LEASE_MS);
    expect(one.seen.working).toBe(false);
    holder = null;
    await later(LEASE_MS);
    expect(one.seen).toMatchObject({ working: true, begun: 2 });
  });

  it('that does not answer is waited for, but stops nobody who works', async () => {
    const store = singleWriter();
    let away = true;
    const lease: Store['lease'] = (...asked) =>
      away ? Promise.resolve({ kind: 'unknown', why: 'no quorum' }) : store.lease(...asked);
    const one = daemon({ ...store, lease }, 'ctl-1:1');
    await later(LEASE_MS);
    expect(one.seen.waits).toContain('the store does not answer (no quorum)');
    away = false;
    await later(LEASE_MS);
    away = true;
    await later(5 * LEASE_MS);
    expect(one.seen).toMatchObject({ working: true, begun: 1 });
  });
});

it('any number of daemons work on a linearizable store', async () => {
  const store = createMemoryStore({ clock });
  const both = [daemon(store, 'a'), daemon(store, 'b')];
  await later(1000);
  expect(both.map(({ seen }) => seen.working)).toEqual([true, true]);
});

it('the pacemaker store takes one daemon in the whole cluster, and the next after it', async () => {
  const cluster = createFakeCluster();
  const on = (node: string): Store =>
    createPacemakerStore({
      table: cluster.table,
      switches: cluster.switches,
      attributes: cluster.attributesOn(node),
      files: createMemoryStore({ clock }),
      keeper: `keeper-of-${node}`,
      clock,
    });
  const first = daemon(on('ctl-1'), 'ctl-1:1');
  await later(1000);
  const second = daemon(on('ctl-2'), 'ctl-2:2');
  await later(5 * LEASE_MS);
  expect([first.seen.working, second.seen.working]).toEqual([true, false]);
  expect(second.seen.waits[0]).toContain('the worker ctl-1:1 works on this store');
  await first.stop();
  await later(LEASE_MS);
  expect(second.seen.working).toBe(true);
  expect(cluster.texts.size).toBe(0);
});
