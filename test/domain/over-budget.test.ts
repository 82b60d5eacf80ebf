import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Evacuation, Progress, Tracked } from '../../src/domain/evacuation.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known } from '../../src/domain/known.ts';
import { overBudget } from '../../src/domain/over-budget.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import type { Summary } from '../../src/domain/summary.ts';
import {
  ACCEPTED,
  entry,
  evacuating,
  H2,
  INTENDED,
  instance,
  observation,
  peer,
  PENDING,
  row,
  T0,
  vm,
} from '../support/domain.ts';

const NOW = T0 + 20_000;

/** What a turn sends, with migrations 1, 2, … of the instances that are under way. */
function sends(record: Evacuation, flying: readonly number[], policy: Policy): readonly string[] {
  const rows = flying.map((number, index) => row(index + 1, 'accepted', { instance: vm(number) }));
  const ids = [vm(1), vm(2), vm(3)];
  const seen = observation({
    migrations: known(rows.toReversed(), NOW),
    inventory: known(
      ids.map((id) => instance(id)),
      NOW,
    ),
  });
  const decision = decide(record, seen, policy, NOW);
  expect(violations({ before: record, observation: seen, decision, policy, now: NOW })).toEqual([]);
  return decision.actions.map((action) => ('instance' in action ? action.instance : action.do));
}

const accepted = (migration: number): Progress => ({ ...ACCEPTED, migration });

describe('a limit that was passed without us', () => {
  it('holds nobody who has nothing to do with it: an operator evacuates a second member of a group', () => {
    const why = because('NH410', { detail: 'x', at: 'now' });
    const member = (progress: Progress): Tracked => entry(progress, { exclusiveGroup: 'g' });
    const record = evacuating([], {
      seenMigration: 1,
      instances: {
        [vm(1)]: member(accepted(1)),
        [vm(2)]: member({ ...PENDING, at: 'pending', attempt: 1, notBefore: T0, after: 1, why }),
        [vm(3)]: entry(PENDING),
      },
    });
    expect(sends(record, [1, 2], DEFAULT_POLICY)).toEqual([vm(3)]);
  });

  it('holds nobody else: pace.per_group is lowered while more are under way', () => {
    const order = { priority: 500, group: 'db' };
    const record = evacuating([], {
      seenMigration: 2,
      instances: {
        [vm(1)]: entry(accepted(1), { order }),
        [vm(2)]: entry(accepted(2), { order }),
        [vm(3)]: entry(PENDING),
      },
    });
    const policy = { ...DEFAULT_POLICY, pace: { ...DEFAULT_POLICY.pace, perGroup: 1 } };
    expect(sends(record, [1, 2], policy)).toEqual([vm(3)]);
  });
});

describe('what is sent beyond a limit', () => {
  const judge = (
    instances: Evacuation['instances'],
    change: Partial<Policy['pace']> = {},
    others: readonly Summary[] = [],
  ) =>
    overBudget({
      before: evacuating([]),
      next: evacuating([], { instances }),
      sent: [{ instance: vm(1), target: null }],
      others,
      policy: { ...DEFAULT_POLICY, pace: { ...DEFAULT_POLICY.pace, ...change } },
      now: NOW,
    });

  it('is a second member of a group under way, whoever has sent the first', () => {
    const group = { exclusiveGroup: 'g' };
    const adopted: Progress = { ...ACCEPTED, at: 'accepted', attempt: 0 };
    expect(judge({ [vm(1)]: entry(INTENDED, group), [vm(2)]: entry(adopted, group) })).toMatch(
      /two members of g/,
    );
    expect(judge({ [vm(1)]: entry(INTENDED, group), [vm(2)]: entry(PENDING, group) })).toBeNull();
  });

  it('is a member of a group of which another host has one under way', () => {
    const instances = { [vm(1)]: entry(INTENDED, { exclusiveGroup: 'g' }) };
    expect(judge(instances, {}, [peer(H2, { groups: ['g'] })])).toMatch(/g is under way from/);
    expect(judge(instances, {}, [peer(H2, { groups: ['h'] })])).toBeNull();
  });

  it('is one more of an order group', () => {
    const order = { order: { priority: 500, group: 'db' } };
    const both = { [vm(1)]: entry(INTENDED, order), [vm(2)]: entry(ACCEPTED, order) };
    expect(judge(both, { perGroup: 1 })).toMatch(/2 in flight of the group db, limit 1/);
    expect(judge(both, { perGroup: 2 })).toBeNull();
  });
});
