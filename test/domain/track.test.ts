import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff } from '../../src/domain/backoff.ts';
import { asInstance } from '../../src/domain/ids.ts';
import { isTerminal, type Progress } from '../../src/domain/evacuation.ts';
import type { Facts } from '../../src/domain/judge.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { advance } from '../../src/domain/track.ts';
import { everyProgress } from '../support/record.ts';
import {
  ACCEPTED,
  DENIED,
  entry,
  facts,
  H1,
  H2,
  H3,
  PENDING,
  row,
  seen,
  T0,
  traced,
} from '../support/domain.ts';

const step = (
  progress: Progress,
  change: Partial<Facts>,
  afterMs = 1000,
  vmState = 'active',
): Progress => {
  const before = { vmState, taskState: null, powerState: 1, locked: false };
  return advance(entry(progress, { before }), facts(change), DEFAULT_POLICY, T0 + afterMs);
};
const rows = (...list: ReturnType<typeof row>[]) => known(list, T0);
const NOTHING: Partial<Facts> = {
  rows: unknown('503'),
  onSource: unknown('503'),
  sighting: unknown('503'),
  trace: unknown('503'),
};
const arrived: Progress = {
  at: 'arrived',
  attempt: 1,
  since: T0,
  after: 0,
  migration: 1,
  destination: H2,
  createdAt: '2026-11-18T08:26:50.000000',
};
const stuck = (code: 'NH406' | 'NH407' | 'NH412'): Progress => ({
  at: 'stuck',
  attempt: 1,
  since: T0,
  after: 0,
  migration: 1,
  destination: H2,
  why: because(code),
});

describe('whatever an instance does', () => {
  it.each(everyProgress.map((progress) => [progress.at, progress] as const))(
    '%s: knowing nothing moves nothing (but time, where its limit is a time)',
    (at, progress) => {
      const moved = step(progress, NOTHING, -T0 + 10);
      expect(moved).toBe(progress);
      if (isTerminal(progress))
        expect(step(progress, { rows: rows(row(1, 'done')) })).toBe(progress);
      expect(moved.at).toBe(at);
    },
  );
});

describe('an instance that waits', () => {
  it.each([
    ['accepted', { at: 'accepted', migration: 3, after: 2 }],
    ['pre-migrating', { at: 'accepted', migration: 3, destination: H2 }],
    ['done', { at: 'arrived', migration: 3 }],
    ['completed', { at: 'arrived', migration: 3 }],
    ['failed', { at: 'accepted', attempt: 0, after: 0, migration: 3, destination: H2 }],
    ['error', { at: 'pending', attempt: 0, after: 3 }],
  ])('a record of somebody else (%s) is adopted, not doubled', (status, expected) => {
    expect(step(PENDING, { rows: rows(row(3, status)) })).toMatchObject(expected);
  });

  it('may be deleted, or moved by other means', () => {
    expect(step(PENDING, DENIED)).toEqual({ at: 'gone' });
    expect(step(PENDING, { sighting: known(seen(H1, { vmState: 'deleted' }), T0) })).toEqual({
      at: 'gone',
    });
    expect(step(PENDING, { sighting: known(seen(H3), T0) })).toMatchObject({ destination: H3 });
  });
});

describe('an instance that arrived', () => {
  it('has landed when its host is another one, and not before', () => {
    expect(step(arrived, {})).toBe(arrived);
    expect(step(arrived, { sighting: known(seen(H1), T0) })).toBe(arrived);
    expect(step(arrived, { sighting: known(seen(H2), T0) })).toMatchObject({
      at: 'landed',
      destination: H2,
      restored: 'as-it-was',
    });
    expect(step(arrived, DENIED)).toEqual({ at: 'gone' });
  });

  it('needs a human when record and host disagree for long', () => {
    const here = { sighting: known(seen(H1), T0) };
    expect(step(arrived, here, 60_000)).toMatchObject({ at: 'stuck', why: { code: 'NH412' } });
  });

  it('is stopped again when it was stopped and came out active (Nova does so with ERROR)', () => {
    const active = { sighting: known(seen(H2), T0) };
    const restoring = step(arrived, active, 1000, 'stopped');
    expect(restoring).toMatchObject({ at: 'restoring', destination: H2 });
    const stopped = { sighting: known(seen(H2, { vmState: 'stopped' }), T0) };
    expect(step(arrived, stopped, 1000, 'stopped')).toMatchObject({ restored: 'as-it-was' });
    expect(step(restoring, stopped, 2000)).toMatchObject({ at: 'landed', restored: 'stopped' });
    expect(step(restoring, active, 2000)).toBe(restoring);
    const late = DEFAULT_POLICY.retry.restoreMs + 1000;
    expect(step(restoring, active, late)).toMatchObject({ at: 'landed', restored: 'failed' });
    expect(step(restoring, DENIED)).toEqual({ at: 'gone' });
  });
});

describe('an instance that waits for a human', () => {
  const here = known(seen(H1), T0);
  const building = rows(row(1, 'pre-migrating'));
  const fenced = new Map([[H2, T0 + 10_000]]);

  it.each(['NH406', 'NH407', 'NH412'] as const)('%s: is believed when it was moved', (code) => {
    // The record that nobody works on stays for ever beside the one of the human.
    const moved = {
      rows: rows(row(2, 'done'), row(1, 'pre-migrating')),
      sighting: known(seen(H3), T0),
    };
    expect(step(stuck(code), moved)).toMatchObject({ at: 'landed', destination: H3 });
    expect(step(stuck(code), DENIED)).toEqual({ at: 'gone' });
  });

  it('is not believed while somebody works on it', () => {
    const working = {
      rows: rows(row(2, 'pre-migrating')),
      sighting: known(seen(H3, { taskState: 'rebuilding' }), T0),
    };
    expect(step(stuck('NH406'), working)).toMatchObject({ at: 'stuck' });
  });

  it('is sent again when its destination is fenced, if it is still here', () => {
    const gone = { rows: building, fenced, sighting: here };
    expect(step(stuck('NH406'), gone)).toMatchObject({ at: 'pending', why: { code: 'NH408' } });
    const unseen = { rows: building, fenced, onSource: unknown('503') };
    expect(step(stuck('NH406'), unseen)).toMatchObject({ at: 'stuck' });
  });

  it('is not sent beside the evacuation that a human began', () => {
    const byHand = {
      rows: rows(row(2, 'accepted'), row(1, 'pre-migrating')),
      fenced,
      sighting: here,
    };
    expect(step(stuck('NH406'), byHand)).toMatchObject({ at: 'accepted', migration: 2, after: 1 });
  });

  it('follows its record when that ends after all', () => {
    expect(step(stuck('NH406'), { rows: rows(row(1, 'done')) })).toMatchObject({ at: 'arrived' });
    expect(step(stuck('NH407'), { rows: rows(row(1, 'done')) })).toMatchObject({ at: 'arrived' });
    // That was the contradiction itself.
    expect(step(stuck('NH412'), { rows: rows(row(1, 'done')) })).toMatchObject({ at: 'stuck' });
    const failed = { rows: rows(row(1, 'failed')) };
    const told = known(traced({ building: 'failed', fault: 'No space left' }), T0);
    expect(step(stuck('NH406'), { ...failed, trace: told })).toMatchObject({ at: 'pending' });
    expect(step(stuck('NH406'), failed, 10 * DEFAULT_POLICY.retry.stalledMs).at).toBe('stuck');
    expect(step(stuck('NH407'), { rows: rows(row(1, 'failed')) })).toMatchObject({ at: 'stuck' });
  });
});

describe('backoff', () => {
  it('grows to its limit, and differs from instance to instance by a quarter at most', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 40 }), (id, attempt) => {
        const { backoffMs, backoffMaxMs } = DEFAULT_POLICY.retry;
        const base = Math.min(backoffMaxMs, backoffMs * 2 ** (attempt - 1));
        const pause = backoff(asInstance(id), attempt, DEFAULT_POLICY);
        expect(pause).toBeGreaterThanOrEqual(0.75 * base - 1);
        expect(pause).toBeLessThanOrEqual(1.25 * base + 1);
        expect(backoff(asInstance(id), attempt, DEFAULT_POLICY)).toBe(pause);
      }),
    );
  });
});

describe('an evacuation that somebody else’s crossed', () => {
  const ours: Progress = { ...ACCEPTED, migration: 3, destination: null, looked: T0 };
  const orphan = row(3, 'error', { destination: null });
  const failed = row(2, 'failed', { destination: H2 });
  const noRoom = { sighting: known(seen(H1, { fault: 'No valid host was found.' }), T0) };

  it('is not sent again when the other one failed on a host that may have built a guest', () => {
    const next = step(ours, { rows: rows(orphan, failed), ...noRoom }, 1000);
    expect(next).toMatchObject({ at: 'stuck', destination: H2, why: { code: 'NH407' } });
  });

  it('is sent again when that host is proven off, or none was chosen', () => {
    const off = { ...noRoom, fenced: new Map([[H2, T0 + 900]]) };
    expect(step(ours, { rows: rows(orphan, failed), ...off }, 1000).at).toBe('pending');
    const nowhere = { ...failed, destination: null };
    expect(step(ours, { rows: rows(orphan, nowhere), ...noRoom }, 1000).at).toBe('pending');
  });
});
