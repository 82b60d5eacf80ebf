import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import { asEvent, asHost, asWorker, type HostName } from '../../src/domain/ids.ts';
import type { Known } from '../../src/domain/known.ts';
import { because } from '../../src/domain/reason.ts';
import { isUnreadable, summaryOf } from '../../src/domain/summary.ts';
import type { HistoryEntry, Store, Stored } from '../../src/engine/ports.ts';
import { fullRecord, markedRecord } from './record.ts';
import { describeSwitches } from './switches-contract.ts';
import { until } from './until.ts';

/** A store of one kind, empty, with as many clients as a test wants. */
export interface StoreBed {
  /** Another client of the same store; closed by the bed. */
  open(): Store;
  /** Lets time pass for leases, where time is ours; where it is not, tests wait. */
  passTime(lengthMs: number): void;
  /** Puts a text where the newest record of a host lies; null where nothing can be damaged. */
  readonly damage: ((host: HostName, text: string) => Promise<void>) | null;
  /** Puts a text where the switches lie. */
  readonly damageSwitches: ((text: string) => Promise<void>) | null;
  close(): Promise<void>;
}

const one = asHost('compute-1');
const two = asHost('compute-2.example.org');
const anna = asWorker('anna');
const bert = asWorker('bert');
const TTL_MS = 400;

/** The value of a known answer; fails the test on an unknown one. */
export function valueOf<T>(answer: Known<T>): T {
  if (answer.kind === 'unknown') throw new Error(`unknown: ${answer.why}`);
  return answer.value;
}

/** The record of a host that must be there. */
export async function storedAt(store: Store, host: HostName): Promise<Stored> {
  const stored = valueOf(await store.read(host));
  if (stored === null) throw new Error(`${host} has no record`);
  return stored;
}

const touched = (evacuation: Evacuation, moves: number): Evacuation => ({
  ...evacuation,
  life: { ...evacuation.life, moves },
});

/** Adds one to a counter in the record by compare-and-set, until it has worked; gives the conflicts. */
export async function increment(store: Store, host: HostName): Promise<number> {
  for (let conflicts = 0; ; conflicts += 1) {
    const { version, evacuation } = await storedAt(store, host);
    const next = touched(evacuation, evacuation.life.moves + 1);
    const outcome = await store.write({ version, epoch: null }, next);
    if (outcome.kind === 'applied') return conflicts;
    if (outcome.kind === 'uncertain') throw new Error(outcome.why);
    if (outcome.refusal.cause !== 'wrong-state') throw new Error(outcome.refusal.message);
  }
}

/** What every store must do; the adapters' own tests add what only they can. */
export function describeStore(name: string, makeBed: () => Promise<StoreBed>): void {
  let bed: StoreBed;
  let store: Store;
  let other: Store;
  beforeEach(async () => {
    bed = await makeBed();
    store = bed.open();
    other = bed.open();
  });
  afterEach(async () => {
    await bed.close();
  });

  const granted = async (from: Store, host: HostName, worker = anna): Promise<number> => {
    const grant = valueOf(await from.lease(host, worker, TTL_MS));
    if (grant.kind === 'held') throw new Error(`held by ${grant.by}`);
    return grant.epoch;
  };
  const grantedAfterExpiry = async (from: Store, worker = bert): Promise<number> => {
    bed.passTime(TTL_MS);
    let epoch = 0;
    await until(async () => {
      const grant = valueOf(await from.lease(one, worker, TTL_MS));
      if (grant.kind === 'granted') ({ epoch } = grant);
      return epoch > 0;
    });
    return epoch;
  };

  describe(`${name}: records`, () => {
    test('an empty store has nothing and is well', async () => {
      expect(await store.check()).toBeNull();
      expect(valueOf(await store.read(one))).toBeNull();
      expect(valueOf(await store.list())).toEqual([]);
      expect(valueOf(await store.history({ limit: 5 }))).toEqual([]);
    });

    test('a record comes back as it was written, from every client', async () => {
      const record = fullRecord(40, one);
      const outcome = await store.write({ version: 0, epoch: null }, record);
      expect(outcome).toEqual({ kind: 'applied', value: { version: 1 } });
      expect(await storedAt(other, one)).toEqual({ version: 1, epoch: 0, evacuation: record });
    });

    test('the list is the summaries of the records', async () => {
      const records = [fullRecord(13, one), fullRecord(7, two)];
      for (const record of records) await store.write({ version: 0, epoch: null }, record);
      const listed = [...valueOf(await other.list())].sort((a, b) => (a.host < b.host ? -1 : 1));
      expect(listed).toEqual(records.map(summaryOf));
      await other.write({ version: 1, epoch: null }, { ...markedRecord(one), phase: 'closed' });
      const phases = valueOf(await store.list()).map(({ phase }) => phase);
      expect(phases.sort()).toEqual(['closed', 'evacuating']);
    });

    test('texts beyond ASCII, quotes and line breaks survive', async () => {
      const reasons = [because('NH104', { what: 'Zoë\n"x" {a} \u2028 \\ 𝄞', detail: '' })];
      await store.write({ version: 0, epoch: null }, { ...markedRecord(one), reasons });
      expect((await storedAt(other, one)).evacuation.reasons).toEqual(reasons);
      expect(valueOf(await other.list())[0]?.reasons).toEqual(reasons);
    });

    test('a write against another version is refused and changes nothing', async () => {
      const record = markedRecord(one);
      await store.write({ version: 0, epoch: null }, record);
      for (const version of [0, 2, 17]) {
        const outcome = await other.write({ version, epoch: null }, touched(record, 9));
        expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'wrong-state' } });
      }
      expect(await storedAt(store, one)).toEqual({ version: 1, epoch: 0, evacuation: record });
    });

    test('of many writers against one version exactly one wins', async () => {
      await store.write({ version: 0, epoch: null }, markedRecord(one));
      for (let version = 1; version <= 5; version += 1) {
        const clients = [store, other, store, other, store, other, store, other];
        const outcomes = await Promise.all(
          clients.map((client, index) =>
            client.write({ version, epoch: null }, touched(markedRecord(one), index)),
          ),
        );
        const winners = outcomes.flatMap(({ kind }, index) => (kind === 'applied' ? [index] : []));
        expect(winners).toHaveLength(1);
        const stored = await storedAt(store, one);
        expect(stored.version).toBe(version + 1);
        expect([stored.evacuation.life.moves]).toEqual(winners);
      }
    });

    test('increments by compare-and-set add up', async () => {
      await store.write({ version: 0, epoch: null }, markedRecord(one));
      const clients = [store, other, store, other];
      await Promise.all(
        clients.map(async (client) => {
          for (let round = 0; round < 10; round += 1) await increment(client, one);
        }),
      );
      expect((await storedAt(store, one)).evacuation.life.moves).toBe(40);
    });

    test('a host name that cannot be a key is refused', async () => {
      const outcome = await store.write(
        { version: 0, epoch: null },
        markedRecord(asHost('../etc/passwd')),
      );
      expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'bad-request' } });
      expect(valueOf(await store.list())).toEqual([]);
    });
  });

  describe(`${name}: leases and epochs`, () => {
    test('one holder at a time, each host for itself', async () => {
      expect(await granted(store, one)).toBe(1);
      const answer = valueOf(await other.lease(one, bert, TTL_MS));
      // On a slow machine the lease may have ended by now.
      if (answer.kind === 'held') expect(answer.by).toBe(anna);
      else expect(answer.epoch).toBe(2);
      expect(await granted(other, two, bert)).toBe(1);
    });

    test('a renewal keeps the epoch and prolongs the lease', async () => {
      const long = 60_000;
      for (let round = 0; round < 3; round += 1) {
        expect(valueOf(await store.lease(one, anna, long))).toEqual({ kind: 'granted', epoch: 1 });
        bed.passTime(long - 1);
        const answer = valueOf(await other.lease(one, bert, long));
        expect(answer).toEqual({ kind: 'held', by: anna });
      }
    });

    test('after its expiry, and not before, another one gets it with a higher epoch', async () => {
      expect(valueOf(await store.lease(one, anna, 60_000)).kind).toBe('granted');
      expect(valueOf(await other.lease(one, bert, 60_000)).kind).toBe('held');
      await store.release(one, anna);
      expect(await granted(store, one)).toBe(2);
      expect(await grantedAfterExpiry(other)).toBe(3);
    });

    test('an expired lease comes back to its last holder as a new one', async () => {
      const first = valueOf(await store.lease(one, anna, 1));
      expect(first).toEqual({ kind: 'granted', epoch: 1 });
      bed.passTime(1);
      let epoch = 1;
      await until(async () => {
        const again = valueOf(await store.lease(one, anna, 1));
        if (again.kind === 'granted') ({ epoch } = again);
        return epoch > 1;
      });
    });

    test('a release by its holder frees it at once, by another one it does not', async () => {
      expect(valueOf(await store.lease(one, anna, 60_000)).kind).toBe('granted');
      await other.release(one, bert);
      expect(valueOf(await other.lease(one, bert, 60_000))).toEqual({ kind: 'held', by: anna });
      await store.release(one, anna);
      expect(valueOf(await other.lease(one, bert, 60_000))).toEqual({ kind: 'granted', epoch: 2 });
    });

    test('a late writer with an old epoch is refused, though the version is right', async () => {
      const record = markedRecord(one);
      const old = await granted(store, one);
      expect(await store.write({ version: 0, epoch: old }, record)).toMatchObject({
        kind: 'applied',
      });
      const young = await grantedAfterExpiry(other);
      const { version } = await storedAt(store, one);
      expect(version).toBe(1);
      const late = await store.write({ version, epoch: old }, touched(record, 1));
      expect(late).toMatchObject({ kind: 'refused', refusal: { cause: 'wrong-state' } });
      const onTime = await other.write({ version, epoch: young }, touched(record, 2));
      expect(onTime.kind).toBe('applied');
      expect(await storedAt(store, one)).toMatchObject({ version: 2, epoch: young });
    });

    test('whatever a leaseholder changes comes back, and what he leaves out is gone', async () => {
      await store.write({ version: 0, epoch: null }, fullRecord(3, one));
      const epoch = await granted(store, one);
      const claim = { host: two, at: 'enabling', since: 1, reason: 'reserved' } as const;
      const changes: readonly Partial<Evacuation>[] = [
        { stage: { group: 'db', since: 1 } },
        { window: { size: 2, since: 1 }, sentAt: 5, begunAt: 4 },
        { forecast: { fits: 1, short: 2, unknown: 0 }, seenMigration: 9 },
        { reserve: { since: 1, claims: [claim], ended: [] } },
        { reserve: { since: 1, claims: [{ ...claim, at: 'taken' }], ended: [] } },
      ];
      let kept: Evacuation = (await storedAt(store, one)).evacuation;
      for (const change of [...changes, ...changes]) {
        const base = fullRecord(3, one);
        kept = { ...base, instances: kept.instances, ...change };
        const { version } = await storedAt(store, one);
        expect(await store.write({ version, epoch }, kept)).toMatchObject({ kind: 'applied' });
        expect((await storedAt(store, one)).evacuation).toEqual(kept);
        expect(valueOf(await store.list())).toEqual([summaryOf(kept)]);
      }
    });

    test('a writer without lease is bound by the version only', async () => {
      await store.write({ version: 0, epoch: null }, markedRecord(one));
      await granted(other, one);
      const outcome = await store.write({ version: 1, epoch: null }, markedRecord(one));
      expect(outcome.kind).toBe('applied');
      expect((await storedAt(store, one)).epoch).toBe(1);
    });

    test('of many who want a free lease exactly one gets it', async () => {
      const clients = [store, other, store, other, store, other];
      const answers = await Promise.all(
        clients.map((client, index) =>
          client.lease(one, asWorker(`worker-${String(index)}`), 60_000),
        ),
      );
      expect(answers.map((answer) => valueOf(answer).kind).sort()).toEqual([
        'granted',
        ...Array.from({ length: 5 }, () => 'held'),
      ]);
    });
  });

  describeSwitches(name, () => ({ bed, store, other }));

  describe(`${name}: nudges and history`, () => {
    test('nudges and marks of other clients are told, until the watch is closed', async () => {
      const told: HostName[] = [];
      const watch = other.watch((host) => told.push(host));
      // A watch may need a moment to stand: nudge until the first one comes.
      await until(async () => {
        await store.nudge(two);
        return told.includes(two);
      });
      await store.write({ version: 0, epoch: null }, markedRecord(one));
      await until(() => told.includes(one));
      watch.close();
      await store.nudge(asHost('compute-3'));
      expect(told).not.toContain('compute-3');
    });

    test('a client is woken by its own nudges too', async () => {
      let told = 0;
      store.watch(() => (told += 1));
      await until(async () => {
        await store.nudge(one);
        return told > 0;
      });
    });

    test('history comes newest first, by host and up to a limit', async () => {
      const line = (host: HostName, at: number): HistoryEntry => ({
        at,
        host,
        event: asEvent('e1'),
        what: 'landed',
        instance: null,
        detail: `on "x"\n${String(at)}`,
      });
      await store.append([line(one, 1), line(two, 2)]);
      await other.append([line(one, 3)]);
      await store.append([]);
      const ats = async (filter: { host?: HostName; limit: number }): Promise<number[]> =>
        valueOf(await other.history(filter)).map(({ at }) => at);
      expect(await ats({ limit: 10 })).toEqual([3, 2, 1]);
      expect(await ats({ limit: 2 })).toEqual([3, 2]);
      expect(await ats({ host: one, limit: 10 })).toEqual([3, 1]);
      expect(await ats({ limit: 0 })).toEqual([]);
      expect(valueOf(await store.history({ host: two, limit: 1 }))).toEqual([line(two, 2)]);
    });

    test('a damaged record is unknown and said where it lies, and is not overwritten', async () => {
      if (bed.damage === null) return;
      await store.write({ version: 0, epoch: null }, markedRecord(one));
      await store.write({ version: 0, epoch: null }, markedRecord(two));
      await bed.damage(one, '{"format":1,"rubbish');
      const read = await store.read(one);
      const list = await store.list();
      expect(read).toMatchObject({
        kind: 'unknown',
        why: expect.stringMatching(/compute-1.*damaged.*;/) as string,
      });
      const listed = valueOf(list);
      expect(listed.map(({ host }) => host).sort()).toEqual([one, two]);
      const [bad] = listed.filter(isUnreadable);
      expect(bad?.host).toBe(one);
      expect(bad?.reasons[0]?.values['detail']).toMatch(/compute-1.*damaged/);
      expect((await store.read(two)).kind).toBe('known');
      const outcome = await store.write({ version: 0, epoch: null }, markedRecord(one));
      expect(outcome.kind).toBe('refused');
    });
  });
}
