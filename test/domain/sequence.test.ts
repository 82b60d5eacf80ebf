import { describe, expect, it } from 'vitest';
import type { Evacuation, Progress, Tracked } from '../../src/domain/evacuation.ts';
import { choose } from '../../src/domain/pace.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { sequenceOf } from '../../src/domain/sequence.ts';
import {
  ACCEPTED,
  entry,
  evacuating,
  fleet,
  H2,
  H3,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';

type Member = readonly [group: string | null, priority: number, progress: Progress];

const LANDED: Progress = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' };
const FAILED: Progress = { at: 'failed', attempt: 5, why: because('NH404', { detail: 'no' }) };
const STUCK: Progress = {
  ...{ at: 'stuck', attempt: 1, since: T0, after: 0, migration: 1, destination: H2 },
  why: because('NH406'),
};

const record = (members: readonly Member[], change: Partial<Evacuation> = {}): Evacuation => {
  const instances: Record<string, Tracked> = {};
  members.forEach(([group, priority, progress], i) => {
    instances[vm(i + 1)] = entry(progress, { order: { priority, group } });
  });
  return evacuating([], { instances, ...change });
};
const withOrder = (change: Partial<Policy['order']>): Policy => ({
  ...DEFAULT_POLICY,
  order: { ...DEFAULT_POLICY.order, ...change },
});
const sent = (evacuation: Evacuation, policy = DEFAULT_POLICY, now = T0) => {
  const services = fleet([service(H2), service(H3)]);
  return choose(evacuation, [], services, policy, now).chosen.map(({ id }) => id);
};

describe('order groups', () => {
  it('go by their most important member, and who has none waits for nobody', () => {
    const members: Member[] = [
      ['web', 600, PENDING],
      ['db', 100, PENDING],
      ['db', 700, PENDING],
      [null, 1, PENDING],
    ];
    expect(sent(record(members))).toEqual([vm(3), vm(2), vm(4)]);
    expect(sequenceOf(record(members), DEFAULT_POLICY, T0).waits).toMatchObject({
      code: 'NH210',
      values: { group: 'web', before: 'db', count: '1' },
    });
  });

  it('wait until every member of the one before has ended, whatever way', () => {
    const after = (progress: Progress) =>
      sent(
        record(
          [
            ['db', 900, progress],
            ['web', 500, PENDING],
          ],
          { stage: { group: 'db', since: T0 } },
        ),
      );
    expect(after(ACCEPTED)).toEqual([]);
    expect(after({ ...ACCEPTED, destination: H2 })).toEqual([]);
    for (const over of [LANDED, FAILED, STUCK, { at: 'gone' } as const]) {
      expect(after(over)).toEqual([vm(2)]);
    }
  });

  it('are not held for ever by one that finds no room', () => {
    const waiting: Progress = { ...PENDING, notBefore: T0 + 3_600_000, why: because('NH401') };
    const members: Member[] = [
      ['db', 900, waiting],
      ['web', 500, PENDING],
    ];
    const held = record(members, { stage: { group: 'db', since: T0 } });
    expect(sent(held, withOrder({ patienceMs: 60_000 }), T0 + 59_999)).toEqual([]);
    expect(sent(held, withOrder({ patienceMs: 60_000 }), T0 + 60_000)).toEqual([vm(2)]);
  });

  it('begin a while after the one before has landed, when that is wanted', () => {
    const members: Member[] = [
      ['db', 900, LANDED],
      ['web', 500, PENDING],
    ];
    const landed = record(members, { stage: { group: 'db', since: T0 - 1000 } });
    expect(sent(landed, withOrder({ delayMs: 30_000 }), T0 + 29_999)).toEqual([]);
    expect(sent(landed, withOrder({ delayMs: 30_000 }), T0 + 30_000)).toEqual([vm(2)]);
  });

  it('stay open once they were opened, and do not matter when nobody wants them', () => {
    const members: Member[] = [
      ['db', 900, ACCEPTED],
      ['web', 500, PENDING],
      ['log', 400, PENDING],
    ];
    expect(sent(record(members, { stage: { group: 'web', since: T0 } }))).toEqual([vm(2)]);
    expect(sent(record(members), withOrder({ sequence: false }))).toEqual([vm(2), vm(3)]);
  });

  it('without a member that is to move do not count', () => {
    const skipped: Progress = { at: 'skipped', why: because('NH304') };
    const members: Member[] = [
      ['db', 900, skipped],
      ['web', 500, PENDING],
    ];
    expect(sent(record(members))).toEqual([vm(2)]);
  });
});
