import { describe, expect, it } from 'vitest';
import type { Evacuation, Progress } from '../../src/domain/evacuation.ts';
import { asWorker } from '../../src/domain/ids.ts';
import { unknown } from '../../src/domain/known.ts';
import { wholeHost, type Request } from '../../src/domain/mark.ts';
import { refused, uncertain } from '../../src/domain/outcome.ts';
import { because } from '../../src/domain/reason.ts';
import { markHost, readmitHost, unmarkHost, type Failure } from '../../src/engine/mark-host.ts';
import type { Store } from '../../src/engine/ports.ts';
import {
  ACCEPTED,
  evacuating,
  H1,
  H2,
  INTENDED,
  mark,
  PENDING,
  T0,
  vm,
} from '../support/domain.ts';
import { createParts, withWrites, type ToldWrite } from '../support/engine.ts';

const agent: Failure = {
  host: H1,
  origin: 'fence-agent',
  by: 'ctl-1',
  claim: { source: 'mark', at: 0, detail: 'fenced by Pacemaker' },
  request: wholeHost,
};
const anna = { host: H1, by: 'anna' };

async function recordIn(store: Store): Promise<Evacuation> {
  const stored = await store.read(H1);
  if (stored.kind === 'unknown' || stored.value === null) throw new Error('no record');
  return stored.value.evacuation;
}

/** Parts with this record in the store. */
async function holding(record: Evacuation, writes: ToldWrite[] = []) {
  const parts = createParts({ store: (sound) => withWrites(sound, writes) });
  await parts.memory.write({ version: 0, epoch: null }, record);
  return parts;
}

describe('a mark', () => {
  it('is durable when it is acknowledged, with a claim of that moment', async () => {
    const parts = createParts();
    const outcome = await markHost(parts, agent);
    expect(outcome).toEqual({ kind: 'applied', value: { event: 'ev-1', fresh: true } });
    expect(await recordIn(parts.store)).toMatchObject({
      phase: 'marked',
      mark: { event: 'ev-1', at: T0, claim: { at: T0 }, by: 'ctl-1' },
    });
    const history = await parts.store.history({ limit: 9 });
    expect(history).toMatchObject({ value: [{ what: 'marked', event: 'ev-1' }] });
  });

  it('keeps its event when the host is reported again; the proof must be as new as the report', async () => {
    const parts = createParts();
    await markHost(parts, agent);
    parts.clock.pass(5000);
    const outcome = await markHost(parts, { ...agent, claim: null, by: 'ctl-2' });
    expect(outcome).toMatchObject({ value: { event: 'ev-1', fresh: false } });
    expect(await recordIn(parts.store)).toMatchObject({
      mark: { firstAt: T0, at: T0 + 5000, claim: null, by: 'ctl-2' },
      proof: null,
    });
  });

  it('is not made older by a report from before, nor does its claim go', async () => {
    const parts = createParts();
    await markHost(parts, agent);
    const first = (await recordIn(parts.store)).mark;
    parts.clock.pass(60_000);
    const before = { source: 'pacemaker', at: T0 - 60_000, detail: 'reboot' } as const;
    for (const claim of [null, before]) {
      await markHost(parts, { ...agent, claim, at: T0 - 60_000, by: 'ctl-2' });
      expect((await recordIn(parts.store)).mark).toEqual(first);
    }
    // Of the same failure: Pacemaker ended the fencing in which the agent had marked the host.
    const claim = { source: 'pacemaker', at: T0 + 2000, detail: 'reboot' } as const;
    await markHost(parts, { ...agent, origin: 'pacemaker', claim, at: T0 + 2000 });
    expect((await recordIn(parts.store)).mark).toEqual(first);
  });

  it('without a claim takes the one of a report from before', async () => {
    const parts = await holding(evacuating([ACCEPTED], { mark: mark({ claim: null }) }));
    const claim = { source: 'pacemaker', at: T0, detail: 'reboot' } as const;
    await markHost(parts, { ...agent, origin: 'pacemaker', claim, at: T0 });
    expect(await recordIn(parts.store)).toMatchObject({
      phase: 'evacuating',
      mark: { at: T0, claim, origin: 'fence-agent' },
      proof: { source: 'mark' },
    });
  });

  it('is renewed by a younger one that is moved here, with the claim that covers it', async () => {
    const parts = await holding(evacuating([ACCEPTED]));
    const moved = { source: 'mark', at: T0 + 5000, detail: 'fenced' } as const;
    await markHost(parts, { ...agent, claim: moved, at: T0 + 5000 });
    const renewed = {
      mark: { at: T0 + 5000, claim: moved },
      proof: null,
      isolation: { seen: false },
    };
    expect(await recordIn(parts.store)).toMatchObject(renewed);
    await markHost(parts, { ...agent, claim: null, at: T0 + 5001 });
    expect((await recordIn(parts.store)).mark).toMatchObject({ at: T0 + 5001, claim: null });
  });

  it('is renewed by an agent whose clock is behind', async () => {
    const parts = createParts();
    parts.clock.pass(60_000);
    await markHost(parts, agent);
    parts.clock.pass(-30_000);
    await markHost(parts, { ...agent, by: 'ctl-2' });
    const at = T0 + 60_000;
    expect((await recordIn(parts.store)).mark).toMatchObject({ at, claim: { at }, by: 'ctl-2' });
  });

  it('by an operator adds his word and changes nothing that is known', async () => {
    const parts = await holding(evacuating([ACCEPTED]));
    await markHost(parts, { ...agent, origin: 'operator', by: 'anna', claim: null });
    expect(await recordIn(parts.store)).toMatchObject({
      phase: 'evacuating',
      mark: { at: T0, by: 'ctl-1' },
      proof: { source: 'mark' },
    });
  });

  it('of a host that was settled is a new event; what we imposed before is still ours to lift', async () => {
    const before = { status: 'disabled', disabledReason: 'rack', forcedDown: false } as const;
    const isolation = { before, wasUp: true, since: T0, seen: true };
    const parts = await holding(evacuating([PENDING], { phase: 'settled', isolation }));
    expect(await markHost(parts, agent)).toMatchObject({ value: { fresh: true } });
    const record = await recordIn(parts.store);
    expect(record).toMatchObject({
      phase: 'marked',
      instances: {},
      isolation: { before, seen: false },
    });
    const closed = await holding(evacuating([], { phase: 'closed', isolation }));
    await markHost(closed, agent);
    expect((await recordIn(closed.store)).isolation).toBeNull();
  });

  it('nudges the workers', async () => {
    const parts = createParts();
    const nudged: string[] = [];
    parts.store.watch((host) => void nudged.push(host));
    await markHost(parts, agent);
    expect(nudged).toContain(H1);
  });
});

describe('two reports of one host', () => {
  const asked = (request: Partial<Request>): Failure => ({
    ...agent,
    origin: 'operator',
    request: { ...wholeHost, ...request },
  });
  const skipped = (code: 'NH307' | 'NH308' | 'NH301'): Progress => ({
    at: 'skipped',
    why: because(code),
  });

  it('ask for all that either asks for', async () => {
    const parts = createParts();
    await markHost(parts, asked({ instances: [vm(1)], force: true }));
    await markHost(parts, asked({ instances: [vm(2)], target: H2 }));
    const request = { instances: [vm(1), vm(2)], target: H2, force: true };
    expect((await recordIn(parts.store)).mark.request).toEqual(request);
    await markHost(parts, agent);
    expect((await recordIn(parts.store)).mark.request).toMatchObject({ instances: null });
  });

  it('send no other instance to the place that the second names', async () => {
    const parts = await holding(evacuating([PENDING, PENDING]));
    await markHost(parts, asked({ instances: [vm(2)], target: H2 }));
    await markHost(parts, asked({ target: H2 }));
    expect((await recordIn(parts.store)).mark.request).toEqual(wholeHost);
  });

  it('take up again what the first left out', async () => {
    const parts = await holding(evacuating([skipped('NH308'), skipped('NH301'), ACCEPTED]));
    await markHost(parts, agent);
    const record = await recordIn(parts.store);
    expect(record.phase).toBe('marked');
    expect(Object.keys(record.instances)).toEqual([vm(2), vm(3)]);
  });

  it('take up again what had stayed on a host that came back, when that fails once more', async () => {
    const again = await holding(evacuating([skipped('NH307'), INTENDED]));
    await markHost(again, agent);
    expect(Object.keys((await recordIn(again.store)).instances)).toEqual([vm(2)]);
    const asking = await holding(evacuating([skipped('NH307'), INTENDED]));
    await markHost(asking, asked({}));
    expect(await recordIn(asking.store)).toMatchObject({ phase: 'evacuating' });
  });
});

describe('a store in trouble', () => {
  const lost: ToldWrite = { done: false, told: uncertain('no answer') };
  const unheard: ToldWrite = { done: true, told: uncertain('no answer') };
  const away: ToldWrite = { done: false, told: refused('not-sent', 'connection refused') };
  const raced: ToldWrite = { done: false, told: refused('wrong-state', 'version 4, not 3') };

  it.each([
    ['a lost race is run again', [raced, raced], 'applied', true],
    ['a lost write is repeated', [lost], 'applied', true],
    ['a write without an answer is found done, under one event', [unheard], 'applied', true],
    ['a store that is away is told to the caller', [away], 'refused', false],
    [
      'three writes without an answer are not guessed about',
      [lost, lost, lost],
      'uncertain',
      false,
    ],
  ] as const)('%s', async (_name, writes, kind, isMarked) => {
    const parts = createParts({ store: (sound) => withWrites(sound, [...writes]) });
    const outcome = await markHost(parts, agent);
    expect(outcome.kind).toBe(kind);
    const stored = await parts.memory.read(H1);
    expect(stored.kind === 'known' && stored.value !== null).toBe(isMarked);
    if (outcome.kind === 'applied') {
      expect(outcome.value).toEqual({ event: 'ev-1', fresh: true });
      expect((await recordIn(parts.memory)).mark.event).toBe('ev-1');
    }
  });

  it('cannot be read: nothing is marked', async () => {
    const store = (sound: Store): Store => ({
      ...sound,
      read: () => Promise.resolve(unknown('away')),
    });
    expect(await markHost(createParts({ store }), agent)).toMatchObject({ kind: 'refused' });
  });

  it('a command without an answer is found done', async () => {
    const parts = await holding(evacuating([PENDING]), [unheard]);
    expect(await unmarkHost(parts, anna)).toMatchObject({ kind: 'done' });
    const readmitted = await holding(evacuating([], { phase: 'settled' }), [lost, unheard]);
    expect(await readmitHost(readmitted, anna)).toMatchObject({ kind: 'done' });
    expect((await recordIn(readmitted.memory)).readmission.asked).toBe(true);
    const gone = await holding(evacuating([PENDING]), [away]);
    expect(await unmarkHost(gone, anna)).toMatchObject({ kind: 'unreachable' });
  });
});

describe('taking a mark back', () => {
  const stuck: Progress = {
    at: 'stuck',
    attempt: 1,
    since: T0,
    after: 0,
    migration: 1,
    destination: H2,
    why: because('NH406'),
  };

  it('leaves what was not sent, gives up what waits for a human, and forgets the proof', async () => {
    const parts = await holding(evacuating([PENDING, stuck, { at: 'gone' }]));
    expect(await unmarkHost(parts, anna)).toMatchObject({ kind: 'done' });
    const record = await recordIn(parts.store);
    expect(record).toMatchObject({ phase: 'settled', proof: null });
    expect(Object.values(record.instances).map(({ progress }) => progress.at)).toEqual([
      'skipped',
      'failed',
      'gone',
    ]);
  });

  it('closes what was never isolated', async () => {
    const parts = await holding(evacuating([], { phase: 'marked', isolation: null }));
    await unmarkHost(parts, anna);
    expect((await recordIn(parts.store)).phase).toBe('closed');
  });

  it.each([
    ['in flight: Nova cannot cancel it', evacuating([ACCEPTED]), 'NH604'],
    ['asked for and not heard of', evacuating([INTENDED]), 'NH604'],
    ['over', evacuating([], { phase: 'settled' }), 'NH603'],
  ])('is refused when it is %s', async (_name, record, code) => {
    const parts = await holding(record);
    expect(await unmarkHost(parts, anna)).toMatchObject({ kind: 'refused', why: { code } });
  });

  it('is refused where there is no mark', async () => {
    const outcome = await unmarkHost(createParts(), anna);
    expect(outcome).toMatchObject({ kind: 'refused', why: { code: 'NH603' } });
  });

  it('wins over a worker that has decided on the old record', async () => {
    const parts = await holding(evacuating([PENDING]));
    const grant = await parts.store.lease(H1, asWorker('w1'), 15_000);
    const stored = await parts.store.read(H1);
    await unmarkHost(parts, anna);
    const version = stored.kind === 'known' ? (stored.value?.version ?? 0) : 0;
    const epoch = grant.kind === 'known' && grant.value.kind === 'granted' ? grant.value.epoch : 0;
    const late = await parts.store.write({ version, epoch }, evacuating([INTENDED]));
    expect(late).toMatchObject({ kind: 'refused', refusal: { cause: 'wrong-state' } });
  });
});

describe('asking for the way back', () => {
  it.each([
    ['an evacuation is under way', evacuating([]), 'NH605'],
    ['it was taken back already', evacuating([], { phase: 'closed' }), 'NH603'],
  ])('is refused when %s', async (_name, record, code) => {
    const parts = await holding(record);
    expect(await readmitHost(parts, anna)).toMatchObject({ kind: 'refused', why: { code } });
  });
});
