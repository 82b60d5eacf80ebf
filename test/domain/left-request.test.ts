import { describe, expect, it } from 'vitest';
import type { Progress, Tracked } from '../../src/domain/evacuation.ts';
import type { Facts } from '../../src/domain/judge.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { mayRepeat, type LeftRequest } from '../../src/domain/left-request.ts';
import type { ActionTrace } from '../../src/domain/observation.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import { summaryOf } from '../../src/domain/summary.ts';
import { parseNovaTime } from '../../src/domain/time.ts';
import { advanceEntry } from '../../src/domain/track.ts';
import {
  ACCEPTED,
  entry,
  evacuating,
  facts,
  H1,
  H2,
  H3,
  INTENDED,
  PENDING,
  row,
  seen,
  T0,
} from '../support/domain.ts';

const S = 1000;
const SCHEDULED = '2026-11-18T08:26:50.000000';
const scheduledAt = parseNovaTime(SCHEDULED) ?? 0;
const QUEUED: ActionTrace = {
  requestId: 'req-1',
  startedAt: '2026-11-18T08:26:49.000000',
  scheduling: 'done',
  scheduledAt: SCHEDULED,
  building: 'none',
  buildingOn: null,
  fault: null,
  ran: false,
};
const BEGUN: ActionTrace = { ...QUEUED, building: 'running', buildingOn: H2 };
const rows = known([row(1, 'accepted')], T0);
const fenced = new Map([[H2, T0 + 10 * S]]);

/** H2 was fenced; H3 reported last so many seconds after the request was scheduled. */
const queued = (otherS?: number, change: Partial<Facts> = {}): Facts =>
  facts({
    rows,
    fenced,
    trace: known(QUEUED, T0),
    reports: new Map([
      [H2, scheduledAt - 5 * S],
      ...(otherS === undefined ? [] : ([[H3, scheduledAt + otherS * S]] as const)),
    ]),
    ...change,
  });

const step = (tracked: Tracked, given: Facts, atS: number): Tracked =>
  advanceEntry(tracked, given, DEFAULT_POLICY, T0 + atS * S);

const LEFT: LeftRequest = { since: T0, rows: [1], on: [H2] };
const LOST = { at: 'pending', why: { code: 'NH409' }, after: 1 };

describe('a request that is scheduled and not begun', () => {
  const sent = entry(ACCEPTED);

  it('is taken for lost by the second of two looks, and remembered', () => {
    const once = step(sent, queued(40), 35);
    expect(once.progress).toMatchObject({ at: 'accepted', heard: true });
    const twice = step(once, queued(70), 65);
    expect(twice).toMatchObject({ left: LEFT, progress: LOST });
    // Not by the look that found it lost: the next one sees whether it is still so.
    expect(twice.progress).toMatchObject({ notBefore: T0 + 65 * S + 1 });
  });

  it('is not taken for lost when the second look comes too early', () => {
    const once = step(sent, queued(40), 35);
    const early = step(once, queued(70), 50);
    expect(early.progress).toMatchObject({ at: 'accepted', heard: true });
    expect(step(early, queued(80), 66).progress).toMatchObject(LOST);
  });

  it('is being built by a host that was frozen and thaws between two looks', () => {
    const frozen = step(sent, queued(-20), 35);
    expect(frozen.progress).not.toHaveProperty('heard');
    const thawed = step(frozen, queued(61), 65);
    expect(thawed.progress).toMatchObject({ at: 'accepted', heard: true });
    const built = { ...queued(91), trace: known({ ...BEGUN, buildingOn: H3 }, T0) };
    expect(step(thawed, built, 95).progress).toMatchObject({ at: 'accepted', destination: H3 });
  });

  it.each([
    ['of which another host has not reported since', queued(5)],
    ['of which another host fell silent before it', queued(-20)],
    ['with no list of services', queued(40, { reports: null })],
    [
      'of which Nova does not say when it was scheduled',
      queued(40, {
        trace: known({ ...QUEUED, scheduledAt: null }, T0),
      }),
    ],
    ['while no host was fenced', queued(40, { fenced: new Map() })],
    ['of which the fencing is older', queued(40, { fenced: new Map([[H2, T0 - 60 * S]]) })],
  ])('is never taken for lost: %s', (_name, given) => {
    const once = step(sent, given, 35);
    expect(once.progress).toMatchObject({ at: 'accepted' });
    expect(step(once, given, 65).progress).toMatchObject({ at: 'accepted' });
  });

  it('can be nowhere else when the others were down long before it', () => {
    const once = step(sent, queued(-200), 35);
    expect(step(once, queued(-200), 65).progress).toMatchObject(LOST);
  });

  it('is lost with the host that it was sent to by name, at the first look', () => {
    const named = entry({ ...ACCEPTED, destination: H2 });
    expect(step(named, queued(5), 35)).toMatchObject({ left: LEFT, progress: LOST });
    const other = entry({ ...ACCEPTED, destination: H3 });
    expect(step(other, queued(40), 35).progress).toMatchObject({ at: 'accepted' });
  });

  it('leaves nothing with its own source', () => {
    const both = new Map([...fenced, [H1, T0 + 10 * S]]);
    const once = step(sent, queued(40, { fenced: both }), 35);
    expect(step(once, queued(70, { fenced: both }), 65)).toMatchObject({ left: LEFT });
  });

  it('leaves nothing when it has ended or had begun', () => {
    const ended = queued(40, { trace: known({ ...QUEUED, scheduling: 'failed' }, T0) });
    expect(step(sent, ended, 35)).not.toHaveProperty('left');
    const begun = queued(40, { trace: known(BEGUN, T0) });
    expect(step(sent, begun, 35)).not.toHaveProperty('left');
  });
});

describe('sending again what was left', () => {
  const waiting = { ...entry({ ...PENDING, after: 1 }), left: LEFT };
  const repeated = { ...waiting, left: { ...LEFT, repeated: true as const } };
  const unbegun = known(QUEUED, T0);
  const dead = (): 'dead' => 'dead';

  it('needs a look at it, and that whoever may have it is off', () => {
    expect(mayRepeat(entry(PENDING), facts())).toBe(true);
    expect(mayRepeat(waiting, { trace: unbegun, livenessOf: dead })).toBe(true);
    expect(mayRepeat(waiting, { trace: known(null, T0), livenessOf: dead })).toBe(true);
    expect(mayRepeat(waiting, { trace: unknown('503'), livenessOf: dead })).toBe(false);
    expect(mayRepeat(waiting, { trace: known(BEGUN, T0), livenessOf: dead })).toBe(false);
    expect(mayRepeat(waiting, { trace: unbegun, livenessOf: () => 'doubtful' })).toBe(false);
    expect(mayRepeat(waiting, { trace: unbegun, livenessOf: () => 'alive' })).toBe(false);
    const two = { left: { ...LEFT, on: [H2, H3] } };
    const one = (host: string) => (host === H2 ? 'dead' : 'alive');
    expect(mayRepeat(two, { trace: unbegun, livenessOf: one })).toBe(false);
  });

  it('after that waits only for what is doubtful', () => {
    const trace = unknown('not looked up');
    expect(mayRepeat(repeated, { trace, livenessOf: dead })).toBe(true);
    expect(mayRepeat(repeated, { trace, livenessOf: () => 'alive' })).toBe(true);
    expect(mayRepeat(repeated, { trace, livenessOf: () => 'doubtful' })).toBe(false);
  });

  it('is not done when it begins after all: then it is followed', () => {
    const begun = step(waiting, queued(40, { trace: known(BEGUN, T0) }), 70);
    expect(begun).not.toHaveProperty('left');
    expect(begun.progress).toEqual({
      ...ACCEPTED,
      attempt: 0,
      destination: H2,
      looked: T0 + 70 * S,
    });
  });

  it('is not done when its host lives: what it has begun will show', () => {
    const lives = step(waiting, queued(40, { livenessOf: () => 'alive' }), 70);
    expect(lives).not.toHaveProperty('left');
    expect(lives.progress).toMatchObject({ at: 'accepted', after: 0, migration: 1, since: T0 });
    expect(step(waiting, queued(40, { livenessOf: () => 'doubtful' }), 70)).toBe(waiting);
  });

  it.each([
    ['pre-migrating', { at: 'accepted', destination: H2, migration: 1 }],
    ['done', { at: 'arrived', destination: H2 }],
    ['failed', { at: 'stuck', destination: H2, why: { code: 'NH407' } }],
  ])('once it was, a record that is %s on that host tells that it began', (status, progress) => {
    const late = { ...repeated, progress: { ...PENDING, after: 2 } };
    const given = facts({ rows: known([row(2, 'error'), row(1, status)], T0) });
    const next = step(late, given, 70);
    expect(next.progress).toMatchObject(progress);
    expect(next).not.toHaveProperty('left');
  });

  it('once it was, the record in other hands tells nothing', () => {
    const late = { ...repeated, progress: { ...PENDING, after: 2 } };
    const elsewhere = [row(2, 'accepted'), row(1, 'failed', { destination: H3 })];
    expect(step(late, facts({ rows: known(elsewhere, T0) }), 70)).toBe(late);
  });
});

describe('the summary of a host with requests on their way', () => {
  const of = (...entries: readonly Pick<Tracked, 'progress' | 'left'>[]) => {
    const record = evacuating(entries.map(({ progress }) => progress));
    const ids = Object.keys(record.instances) as InstanceId[];
    const instances = Object.fromEntries(
      ids.map((id, index) => [id, { ...record.instances[id], ...entries[index] } as Tracked]),
    );
    const { queuedSince, queuedOn } = summaryOf({ ...record, instances });
    return { queuedSince, queuedOn };
  };
  const landed: Progress = { at: 'landed', destination: H3, since: T0, restored: 'as-it-was' };
  const noRoom: Progress = { ...PENDING, why: because('NH401', { at: 'in 30 s' }) };

  it.each([
    ['nothing is sent', [{ progress: PENDING }], {}],
    [
      'the oldest counts',
      [{ progress: { ...ACCEPTED, since: T0 + 5 } }, { progress: INTENDED }],
      {
        queuedSince: T0,
      },
    ],
    [
      'one has a destination',
      [{ progress: { ...ACCEPTED, destination: H3 } }],
      {
        queuedOn: [H3],
      },
    ],
    ['one was left', [{ progress: PENDING, left: LEFT }], { queuedOn: [H2] }],
    ['what was left has landed since', [{ progress: landed, left: LEFT }], {}],
    [
      'what was left waits for room before it is repeated',
      [{ progress: noRoom, left: LEFT }],
      {
        queuedOn: [H2],
      },
    ],
    ['and afterwards', [{ progress: noRoom, left: { ...LEFT, repeated: true } }], {}],
  ] as const)('%s', (_name, entries, expected) => {
    expect(of(...entries)).toEqual({ queuedSince: undefined, queuedOn: undefined, ...expected });
  });
});

// The host on which an instance is seen counts more than all records.
it('what was left is no matter once the instance is elsewhere', () => {
  const waiting = { ...entry({ ...PENDING, after: 1 }), left: LEFT };
  const moved = step(waiting, queued(40, { sighting: known(seen(H3), T0) }), 70);
  expect(moved.progress).toMatchObject({ at: 'landed', destination: H3 });
});
