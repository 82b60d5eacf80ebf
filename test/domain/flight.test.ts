import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/domain/evacuation.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { ActionTrace, Answer } from '../../src/domain/observation.ts';
import { applied, refused, uncertain } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { formatInstant } from '../../src/domain/time.ts';
import { advance } from '../../src/domain/track.ts';
import type { Facts } from '../../src/domain/judge.ts';
import {
  ACCEPTED,
  DENIED,
  entry,
  facts,
  H2,
  H3,
  instance,
  INTENDED,
  row,
  seen,
  traced,
  T0,
  VM,
} from '../support/domain.ts';

const { retry } = DEFAULT_POLICY;
const step = (progress: Progress, change: Partial<Facts>, afterMs = 1000): Progress =>
  advance(entry(progress), facts(change), DEFAULT_POLICY, T0 + afterMs);
const rows = (...list: ReturnType<typeof row>[]) => known(list, T0);
const answer = (outcome: Answer['outcome'], attempt = 1): Answer => ({
  instance: VM,
  attempt,
  outcome,
});
const trace = (
  scheduling: ActionTrace['scheduling'],
  building: ActionTrace['building'],
  buildingOn: ActionTrace['buildingOn'] = null,
): Facts['trace'] => known(traced({ scheduling, building, buildingOn }), T0);
/** The destination has ended it, for this reason. */
const ended = (fault: string | null, change: Partial<ActionTrace> = {}): Pick<Facts, 'trace'> => ({
  trace: known(traced({ building: 'failed', fault, ...change }), T0),
});
const LATE = "Conflict updating instance. Expected: {'task_state': ['rebuild_spawning']}";
const NEW = '2026-11-18T08:26:55Z';
const OLD = '2026-11-18T08:20:00Z';
const broken = (fault: string | null, vmState = 'error', faultAt: string | null = NEW) =>
  known(instance(VM, { vmState, fault, faultAt }), T0);

describe('a request of which nothing was heard', () => {
  it('waits, however often it is looked at, until Nova was watched for long enough', () => {
    expect(step(INTENDED, {}, retry.uncertainMs - 1)).toBe(INTENDED);
    const late = { rows: known([], T0 + retry.uncertainMs - 1) };
    expect(step(INTENDED, late, retry.uncertainMs + 5000)).toBe(INTENDED);
  });

  it('counts as never arrived after that, and is sent again', () => {
    const watched = { rows: known([], T0 + retry.uncertainMs) };
    expect(step(INTENDED, watched, retry.uncertainMs)).toMatchObject({
      at: 'pending',
      attempt: 1,
      after: 0,
      why: { code: 'NH410' },
    });
  });

  it('is not judged without the list of its records, or without a look at it', () => {
    expect(step(INTENDED, { rows: unknown('503') }, 10 * retry.uncertainMs)).toBe(INTENDED);
    const blind = { rows: known([], T0 + retry.uncertainMs), onSource: unknown('503') };
    expect(step(INTENDED, blind, retry.uncertainMs)).toBe(INTENDED);
  });

  it('an uncertain answer changes nothing', () => {
    expect(step(INTENDED, { answer: answer(uncertain('time-out')) })).toBe(INTENDED);
  });

  it('an answer to another try is not its own', () => {
    expect(step(INTENDED, { answer: answer(applied({ requestId: 'r' }), 2) })).toBe(INTENDED);
  });

  it('a record tells more than the answer', () => {
    const both = { rows: rows(row(7, 'accepted')), answer: answer(refused('not-sent', 'reset')) };
    expect(step(INTENDED, both)).toMatchObject({ at: 'accepted', migration: 7 });
  });

  it('taken by Nova, it is followed', () => {
    expect(step(INTENDED, { answer: answer(applied({ requestId: 'r' })) })).toMatchObject({
      at: 'accepted',
      migration: null,
    });
  });

  it('was moved or deleted meanwhile', () => {
    const watched = { rows: known([], T0 + retry.uncertainMs) };
    const gone = { ...watched, ...DENIED };
    expect(step(INTENDED, gone, retry.uncertainMs)).toEqual({ at: 'gone' });
    const moved = { ...watched, sighting: known(seen(H3), T0) };
    expect(step(INTENDED, moved, retry.uncertainMs)).toMatchObject({
      at: 'landed',
      destination: H3,
    });
  });
});

describe('a refused request', () => {
  it.each([
    ['not-sent', 'pending', 'NH410'],
    ['too-many', 'pending', 'NH410'],
    ['authentication', 'pending', 'NH410'],
    ['forbidden', 'pending', 'NH410'],
    ['not-nova', 'pending', 'NH410'],
    ['service-up', 'pending', 'NH410'],
    ['wrong-state', 'pending', 'NH410'],
    ['unsupported', 'failed', 'NH404'],
    ['bad-request', 'failed', 'NH404'],
    ['target-not-found', 'failed', 'NH404'],
    ['guard', 'failed', 'NH404'],
  ] as const)('%s: %s', (cause, at, code) => {
    expect(step(INTENDED, { answer: answer(refused(cause, 'no')) })).toMatchObject({
      at,
      why: { code },
    });
  });

  it.each(['service-up', 'wrong-state', 'not-found'] as const)(
    '%s is settled by where the instance is',
    (cause) => {
      const given = { answer: answer(refused(cause, 'no')) };
      const at = (change: Partial<Facts>) => step(INTENDED, { ...given, ...change });
      expect(at(DENIED)).toEqual({ at: 'gone' });
      expect(at({ sighting: known(seen(H2), T0) })).toMatchObject({
        at: 'landed',
        destination: H2,
      });
      expect(at({ onSource: unknown('503') })).toBe(INTENDED);
    },
  );

  it('a wrong state is given up after the last try', () => {
    const last: Progress = { ...INTENDED, attempt: retry.attempts };
    const given = answer(refused('wrong-state', 'vm_state paused'), retry.attempts);
    expect(step(last, { answer: given })).toMatchObject({ at: 'failed', why: { code: 'NH404' } });
  });
});

describe('every row of the table of records and hosts', () => {
  const HERE = { sighting: known(seen(facts().source), T0) };
  const THERE = { sighting: known(seen(H2), T0) };
  it.each([
    ['accepted', HERE, { at: 'accepted', migration: 1, destination: null }],
    ['pre-migrating', HERE, { at: 'accepted', migration: 1, destination: H2 }],
    ['done', THERE, { at: 'landed', destination: H2 }],
    ['completed', THERE, { at: 'landed', destination: H2 }],
    // Active and without a task, but still with its old host: the window that fools pollers.
    [
      'pre-migrating',
      { sighting: known(seen(facts().source, { taskState: null }), T0) },
      { at: 'accepted' },
    ],
    ['pre-migrating', THERE, { at: 'landed' }],
    ['failed', ended('No space left'), { at: 'pending', why: { code: 'NH402' } }],
    ['failed', THERE, { at: 'landed' }],
    // Restarted in the middle of it: no success, and nothing to repeat by itself either.
    ['completed', HERE, { at: 'arrived' }],
    ['done', {}, { at: 'arrived', migration: 1, destination: H2 }],
    [
      'error',
      { onSource: broken('No valid host was found.') },
      { at: 'pending', why: { code: 'NH401' } },
    ],
    ['error', { onSource: broken('Allocation failed') }, { at: 'pending', why: { code: 'NH402' } }],
    ['cancelled', ended('cancelled'), { at: 'pending' }],
    ['some-new-word', HERE, { at: 'accepted', migration: 1 }],
  ])('%s (%#)', (status, change, expected) => {
    expect(step(ACCEPTED, { rows: rows(row(1, status)), ...change })).toMatchObject(expected);
  });

  it('a record that is not there yet changes nothing; deleted instances take theirs along', () => {
    expect(step(ACCEPTED, {})).toBe(ACCEPTED);
    expect(step(ACCEPTED, DENIED)).toEqual({ at: 'gone' });
    expect(step(ACCEPTED, { rows: unknown('503') }, 10 * retry.stalledMs)).toBe(ACCEPTED);
    expect(step(ACCEPTED, {}, retry.stalledMs)).toMatchObject({ at: 'stuck' });
  });

  it('the last try that counts is the last', () => {
    const last: Progress = { ...ACCEPTED, attempt: retry.attempts };
    const failed = { rows: rows(row(1, 'failed')), ...ended('No space left') };
    expect(step(last, failed)).toMatchObject({ at: 'failed', why: { code: 'NH403' } });
    const late = { rows: rows(row(1, 'failed')), ...ended(LATE) };
    expect(step(last, late)).toMatchObject({ at: 'stuck', why: { code: 'NH407' } });
  });

  it('NoValidHost is not counted as a try, however often, and waits for capacity', () => {
    const full = (ids: readonly number[]): Progress =>
      step(ACCEPTED, {
        rows: rows(...ids.map((id) => row(id, 'error'))),
        onSource: broken('No valid host was found. There are not enough hosts available.'),
      });
    const first = full([1]);
    const later = full([4, 3, 2, 1]);
    expect(first).toMatchObject({ at: 'pending', attempt: 0 });
    expect(later).toMatchObject({ at: 'pending', attempt: 0, after: 4 });
    const pause = (progress: Progress): number =>
      progress.at === 'pending' ? progress.notBefore - T0 - 1000 : 0;
    for (const progress of [first, later]) {
      expect(pause(progress)).toBeGreaterThanOrEqual(0.75 * retry.capacityMs);
      expect(pause(progress)).toBeLessThanOrEqual(1.25 * retry.capacityMs);
    }
  });
});

describe('an evacuation that failed on its destination', () => {
  const failed = { rows: rows(row(1, 'failed')) };
  const STUCK = { at: 'stuck', migration: 1, destination: H2, why: { code: 'NH407' } };

  it.each([
    ['its trace was not read', {}],
    ['its destination has not ended it', { trace: trace('done', 'running') }],
    ['no fault is written', { trace: trace('done', 'running'), onSource: broken(null, 'active') }],
    ['the fault is that of an earlier try', { onSource: broken('No space left', 'error', OLD) }],
    ['nobody has read when the fault was written', { onSource: broken(LATE, 'error', null) }],
    ['the trace is that of a later request', ended('No space left', { startedAt: NEW })],
    ['Nova was not asked where it is', { ...ended('No space left'), onSource: unknown('503') }],
    ['it is not on its host', { ...ended('No space left'), onSource: known(null, T0) }],
  ])('is followed as long as %s', (_name, change) => {
    const next = step(ACCEPTED, { ...failed, ...change });
    expect(next).toMatchObject({ at: 'accepted', attempt: 1, after: 0 });
    const asked = step(INTENDED, { ...failed, ...change });
    expect(['intended', 'accepted']).toContain(asked.at);
  });

  it.each([
    [
      'before it began',
      'Build of instance x aborted: Insufficient compute resources: Free memory.',
    ],
    ['by its image', 'Image 4711 could not be found.'],
    ['by its ports', 'Binding failed for port 4711, please check neutron logs.'],
    ['in the hypervisor, which takes away what it has begun', 'libvirtError'],
  ])('%s is sent again by itself', (_name, fault) => {
    expect(step(ACCEPTED, { ...failed, ...ended(fault) })).toMatchObject({
      at: 'pending',
      after: 1,
      why: { code: 'NH402', values: { detail: fault } },
    });
  });

  it.each([
    LATE,
    'UnexpectedTaskStateError',
    'MessagingTimeout',
    'Timed out waiting for a reply to message ID 4711',
    'MessageDeliveryFailure',
    'RemoteError',
    "Remote error: OperationalError (pymysql.err.OperationalError) (2013, 'Lost connection')",
    'DBConnectionError',
    'Instance instance-0000002a already exists.',
  ])('and may have left a guest there needs a human: %s', (fault) => {
    expect(step(ACCEPTED, { ...failed, ...ended(fault) })).toMatchObject(STUCK);
    expect(step(INTENDED, { ...failed, ...ended(fault) })).toMatchObject(STUCK);
    // The instance tells it too, before anybody has read the trace.
    expect(step(ACCEPTED, { ...failed, onSource: broken(fault) })).toMatchObject(STUCK);
  });

  it('needs a human when its guest was to be stopped already, whatever that failed of', () => {
    expect(step(ACCEPTED, { ...failed, ...ended('libvirtError', { ran: true }) })).toMatchObject(
      STUCK,
    );
  });

  it('needs a human when Nova took it for deleted, or does not tell why it failed', () => {
    expect(step(ACCEPTED, { ...failed, trace: trace('done', 'done') })).toMatchObject(STUCK);
    const hidden = { ...failed, ...ended(null) };
    expect(step(ACCEPTED, { ...hidden, onSource: broken(null, 'active') })).toMatchObject(STUCK);
    // An old fault is none.
    const old = { ...hidden, onSource: broken('No space left', 'error', OLD) };
    expect(step(ACCEPTED, old)).toMatchObject(STUCK);
    const told = { ...hidden, onSource: broken('No space left') };
    expect(step(ACCEPTED, told)).toMatchObject({ at: 'pending' });
  });

  it('needs a human when its destination never ends it', () => {
    const dead = { ...failed, trace: trace('done', 'running') };
    expect(step(ACCEPTED, dead, retry.stalledMs - 1)).toMatchObject({ at: 'accepted' });
    expect(step(ACCEPTED, dead, retry.stalledMs)).toMatchObject(STUCK);
  });

  it('is sent again when that one was proven off since, and not when it was before', () => {
    const late = { ...failed, ...ended(LATE) };
    const off = (at: number) => ({ ...late, fenced: new Map([[H2, at]]) });
    expect(step(ACCEPTED, off(T0 + 20_000))).toMatchObject({ at: 'pending' });
    expect(step(ACCEPTED, off(T0 - 600_000))).toMatchObject(STUCK);
    const updatedAt = formatInstant(T0 + 60_000).slice(0, 19);
    const longer = { ...off(T0 + 20_000), rows: rows(row(1, 'failed', { updatedAt })) };
    expect(step(ACCEPTED, longer)).toMatchObject(STUCK);
  });

  it('is judged by the events of its own request', () => {
    const early = traced({ building: 'failed', fault: 'No space left' });
    const younger = traced({ startedAt: '2026-11-18T08:27:30.000000', building: 'running' });
    const read = (earlier: ActionTrace[]) => ({
      ...failed,
      trace: known({ ...younger, earlier }, T0),
    });
    expect(step(ACCEPTED, read([early]))).toMatchObject({ at: 'pending' });
    expect(step(ACCEPTED, read([{ ...early, fault: LATE }, early]))).toMatchObject(STUCK);
    expect(step(ACCEPTED, read([]))).toMatchObject({ at: 'accepted' });
  });

  it('is not sent again when one before it has left a guest', () => {
    const after = { createdAt: '2026-11-18T08:30:00.000000', updatedAt: null };
    const list = rows(
      row(2, 'failed', { ...after, destination: H3 }),
      row(1, 'failed', { updatedAt: '2026-11-18T08:27:10.000000' }),
    );
    const both = (first: string) => ({
      rows: list,
      trace: known(
        {
          ...traced({ startedAt: after.createdAt, building: 'failed', fault: 'No space left' }),
          earlier: [traced({ building: 'failed', fault: first })],
        },
        T0,
      ),
    });
    expect(step(ACCEPTED, both(LATE))).toMatchObject(STUCK);
    expect(step(ACCEPTED, both('No space left'))).toMatchObject({ at: 'pending', after: 2 });
  });
});

describe('an evacuation that stands still', () => {
  const LONG = 40_000;
  const queued = { rows: rows(row(1, 'accepted')) };
  const fenced = (host = H2, at = T0 + 10_000) => ({ fenced: new Map([[host, at]]) });

  it('on a destination that was fenced since is sent again', () => {
    const building = { rows: rows(row(1, 'pre-migrating')), ...fenced() };
    expect(step(ACCEPTED, building)).toMatchObject({
      at: 'pending',
      after: 1,
      why: { code: 'NH408' },
    });
  });

  it('on a destination that was fenced before it started is not', () => {
    const before = { rows: rows(row(1, 'pre-migrating')), ...fenced(H2, T0 - 60_000) };
    expect(step(ACCEPTED, before)).toMatchObject({ at: 'accepted' });
    const other = { rows: rows(row(1, 'pre-migrating')), ...fenced(H3) };
    expect(step(ACCEPTED, other)).toMatchObject({ at: 'accepted' });
  });

  describe('seen to have begun only after its destination was fenced', () => {
    const off = fenced(H2, T0 + 10_000);
    const building = { rows: rows(row(1, 'pre-migrating')), ...off };
    const running = { ...queued, trace: trace('done', 'running', H2), ...off };

    it.each([
      ['by its record', building],
      ['by its trace', running],
    ])('%s, may have begun when that came back: it would report then', (_name, given) => {
      const late = step(ACCEPTED, given, LONG);
      expect(late).toMatchObject({ at: 'accepted', begun: T0 + LONG });
      const old = { ...given, listed: T0 + LONG + 29_000 };
      expect(step(late, old, LONG + 40_000)).toMatchObject({ at: 'accepted' });
      expect(step(late, { ...given, listed: null }, LONG + 40_000)).toMatchObject({
        at: 'accepted',
      });
      const young = { ...given, listed: T0 + LONG + 30_000 };
      expect(step(late, young, LONG + 40_000)).toMatchObject({
        at: 'pending',
        why: { code: 'NH408' },
      });
    });

    it.each([
      ['its record', building],
      ['its trace', running],
    ])('by %s, is no matter for a human, however long ago it was asked for', (_name, given) => {
      const late = step(ACCEPTED, given, LONG);
      const old = { ...given, listed: T0 + LONG + 29_000 };
      const waiting = step(late, old, retry.stalledMs + 1000);
      expect(waiting).toMatchObject({ at: 'accepted', begun: T0 + LONG });
      const young = { ...given, listed: T0 + LONG + 30_000 };
      expect(step(waiting, young, retry.stalledMs + 32_000)).toMatchObject({
        at: 'pending',
        why: { code: 'NH408' },
      });
    });

    it('is another matter on another host', () => {
      const late = step(ACCEPTED, building, LONG);
      const moved = { ...building, rows: rows(row(1, 'pre-migrating', { destination: H3 })) };
      expect(step(late, moved, LONG + 5000)).toMatchObject({
        destination: H3,
        begun: T0 + LONG + 5000,
      });
    });
  });

  it('is left alone when somebody else has asked for it meanwhile', () => {
    const younger = { rows: rows(row(2, 'accepted'), row(1, 'pre-migrating')), ...fenced() };
    expect(step(ACCEPTED, younger)).toMatchObject({ at: 'accepted', migration: 2, after: 1 });
    const arrivedByHand = {
      rows: rows(row(2, 'done', { destination: H3 }), row(1, 'pre-migrating')),
      ...fenced(),
    };
    expect(step(ACCEPTED, arrivedByHand)).toMatchObject({ at: 'arrived', migration: 2 });
  });

  it.each([
    ['failed on its destination', ended('No space left').trace, {}, 'pending'],
    ['failed there, and nobody knows why', trace('done', 'failed'), {}, 'stuck'],
    ['failed in scheduling', trace('failed', 'none'), {}, 'pending'],
    [
      'begun on a host that is gone',
      trace('done', 'running', H2),
      fenced(H2, T0 + LONG),
      'pending',
    ],
    ['begun on another host than that', trace('done', 'running', H3), fenced(), 'accepted'],
    ['queued for somebody', trace('done', 'none'), {}, 'accepted'],
    ['being built', trace('done', 'running'), {}, 'accepted'],
    ['being scheduled', trace('running', 'none'), {}, 'accepted'],
    ['not begun', trace('none', 'none'), {}, 'accepted'],
  ])('as its trace tells: %s', (_name, traced, change, at) => {
    expect(step(ACCEPTED, { ...queued, trace: traced, ...change }, LONG)).toMatchObject({ at });
  });

  it('waits for capacity when Nova found no host, though an older record took the blame', () => {
    const full = { ...queued, trace: trace('failed', 'none'), onSource: broken('No valid host') };
    const progress = step(ACCEPTED, full, LONG);
    expect(progress).toMatchObject({ at: 'pending', attempt: 0, after: 1, why: { code: 'NH401' } });
    expect(progress.at === 'pending' && progress.notBefore > T0 + LONG).toBe(true);
  });

  describe('begun by a destination that its record does not name yet', () => {
    const unnamed = { rows: rows(row(1, 'accepted', { destination: null })) };
    const begun = { ...unnamed, trace: trace('done', 'running', H2) };

    it('is known to be there, also while nobody looks', () => {
      const looked = step({ ...ACCEPTED, destination: null }, begun, LONG);
      expect(looked).toMatchObject({ at: 'accepted', destination: H2 });
      expect(step(looked, unnamed, LONG)).toMatchObject({ at: 'accepted', destination: H2 });
    });

    it('is sent again once that one is proven off, and only then', () => {
      const looked = step(ACCEPTED, begun, LONG);
      expect(step(looked, { ...begun, ...fenced(H2, T0 + LONG) }, LONG + 1000)).toMatchObject({
        at: 'pending',
        after: 1,
        why: { code: 'NH408' },
      });
      expect(step(ACCEPTED, { ...begun, ...fenced(H3) }, LONG)).toMatchObject({ at: 'accepted' });
    });

    it('stuck there, is sent again when it is fenced at last', () => {
      const stuck = step(ACCEPTED, begun, retry.stalledMs);
      expect(stuck).toMatchObject({ at: 'stuck', why: { values: { destination: H2 } } });
      const here = { ...unnamed, onSource: known(instance(VM), T0) };
      const later = { ...here, ...fenced(H2, T0 + retry.stalledMs + 1000) };
      expect(step(stuck, later, retry.stalledMs + 2000)).toMatchObject({ at: 'pending' });
    });
  });

  it('failed late, as the fault tells, although its own record says accepted for ever', () => {
    const late = { ...queued, trace: trace('done', 'failed'), onSource: broken(LATE) };
    expect(step(ACCEPTED, late, LONG)).toMatchObject({ at: 'stuck' });
    const unseen = { ...queued, trace: trace('done', 'failed'), onSource: unknown('503') };
    expect(step(ACCEPTED, unseen, LONG)).toMatchObject({ at: 'accepted' });
  });

  it('is not looked into too early, or without a trace', () => {
    const early = { ...queued, trace: trace('failed', 'none') };
    expect(step(ACCEPTED, early, 29_000)).toMatchObject({ at: 'accepted' });
    expect(step(ACCEPTED, queued, 10 * retry.stalledMs)).toMatchObject({ at: 'accepted' });
  });

  it('lost by the conductor, it is sent again while the control plane is up', () => {
    const orphan = { ...queued, trace: trace('none', 'none') };
    expect(step(ACCEPTED, orphan, retry.stalledMs)).toMatchObject({
      at: 'pending',
      why: { code: 'NH409' },
    });
    expect(step(ACCEPTED, { ...orphan, controlPlaneUp: false }, retry.stalledMs)).toMatchObject({
      at: 'stuck',
    });
  });

  it('being built for too long, it needs a human', () => {
    expect(step(ACCEPTED, { rows: rows(row(1, 'pre-migrating')) }, retry.stalledMs)).toMatchObject({
      at: 'stuck',
      why: { code: 'NH406', values: { destination: H2 } },
    });
  });
});

describe('two records of one instance', () => {
  it('the conductor took the older accepted one: it counts, the younger stays for ever', () => {
    const both = { rows: rows(row(2, 'accepted'), row(1, 'done')) };
    expect(step(ACCEPTED, both)).toMatchObject({ at: 'arrived', migration: 1 });
    const building = { rows: rows(row(2, 'accepted'), row(1, 'pre-migrating')) };
    expect(step(ACCEPTED, building)).toMatchObject({
      at: 'accepted',
      migration: 1,
      destination: H2,
    });
    const failed = { rows: rows(row(2, 'accepted'), row(1, 'failed')), onSource: broken('spawn') };
    expect(step(ACCEPTED, failed)).toMatchObject({ at: 'accepted', migration: 2 });
  });

  it('one that is being built counts unless a younger one has brought it elsewhere', () => {
    const orphan = { rows: rows(row(2, 'done', { destination: H3 }), row(1, 'pre-migrating')) };
    expect(step(ACCEPTED, orphan)).toMatchObject({ at: 'arrived', migration: 2 });
    const again = { rows: rows(row(2, 'pre-migrating'), row(1, 'done', { destination: H3 })) };
    expect(step(ACCEPTED, again)).toMatchObject({ at: 'accepted', migration: 2 });
  });

  it('records that were over before it was sent tell nothing', () => {
    const again: Progress = { ...ACCEPTED, after: 5, migration: 6 };
    expect(step(again, { rows: rows(row(5, 'failed')) })).toBe(again);
    expect(step({ ...INTENDED, after: 5 }, { rows: rows(row(5, 'done')) })).toMatchObject({
      at: 'intended',
    });
  });
});

it('a build that takes long is looked at alone once in a while, and not in every turn', () => {
  const building = { rows: rows(row(1, 'pre-migrating')), sighting: known(seen(null), T0) };
  expect(step(ACCEPTED, building, 40_000)).toMatchObject({ at: 'accepted', looked: T0 + 40_000 });
});
