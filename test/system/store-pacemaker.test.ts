import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { keeperOf } from '../../src/adapters/store/pacemaker-keeper.ts';
import { createPacemakerStore } from '../../src/adapters/store/pacemaker.ts';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import { asEvent, asHost, asWorker } from '../../src/domain/ids.ts';
import type { Clock, Store } from '../../src/engine/ports.ts';
import { createFakeCluster, type FakeCluster } from '../support/fake-cluster.ts';
import { fullRecord, markedRecord } from '../support/record.ts';
import { describeStore, storedAt, valueOf, type StoreBed } from '../support/store-contract.ts';
import { until } from '../support/until.ts';

const host = asHost('compute-1');
const anna = asWorker('anna');
const bert = asWorker('bert');

/** Time that tests move; sleeping yields, so that a watch looks again and again. */
function handClock(): Clock & { passMs(lengthMs: number): void } {
  let ms = 1_763_638_600_000;
  return {
    now: () => ms,
    monotonicMs: () => ms,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    passMs: (lengthMs) => {
      ms += lengthMs;
    },
  };
}

interface Controller {
  readonly store: Store;
  readonly files: Store;
}

/** A controller of a cluster: its own directory, the common table. */
async function controllerOf(
  cluster: FakeCluster,
  node: string,
  clock: Clock,
  known?: string,
): Promise<Controller & { readonly directory: string }> {
  const directory = known ?? (await mkdtemp(join(tmpdir(), 'nova-ha-store-')));
  const bootClock = { machine: node, boot: node, monotonicMs: () => clock.monotonicMs() };
  const files = createFileStore({ directory, clock, bootClock });
  const attributes = cluster.attributesOn(node);
  const keeper = `${node}-1`;
  const store = createPacemakerStore({
    ...{ table: cluster.table, switches: cluster.switches },
    ...{ attributes, files, keeper, clock },
  });
  return { store, files, directory };
}

async function pacemakerBed(): Promise<StoreBed> {
  const cluster = createFakeCluster();
  const clock = handClock();
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-store-'));
  const bootClock = { machine: 'm', boot: 'b', monotonicMs: () => clock.monotonicMs() };
  const opened: Store[] = [];
  return {
    open: () => {
      const files = createFileStore({ directory, clock, bootClock });
      const attributes = cluster.attributesOn('ctl-1');
      const keeper = 'ctl-1-1';
      const store = createPacemakerStore({
        table: cluster.table,
        switches: cluster.switches,
        attributes,
        files,
        keeper,
        clock,
      });
      opened.push(store);
      return store;
    },
    passTime: (lengthMs) => {
      clock.passMs(lengthMs);
    },
    damage: (damagedHost, text) => {
      cluster.texts.set(damagedHost, text);
      return Promise.resolve();
    },
    damageSwitches: (text) => {
      cluster.switchTexts.set('board', text);
      return Promise.resolve();
    },
    close: async () => {
      for (const store of opened) await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

describeStore('pacemaker', pacemakerBed);

test('the name of a file store stays with it, whoever asks first', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-keeper-'));
  const names = await Promise.all(Array.from({ length: 8 }, () => keeperOf(directory)));
  expect(new Set(names).size).toBe(1);
  expect(await keeperOf(directory)).toBe(names[0]);
  expect(await readdir(directory)).toEqual(['keeper']);
  await rm(directory, { recursive: true });
  expect(await keeperOf(directory)).not.toBe(names[0]);
  await rm(directory, { recursive: true });
});

describe('pacemaker: several controllers', () => {
  let cluster: FakeCluster;
  let clock: ReturnType<typeof handClock>;
  let one: Controller & { readonly directory: string };
  let two: Controller & { readonly directory: string };
  beforeEach(async () => {
    cluster = createFakeCluster();
    clock = handClock();
    one = await controllerOf(cluster, 'ctl-1', clock);
    two = await controllerOf(cluster, 'ctl-2', clock);
  });
  afterEach(async () => {
    for (const { store, directory } of [one, two]) {
      await store.close();
      await rm(directory, { recursive: true });
    }
  });

  const leaseOn = async ({ store }: Controller, worker = anna): Promise<number> => {
    const grant = valueOf(await store.lease(host, worker, 30_000));
    if (grant.kind === 'held') throw new Error(`held by ${grant.by}`);
    return grant.epoch;
  };
  const put = async (
    { store }: Controller,
    evacuation: Evacuation,
    epoch: number | null = null,
  ): Promise<void> => {
    const stored = valueOf(await store.read(evacuation.host));
    const outcome = await store.write({ version: stored?.version ?? 0, epoch }, evacuation);
    expect(outcome.kind).toBe('applied');
  };
  const classic = (): string | undefined => cluster.values.get('evacuate')?.get(host);

  test('a mark by one controller is seen by all, with the classic attribute', async () => {
    await put(two, markedRecord(host));
    expect((await storedAt(one.store, host)).evacuation).toEqual(markedRecord(host));
    expect(valueOf(await one.store.list()).map(({ phase }) => phase)).toEqual(['marked']);
    expect(classic()).toBe('yes');
    expect(cluster.texts.get(host)).toMatch(/^v1:1:marked:20261120T113509Z-7f3a:[\w-]+$/);
  });

  test('progress stays with the keeper, its core is seen everywhere', async () => {
    await put(one, markedRecord(host));
    const epoch = await leaseOn(one);
    await put(one, fullRecord(12), epoch);
    expect(Object.keys((await storedAt(one.store, host)).evacuation.instances)).toHaveLength(12);
    const seen = (await storedAt(two.store, host)).evacuation;
    expect(seen).toEqual({ ...fullRecord(12), instances: {} });
    expect(valueOf(await one.store.list())[0]?.total).toBe(12);
    expect(valueOf(await two.store.list())[0]).toMatchObject({ phase: 'evacuating', total: 0 });
  });

  test('progress alone causes no write to the cluster', async () => {
    await put(one, markedRecord(host));
    const epoch = await leaseOn(one);
    await put(one, fullRecord(12), epoch);
    const text = cluster.texts.get(host);
    await put(one, fullRecord(13), epoch);
    expect(cluster.texts.get(host)).toBe(text);
    expect(Object.keys((await storedAt(one.store, host)).evacuation.instances)).toHaveLength(13);
  });

  test('a new report from elsewhere reaches the keeper, with the progress kept', async () => {
    await put(one, markedRecord(host));
    const epoch = await leaseOn(one);
    await put(one, fullRecord(12), epoch);
    const before = await storedAt(one.store, host);
    const reported = (await storedAt(two.store, host)).evacuation;
    const mark = { ...reported.mark, at: reported.mark.at + 60_000 };
    await put(two, { ...reported, mark, proof: null });
    const { version, evacuation } = await storedAt(one.store, host);
    expect(version).toBeGreaterThan(before.version);
    expect(evacuation).toMatchObject({ mark, proof: null, phase: 'evacuating' });
    expect(Object.keys(evacuation.instances)).toHaveLength(12);
    const late = await one.store.write({ version: before.version, epoch }, fullRecord(12));
    expect(late).toMatchObject({ kind: 'refused', refusal: { cause: 'wrong-state' } });
  });

  test('a command from elsewhere reaches the keeper', async () => {
    await put(one, markedRecord(host));
    const epoch = await leaseOn(one);
    await put(one, { ...fullRecord(3), phase: 'settled' }, epoch);
    const seen = (await storedAt(two.store, host)).evacuation;
    const readmission = { ...seen.readmission, upSeen: 7 };
    await put(two, { ...seen, readmission });
    const taken = (await storedAt(one.store, host)).evacuation;
    expect(taken.readmission).toEqual(readmission);
    await put(one, { ...taken, readmission: { ...readmission, upSeen: 8 } }, epoch);
    expect((await storedAt(one.store, host)).evacuation.readmission.upSeen).toBe(8);
  });

  test('what needs the progress is refused where it is not', async () => {
    await put(one, markedRecord(host));
    await put(one, fullRecord(12), await leaseOn(one));
    const { version, evacuation } = await storedAt(two.store, host);
    const closed = await two.store.write(
      { version, epoch: null },
      { ...evacuation, phase: 'closed' },
    );
    expect(closed).toMatchObject({ kind: 'refused', refusal: { cause: 'forbidden' } });
    expect(JSON.stringify(closed)).toContain('ctl-1-1');
  });

  test('after a fail-over the inventory is taken anew, and the former keeper is shut out', async () => {
    await put(one, markedRecord(host));
    const old = await leaseOn(one);
    await put(one, fullRecord(12), old);
    await one.store.release(host, anna);
    const young = await leaseOn(two, bert);
    const { version, epoch, evacuation } = await storedAt(two.store, host);
    expect(epoch).toBe(young);
    expect(young).toBeGreaterThan(old);
    // Its requests may still be on their way to Nova.
    expect(evacuation).toMatchObject({ phase: 'marked', instances: {}, lostAt: clock.now() });
    const late = await one.store.write({ version, epoch: old }, fullRecord(12));
    expect(late.kind).toBe('refused');
    await put(two, fullRecord(5), young);
    // And back: what the first one's files still hold is from another time.
    await two.store.release(host, bert);
    const third = await leaseOn(one, asWorker('carl'));
    expect(third).toBeGreaterThan(young);
    expect((await storedAt(one.store, host)).evacuation).toMatchObject({
      phase: 'marked',
      instances: {},
    });
  });

  test('nothing is lost with a keeper that had sent nothing', async () => {
    await put(one, markedRecord(host));
    await put(one, markedRecord(host), await leaseOn(one));
    await one.store.release(host, anna);
    await leaseOn(two, bert);
    expect((await storedAt(two.store, host)).evacuation).not.toHaveProperty('lostAt');
  });

  test('that progress was lost is not forgotten by the next fail-over', async () => {
    await put(one, markedRecord(host));
    await put(one, fullRecord(12), await leaseOn(one));
    await one.store.release(host, anna);
    await leaseOn(two, bert);
    const { lostAt } = (await storedAt(two.store, host)).evacuation;
    await two.store.release(host, bert);
    clock.passMs(1000);
    await leaseOn(one, asWorker('carl'));
    expect((await storedAt(one.store, host)).evacuation).toMatchObject({ phase: 'marked', lostAt });
  });

  test('a settled host stays settled over a fail-over', async () => {
    await put(one, markedRecord(host));
    await put(one, { ...fullRecord(12), phase: 'settled' }, await leaseOn(one));
    await one.store.release(host, anna);
    await leaseOn(two, bert);
    const { evacuation } = await storedAt(two.store, host);
    expect(evacuation.phase).toBe('settled');
    expect(evacuation.isolation).toEqual(fullRecord(1).isolation);
  });

  test('a keeper whose directory was wiped takes the inventory anew', async () => {
    await put(one, markedRecord(host));
    await put(one, fullRecord(12), await leaseOn(one));
    await one.store.close();
    await rm(join(one.directory, 'hosts'), { recursive: true });
    one = await controllerOf(cluster, 'ctl-1', clock, one.directory);
    expect((await storedAt(one.store, host)).evacuation).toMatchObject({
      phase: 'marked',
      instances: {},
    });
    expect(valueOf(await one.store.list())[0]?.phase).toBe('marked');
    const epoch = await leaseOn(one);
    expect((await storedAt(one.store, host)).epoch).toBe(epoch);
    expect((await storedAt(two.store, host)).evacuation.lostAt).toBe(clock.now());
  });

  test('a second worker on another controller is refused, until the first is gone', async () => {
    await put(one, markedRecord(host));
    await leaseOn(one);
    expect(valueOf(await two.store.lease(host, bert, 30_000))).toEqual({ kind: 'held', by: anna });
    expect((await storedAt(one.store, host)).evacuation.phase).toBe('marked');
    clock.passMs(61_000);
    expect(await leaseOn(two, bert)).toBeGreaterThan(0);
  });

  test('no lease and no mark without quorum, and both say why', async () => {
    cluster.trouble = 'no-quorum';
    const grant = await one.store.lease(host, anna, 30_000);
    expect(grant).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('quorum') as string,
    });
    const outcome = await one.store.write({ version: 0, epoch: null }, markedRecord(host));
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'not-sent' } });
    // Attributes would be taken all the same, and marked the host once the partition is over.
    expect(classic()).toBeUndefined();
    expect(await one.store.check()).toMatch(/quorum/);
    cluster.trouble = 'away';
    expect((await one.store.read(host)).kind).toBe('unknown');
    expect((await one.store.list()).kind).toBe('unknown');
    expect(await one.store.check()).toMatch(/away/);
  });

  test('a first mark is written although the directory cannot be used', async () => {
    await writeFile(join(one.directory, 'file'), '');
    const broken = await controllerOf(cluster, 'ctl-1', clock, join(one.directory, 'file', 'x'));
    await put(broken, markedRecord(host));
    expect((await storedAt(two.store, host)).evacuation).toEqual(markedRecord(host));
    expect((await broken.store.lease(host, anna, 30_000)).kind).toBe('unknown');
    await broken.store.close();
  });

  test('a mark is written although the files of the keeper cannot be', async () => {
    await put(one, markedRecord(host));
    const epoch = await leaseOn(one);
    await put(one, { ...fullRecord(2), phase: 'settled' }, epoch);
    const before = await one.files.read(host);
    const { version } = await storedAt(one.store, host);
    const again = {
      ...markedRecord(host),
      mark: { ...markedRecord(host).mark, event: asEvent('e2') },
    };
    expect((await one.store.write({ version, epoch: null }, again)).kind).toBe('applied');
    expect(await one.files.read(host)).toMatchObject({ value: valueOf(before) });
    expect((await storedAt(one.store, host)).evacuation).toEqual(again);
  });

  test('a mark that an older configuration wiped out is put back while somebody watches', async () => {
    await put(one, markedRecord(host));
    const older = cluster.texts.get(host) ?? '';
    await leaseOn(one);
    const newest = cluster.texts.get(host);
    const other = asHost('compute-2');
    await put(two, markedRecord(other));
    const told: string[] = [];
    const watch = two.store.watch((nudged) => told.push(nudged));
    // The first look of a watch tells nothing; from the second one on it has seen both.
    let moves = 0;
    await until(async () => {
      moves += 1;
      await put(one, { ...markedRecord(other), life: { updatedAt: null, moves, movedAt: null } });
      return told.includes(other);
    });
    const second = cluster.texts.get(other);
    cluster.texts.set(host, older);
    cluster.texts.delete(other);
    await until(() => cluster.texts.get(host) === newest && cluster.texts.get(other) === second);
    watch.close();
  });

  test('a watch says when it stands: what was marked before is told by nobody', async () => {
    let gaps = 0;
    const told: string[] = [];
    const watch = two.store.watch(
      (nudged) => told.push(nudged),
      () => (gaps += 1),
    );
    await until(() => gaps === 1);
    await put(one, markedRecord(host));
    await until(() => told.includes(host));
    expect(gaps).toBe(1);
    watch.close();
  });

  test('the watch tells changes and keeps the classic attribute in step', async () => {
    await put(two, markedRecord(host));
    const told: string[] = [];
    const watch = one.store.watch((nudged) => told.push(nudged));
    const epoch = await leaseOn(one);
    await until(() => /^ctl-1@\d+$/.test(classic() ?? ''));
    // Pacemaker erases it when the node comes back.
    cluster.values.get('evacuate')?.set(host, '');
    await until(() => classic() !== '');
    const seen = (await storedAt(two.store, host)).evacuation;
    await put(two, { ...seen, mark: { ...seen.mark, at: seen.mark.at + 1 } });
    await until(() => told.includes(host));
    await put(one, { ...fullRecord(2), phase: 'settled' }, epoch);
    await until(() => classic() === 'no');
    // A report of a fence_compute is not ours to take back.
    cluster.values.get('evacuate')?.set(host, 'yes');
    cluster.values.get('evacuate')?.set('compute-9', 'yes');
    const looked = told.length;
    await put(two, { ...markedRecord(asHost('compute-2')) });
    await until(() => told.length > looked);
    expect(classic()).toBe('yes');
    watch.close();
  });
});
