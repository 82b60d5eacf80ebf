import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { UNWATCHED, type Evacuation } from '../../src/domain/evacuation.ts';
import type { Service } from '../../src/domain/host.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { parseDisabledReason } from '../../src/domain/mark.ts';
import type { Migration } from '../../src/domain/migration.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { summaryOf } from '../../src/domain/summary.ts';
import { observations } from '../support/arbitrary.ts';
import {
  ALIVE,
  evacuating,
  EVENT,
  fleet,
  H1,
  H2,
  isolated,
  observation,
  REPORTED,
  row,
  service,
  T0,
} from '../support/domain.ts';

const policy = DEFAULT_POLICY;
const OVER = `nova-ha: ${EVENT} evacuated (fenced)`;
const settled = evacuating([], { phase: 'settled' });
const alive = evacuating([], { phase: 'settled', life: ALIVE });
const back = (change: Partial<Service> = {}): Service =>
  isolated(H1, { disabledReason: OVER, updatedAt: REPORTED, ...change });

interface Given {
  readonly record?: Evacuation;
  readonly own?: Service;
  readonly rows?: readonly Migration[];
  readonly policy?: Policy;
  readonly now?: number;
}

function step({ record = alive, own = back(), rows = [], ...given }: Given = {}) {
  const seen = observation({ fleet: known(fleet([own]), T0), migrations: known(rows, T0) });
  const { next, actions, wakeAt } = decide(record, seen, given.policy ?? policy, given.now ?? T0);
  const changes = actions.map((action) =>
    action.do === 'change-service' ? action.change : action,
  );
  return { next, changes, wakeAt, codes: next.reasons.map(({ code }) => code) };
}

describe('the way back, step by step', () => {
  it('Nova is told that the evacuation is over, once, and without an operator losing his words', () => {
    const told = step({ record: settled, own: isolated() });
    expect(told.changes).toEqual([{ status: 'disabled', disabledReason: OVER }]);
    expect(step({ record: settled }).changes).toEqual([]);
    expect(
      step({ record: settled, own: isolated(H1, { disabledReason: 'rack' }) }).changes,
    ).toEqual([]);
  });

  it('waits for signs of life', () => {
    expect(step({ record: settled }).codes).toEqual(['NH501']);
    expect(step({ record: settled }).next.phase).toBe('settled');
  });

  it.each(['accepted', 'pre-migrating', 'done'])('waits while a record is %s', (status) => {
    const waiting = step({ rows: [row(1, status), row(2, 'completed')] });
    expect(waiting.codes).toEqual(['NH502']);
    expect(waiting.changes).toEqual([]);
  });

  describe('what was lost on the way to a destination that died', () => {
    const at = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' } as const;
    const { life } = alive;
    const record = evacuating([at], { phase: 'settled', life, seenMigration: 2 });

    it.each(['accepted', 'pre-migrating'])('does not count: %s', (status) => {
      const { next } = step({ record, rows: [row(2, 'completed'), row(1, status)] });
      expect(next.phase).toBe('readmitting');
    });

    it('counts when it is done, newer than what we know, or not elsewhere', () => {
      expect(step({ record, rows: [row(1, 'done')] }).codes).toEqual(['NH502']);
      expect(step({ record, rows: [row(3, 'accepted')] }).codes).toEqual(['NH502']);
      const left = { at: 'failed', attempt: 5, why: { code: 'NH403', values: {} } } as const;
      const given = evacuating([left], { phase: 'settled', life, seenMigration: 2 });
      expect(step({ record: given, rows: [row(1, 'accepted')] }).codes).toEqual(['NH502']);
    });
  });

  it('un-forces when all are completed, failed or in error', () => {
    const rows = [row(3, 'completed'), row(2, 'failed'), row(1, 'error')];
    const { next, changes } = step({ rows });
    expect(next.phase).toBe('readmitting');
    expect(changes).toEqual([{ forcedDown: false }]);
  });

  it('does nothing on unknown records', () => {
    const seen = observation({ fleet: known(fleet([back()]), T0), migrations: unknown('503') });
    expect(decide(alive, seen, policy, T0)).toMatchObject({
      actions: [],
      next: { phase: 'settled' },
    });
  });

  it('enables only after it was up for its probation, and closes when Nova shows it', () => {
    const first = step({ own: back({ forcedDown: false, state: 'up' }) });
    expect(first.codes).toEqual(['NH504']);
    const healthyAt = T0 + policy.readmit.healthyMs;
    const own = back({ forcedDown: false, state: 'up' });
    const second = step({ record: first.next, own, now: healthyAt });
    expect(second.changes).toEqual([{ status: 'enabled' }]);
    // It is up already: nobody waits for that any more.
    expect(second.codes).toEqual(['NH507']);
    const third = step({ record: second.next, own: service(), now: healthyAt + 1000 });
    expect(third.next.phase).toBe('closed');
    expect(third.wakeAt).toBeNull();
  });

  it('begins its probation anew when it goes down again', () => {
    const up = step({ own: back({ forcedDown: false, state: 'up' }) }).next;
    const down = step({ record: up, own: back({ forcedDown: false }), now: T0 + 20_000 });
    expect(down.codes).toEqual(['NH503']);
    expect(down.next.readmission).toMatchObject({ upSince: null, upSeen: 0 });
  });
});

describe('what is not ours is left', () => {
  const before = (change: Partial<Evacuation['isolation'] & object>['before']): Evacuation => ({
    ...alive,
    isolation:
      alive.isolation === null
        ? null
        : { ...alive.isolation, before: change ?? alive.isolation.before },
  });
  const up = (change: Partial<Service>): Service =>
    service(H1, { status: 'disabled', updatedAt: REPORTED, ...change });
  const late = T0 + policy.readmit.healthyMs;

  it.each<readonly [string, Evacuation, Service, string]>([
    [
      'disabled by an operator before',
      before({ status: 'disabled', disabledReason: 'rack', forcedDown: false }),
      up({ disabledReason: 'rack' }),
      'NH505',
    ],
    ['his reason instead of ours', alive, up({ disabledReason: 'rack' }), 'NH505'],
    ['disabled again without a reason', alive, up({ disabledReason: null }), 'NH505'],
  ])('%s', (_name, record, own, code) => {
    const seen = step({ record, own }).next;
    const ended = step({ record: seen, own, now: late });
    expect(ended.next.phase).toBe('closed');
    expect(ended.codes).toEqual([code]);
    expect(ended.changes).toEqual([]);
  });

  it('forced down by an operator before', () => {
    const own = before({ status: 'enabled', disabledReason: null, forcedDown: true });
    expect(step({ record: own })).toMatchObject({ changes: [], next: { phase: 'closed' } });
  });

  it('enabling may be left to the operator', () => {
    const careful = { ...policy, readmit: { ...policy.readmit, leaveDisabled: true } };
    const own = up({ disabledReason: OVER });
    const seen = step({ own, policy: careful }).next;
    expect(step({ record: seen, own, policy: careful, now: late })).toMatchObject({
      changes: [],
      codes: ['NH505'],
    });
  });

  it('taking hosts back may be switched off, and asked for all the same', () => {
    const manual = { ...policy, readmit: { ...policy.readmit, automatic: false } };
    expect(step({ policy: manual }).codes).toEqual(['NH506']);
    const asked = { ...alive, readmission: { ...alive.readmission, asked: true } };
    expect(step({ record: asked, policy: manual }).changes).toEqual([{ forcedDown: false }]);
    const own = up({ disabledReason: OVER });
    expect(step({ record: asked, own, policy: manual }).changes).toEqual([{ status: 'enabled' }]);
    // But never before it has cleaned up.
    expect(step({ record: asked, rows: [row(1, 'done')], policy: manual }).changes).toEqual([]);
  });
});

describe('whatever is seen on the way back, in whatever order', () => {
  const beginnings = fc.record({
    status: fc.constantFrom('enabled', 'disabled'),
    disabledReason: fc.constantFrom(null, 'rack'),
    forcedDown: fc.boolean(),
  });
  const story = fc.array(fc.tuple(observations, fc.constantFrom(1000, 30_000)), { maxLength: 20 });

  it('never un-forces an unclean host, never enables what an operator disabled', () => {
    fc.assert(
      fc.property(beginnings, story, (before, turns) => {
        const isolation = { before, wasUp: true, since: T0, seen: true };
        let record: Evacuation = { ...settled, isolation };
        let now = T0;
        for (const [seen, pauseMs] of turns) {
          now += pauseMs;
          const { next, actions } = decide(record, seen, policy, now);
          const own = seen.fleet.kind === 'known' ? seen.fleet.value.services.get(H1) : undefined;
          const rows = seen.migrations.kind === 'known' ? seen.migrations.value : null;
          const unclean = rows?.some(({ status }) =>
            ['accepted', 'pre-migrating', 'done'].includes(status),
          );
          for (const action of actions) {
            if (action.do !== 'change-service' || own === undefined || own.state === 'unknown')
              continue;
            if (action.change.forcedDown === false) {
              expect(before.forcedDown).toBe(false);
              // Later ones are kept off by Nova's own guard (400).
              if (record.phase === 'settled') expect(unclean).toBe(false);
            }
            if (action.change.status === 'enabled') {
              expect(before.status).toBe('enabled');
              expect(parseDisabledReason(own.disabledReason)).not.toBeNull();
              expect(own.state).toBe('up');
            }
          }
          record = next;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('un-forcing that Nova refuses', () => {
  it('is asked for again ever more rarely, but not never', () => {
    let record: Evacuation = { ...alive, phase: 'readmitting', phaseSince: T0 };
    let now = T0;
    const asked: number[] = [];
    while (now < T0 + 3_600_000) {
      const { next, actions, wakeAt } = decide(
        record,
        observation({ fleet: known(fleet([back()]), now) }),
        policy,
        now,
      );
      if (actions.length > 0) asked.push(now);
      record = next;
      now = wakeAt ?? Infinity;
    }
    expect(asked.slice(0, 3)).toEqual([T0, T0 + 1000, T0 + 2000]);
    expect(asked.length).toBeLessThan(140);
    expect(asked.at(-1)).toBeGreaterThan(T0 + 3_500_000);
    // Once Nova takes it, the host goes on as any other.
    expect(step({ record, own: back({ forcedDown: false, state: 'up' }), now }).codes).toEqual([
      'NH504',
    ]);
  });
});

describe('a way back that an operator holds', () => {
  const freeze = {
    kind: 'freeze',
    scope: { of: 'all' },
    reason: 'work on the network',
    by: 'anna',
    since: T0,
    until: null,
  } as const;

  it('lifts nothing, and sees signs of life all the same: others may count on the host being off', () => {
    const quiet = { ...settled, life: { ...UNWATCHED, updatedAt: REPORTED } };
    const seen = observation({
      fleet: known(fleet([back({ updatedAt: 'y' })]), T0),
      switches: known([freeze], T0),
    });
    const { next, actions } = decide(quiet, seen, policy, T0);
    expect(actions).toEqual([]);
    expect(next.reasons.map(({ code }) => code)).toEqual(['NH221']);
    expect(summaryOf(next).lives).toBe(true);
  });
});
