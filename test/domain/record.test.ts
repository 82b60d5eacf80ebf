import { describe, expect, it } from 'vitest';
import { changesBetween, sentenceOfProgress } from '../../src/domain/changes.ts';
import { tracked, type Evacuation, type Progress } from '../../src/domain/evacuation.ts';
import { NO_FACTS } from '../../src/domain/facts.ts';
import { takeInventory } from '../../src/domain/inventory.ts';
import { asEvent, asHost, hostNameProblem, shortName } from '../../src/domain/ids.ts';
import { mark as markOf } from '../support/domain.ts';
import { byInstance, stageOf } from '../../src/domain/migration.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { awaitsHumans, summaryOf } from '../../src/domain/summary.ts';
import { leaveOnReturnedHost } from '../../src/domain/settle.ts';
import { everyProgress } from '../support/record.ts';
import {
  ACCEPTED,
  ALIVE,
  entry,
  evacuating,
  H1,
  H2,
  H3,
  INTENDED,
  instance,
  isolated,
  PENDING,
  row,
  T0,
  VM,
  vm,
} from '../support/domain.ts';

const take = (
  instances: readonly ReturnType<typeof instance>[],
  rows: readonly ReturnType<typeof row>[] = [],
  record = evacuating([]),
  now = T0 + 1000,
): Evacuation =>
  takeInventory(
    record,
    { instances, groups: [], migrations: rows, facts: NO_FACTS },
    DEFAULT_POLICY,
    now,
  );

describe('the inventory', () => {
  it('keeps what each instance was before', () => {
    const stopped = instance(VM, { vmState: 'stopped', powerState: 4, locked: true });
    expect(take([stopped]).instances[VM]).toMatchObject({
      before: { vmState: 'stopped', powerState: 4, locked: true },
      progress: { at: 'pending', attempt: 0 },
    });
  });

  it.each([
    ['accepted', { at: 'accepted', attempt: 0, migration: 7, after: 6, looked: 0 }],
    ['pre-migrating', { at: 'accepted', attempt: 0, migration: 7, destination: H2 }],
    ['done', { at: 'pending', after: 7 }],
    ['failed', { at: 'accepted', attempt: 0, migration: 7, after: 6, destination: H2, looked: 0 }],
    ['error', { at: 'pending', after: 7 }],
    ['completed', { at: 'pending', after: 7 }],
  ])('a record that is %s already', (status, expected) => {
    expect(take([instance()], [row(7, status)]).instances[VM]?.progress).toMatchObject(expected);
  });

  it('looks into all that failed since it arrived last, and into nothing before that', () => {
    const failed = [row(5, 'failed'), row(4, 'error'), row(3, 'failed', { destination: H3 })];
    const first = take([instance()], failed).instances[VM]?.progress;
    expect(first).toMatchObject({ at: 'accepted', migration: 5, destination: H2, after: 2 });
    const since = [...failed.slice(0, 2), row(3, 'completed'), row(2, 'failed')];
    expect(take([instance()], since).instances[VM]?.progress).toMatchObject({ after: 4 });
    const nowhere = row(7, 'failed', { destination: null });
    expect(take([instance()], [nowhere]).instances[VM]?.progress).toMatchObject({ at: 'pending' });
    const paused = instance(VM, { vmState: 'paused' });
    expect(take([paused], failed).instances[VM]?.progress).toMatchObject({ at: 'skipped' });
  });

  it('takes no orphan of an earlier failure for one that is under way', () => {
    const back = [row(2, 'completed', { destination: H3 }), row(1, 'pre-migrating')];
    expect(take([instance()], back).instances[VM]?.progress).toMatchObject({
      at: 'pending',
      after: 2,
    });
  });

  it('adopts what is under way even where nothing would be sent', () => {
    const paused = instance(VM, { vmState: 'paused' });
    expect(take([paused], [row(7, 'accepted')]).instances[VM]?.progress.at).toBe('accepted');
    expect(take([paused]).instances[VM]?.progress).toMatchObject({ why: { code: 'NH301' } });
  });

  it('an orphan is as old as Nova says, so that it is looked into at once', () => {
    const old = row(7, 'accepted', { createdAt: '2026-11-01T00:00:00.000000' });
    expect(take([instance()], [old]).instances[VM]?.progress).toMatchObject({
      since: Date.UTC(2026, 10, 1),
    });
    const future = row(7, 'accepted', { createdAt: '2099-01-01T00:00:00.000000' });
    expect(take([instance()], [future]).instances[VM]?.progress).toMatchObject({
      since: T0 + 1000,
    });
  });

  it('leaves those alone that are tracked, and is the same record when nobody is new', () => {
    const record = evacuating([{ at: 'gone' }]);
    expect(take([instance()], [], record)).toBe(record);
    expect(Object.keys(take([instance(), instance(vm(2))], [], record).instances)).toHaveLength(2);
  });

  it('after the record was lost, waits until what was on its way had time to show', () => {
    const rebuilt = evacuating([], { phase: 'marked', mark: markOf({ origin: 'rebuilt' }) });
    expect(take([instance()], [], rebuilt).instances[VM]?.progress).toMatchObject({
      at: 'pending',
      notBefore: T0 + DEFAULT_POLICY.retry.uncertainMs,
      why: { code: 'NH405' },
    });
    const late = take([instance()], [], rebuilt, T0 + DEFAULT_POLICY.retry.uncertainMs);
    expect(late.instances[VM]?.progress).toMatchObject({ why: null });
    // A later report changes the origin of the mark, not what was lost.
    const lost = evacuating([], { mark: markOf({ firstAt: T0 - 3_600_000 }), lostAt: T0 });
    expect(take([instance()], [], lost).instances[VM]?.progress).toMatchObject({
      notBefore: T0 + DEFAULT_POLICY.retry.uncertainMs,
      why: { code: 'NH405' },
    });
  });
});

describe('who comes to a failed host when it was counted already', () => {
  it('waits until a nova-compute that is back would have reported', () => {
    const late = take([instance(), instance(vm(2))], [], evacuating([PENDING]));
    expect(late.instances[VM]?.progress).toEqual(PENDING);
    expect(late.instances[vm(2)]?.progress).toMatchObject({
      notBefore: T0 + 31_000,
      why: { code: 'NH427' },
    });
  });

  it('stays there when it is back', () => {
    const given = take([instance()], [], evacuating([]));
    const [found] = tracked(given);
    expect(found?.[1].progress).toMatchObject({ why: { code: 'NH427' } });
    const back = leaveOnReturnedHost({ ...given, life: ALIVE }, isolated(), DEFAULT_POLICY);
    expect(back.instances[VM]?.progress).toMatchObject({ at: 'skipped', why: { code: 'NH307' } });
  });
});

describe('the summary', () => {
  it('counts every kind, and what is in flight by destination', () => {
    const progresses: readonly Progress[] = [
      PENDING,
      INTENDED,
      ACCEPTED,
      { ...ACCEPTED, destination: H2 },
      { ...ACCEPTED, destination: H2 },
    ];
    const summary = summaryOf(evacuating(progresses));
    expect(summary).toMatchObject({ total: 5, inFlight: 4, towards: { [H2]: 2 }, groups: [] });
    expect(summary.counts).toMatchObject({ pending: 1, intended: 1, accepted: 3, landed: 0 });
    const all = summaryOf(evacuating(everyProgress));
    expect(Object.values(all.counts).reduce((sum, count) => sum + count, 0)).toBe(all.total);
  });

  it('tells when all that is left waits for a human: planned moves need not wait with it', () => {
    const why = because('NH412', { status: 'done', host: H1, id: vm(1) });
    const base = { attempt: 1, since: T0, after: 0, migration: 1, destination: H2 } as const;
    const stuck: Progress = { at: 'stuck', ...base, why };
    const rests = (...progresses: readonly Progress[]): boolean =>
      awaitsHumans(summaryOf(evacuating(progresses)));
    expect(rests(stuck, { at: 'gone' })).toBe(true);
    expect(rests(stuck, PENDING)).toBe(false);
    expect(rests(stuck, ACCEPTED)).toBe(false);
    expect(rests({ at: 'gone' })).toBe(false);
    expect(awaitsHumans(summaryOf(evacuating([stuck], { phase: 'marked' })))).toBe(false);
  });

  it('names the groups with a member under way, until it was seen on its new host', () => {
    const grouped = (progress: Progress): readonly string[] =>
      summaryOf(evacuating([], { instances: { [VM]: entry(progress, { exclusiveGroup: 'g' }) } }))
        .groups;
    expect(grouped(ACCEPTED)).toEqual(['g']);
    expect(grouped(INTENDED)).toEqual(['g']);
    expect(grouped(PENDING)).toEqual([]);
    expect(grouped({ at: 'gone' })).toEqual([]);
  });
});

describe('what is told of a change', () => {
  const told = (before: Evacuation | null, after: Evacuation): readonly string[] =>
    changesBetween(before, after).map(({ what }) => what);
  const bare = { ...evacuating([PENDING]), phase: 'marked', proof: null, isolation: null } as const;

  it('nothing, when nothing has changed', () => {
    expect(told(evacuating(everyProgress), evacuating(everyProgress))).toEqual([]);
  });

  it('the mark, the proof, the isolation and the phase, once each', () => {
    expect(told(null, bare)).toEqual(['marked']);
    expect(told(bare, evacuating([PENDING]))).toEqual(['proven', 'isolated', 'evacuating']);
    const anew = evacuating([PENDING], { mark: markOf({ event: asEvent('another') }) });
    expect(told(evacuating([PENDING]), anew)).toContain('marked');
  });

  it('a step of an instance, but not every look at it', () => {
    const at = (progress: Progress): Evacuation => evacuating([progress]);
    expect(told(at(PENDING), at(INTENDED))).toEqual(['intended']);
    expect(told(at(ACCEPTED), at({ ...ACCEPTED, looked: T0 + 9, migration: 4 }))).toEqual([]);
    expect(told(at(ACCEPTED), at({ ...ACCEPTED, destination: H2 }))).toEqual(['accepted']);
  });

  it('a reason when it is new, not when its words change', () => {
    const reasons = [because('NH203', { count: 1, limit: 2 })];
    expect(told(evacuating([]), evacuating([], { reasons }))).toEqual(['waits']);
    const counted = [because('NH203', { count: 2, limit: 2 })];
    expect(told(evacuating([], { reasons }), evacuating([], { reasons: counted }))).toEqual([]);
  });

  it.each(everyProgress.map((progress) => [progress.at, progress] as const))(
    'a sentence for %s',
    (_at, progress) => {
      expect(sentenceOfProgress(progress)).toMatch(/^[a-z]/);
    },
  );

  it('the two classic sentences of a phase', () => {
    const sentences = (phase: Evacuation['phase']): readonly string[] =>
      changesBetween(bare, { ...bare, phase }).map(({ sentence }) => sentence);
    expect(sentences('evacuating')).toContain('Initiating evacuation of compute-1');
    expect(sentences('settled')).toContain('Completed evacuation of compute-1');
  });
});

describe('records of Nova', () => {
  it.each([
    ['accepted', 'accepted'],
    ['pre-migrating', 'building'],
    ['done', 'arrived'],
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['error', 'failed'],
    ['cancelled', 'failed'],
    ['preparing', 'other'],
  ])('%s is %s', (status, stage) => {
    expect(stageOf(status)).toBe(stage);
  });

  it('are grouped by instance, the newest first', () => {
    const groups = byInstance([
      row(1, 'done'),
      row(3, 'done'),
      row(2, 'done', { instance: vm(2) }),
    ]);
    expect(groups.get(VM)?.map(({ id }) => id)).toEqual([3, 1]);
    expect(groups.get(vm(2))).toHaveLength(1);
  });
});

describe('host names', () => {
  it.each(['compute-1', 'compute-1.example.com', 'C_1', '_x', '9'])('%s', (name) => {
    expect(hostNameProblem(name)).toBeNull();
  });

  it.each(['', '.', '-x', 'a b', 'a/b', '../x', 'a\n', 'ä', 'x'.repeat(256)])('not %j', (name) => {
    expect(hostNameProblem(name)).not.toBeNull();
  });

  it('short ones', () => {
    expect(shortName(asHost('compute-1.example.com'))).toBe('compute-1');
    expect(shortName('compute-1')).toBe('compute-1');
  });
});
