import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { isInFlight, tracked } from '../../src/domain/evacuation.ts';
import { known } from '../../src/domain/known.ts';
import { refused } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { verdictOn } from '../../src/surfaces/cli/verdict.ts';
import {
  ACCEPTED,
  evacuating,
  H2,
  INTENDED,
  observation,
  PENDING,
  row,
  T0,
  vm,
} from '../support/domain.ts';
import { fail, play, PLAY_POLICY } from '../support/sim/stage.ts';
import { START_MS, type Universe } from '../support/sim/universe.ts';

/** Boots two groups of two on the failing host, beside its six; the ids by group. */
function inGroups(universe: Universe): Readonly<Record<'db' | 'web', readonly string[]>> {
  const boot = (group: string, priority: string): readonly string[] =>
    universe.cloud.boot({
      host: 'compute-1',
      count: 2,
      metadata: {
        'instanceha:restart_group': group,
        'instanceha:restart_priority': priority,
      },
    });
  // The group's priority is that of its most important member: alone, its others come after web.
  const groups = { web: boot('web', '600'), db: [...boot('db', '100'), ...boot('db', '900')] };
  fail(universe);
  return groups;
}

describe('the checklist: one among many', () => {
  it('checklist 44: per-VM timeout, of which waiting in the queue is no part', () => {
    const stalled = DEFAULT_POLICY.retry.stalledMs;
    const record = evacuating([{ ...ACCEPTED, since: T0 }, PENDING]);
    const building = row(1, 'pre-migrating', { instance: vm(1) });
    const seen = { migrations: known([building], T0 + stalled) };
    const early = decide(record, observation(seen), DEFAULT_POLICY, T0 + stalled - 1000);
    expect(early.next.instances[vm(1)]?.progress.at).toBe('accepted');
    const late = decide(record, observation(seen), DEFAULT_POLICY, T0 + stalled);
    expect(late.next.instances[vm(1)]?.progress).toMatchObject({ at: 'stuck' });
    // Whoever has waited as long for his turn begins only now.
    expect(late.next.instances[vm(2)]?.progress).toMatchObject({
      at: 'intended',
      since: T0 + stalled,
    });
  });

  it('checklist 45: one VM failing does not abort the batch; the result of the host is false', () => {
    const record = evacuating([INTENDED, INTENDED, PENDING]);
    const outcome = refused('guard', 'it has a vTPM');
    const answers = [{ instance: vm(1), attempt: 1, outcome }];
    const migrations = known([row(1, 'done', { instance: vm(2) })], T0);
    const { next, actions } = decide(
      record,
      observation({ answers, migrations }),
      DEFAULT_POLICY,
      T0 + 1000,
    );
    expect(next.instances[vm(1)]?.progress).toMatchObject({ at: 'failed', why: { code: 'NH404' } });
    expect(next.instances[vm(2)]?.progress.at).toBe('arrived');
    expect(actions).toMatchObject([{ do: 'evacuate', instance: vm(3) }]);
    const landed = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' } as const;
    const given = { at: 'failed', attempt: 1, why: { code: 'NH404', values: {} } } as const;
    expect(verdictOn(evacuating([landed, landed]))).toBe('done');
    expect(verdictOn(evacuating([landed, given]))).toBe('failed');
  });

  it('checklist 46: concurrency limit really enforced; stagger delays', async () => {
    const pace = { ...PLAY_POLICY.pace, inFlight: 2, staggerMs: 3000 };
    const { universe, victims, truth } = await play({ policy: { pace } });
    expect(truth).toEqual([]);
    expect(universe.cloud.flights().peak).toBeLessThanOrEqual(2);
    const sent = universe.ledger.posts().map(({ sentAtMs }) => sentAtMs);
    expect(sent).toHaveLength(victims.length);
    const pauses = sent.slice(1).map((at, index) => at - (sent[index] ?? START_MS));
    // A turn decides at its end and sends a moment later.
    for (const pause of pauses) expect(pause).toBeGreaterThan(2900);
  });

  it('checklist 46: the pause is counted within the limit, and a limit is never made up for', () => {
    const policy = {
      ...DEFAULT_POLICY,
      pace: { ...DEFAULT_POLICY.pace, inFlight: 2, staggerMs: 1000 },
    };
    const record = evacuating([PENDING, PENDING, PENDING], { sentAt: T0 });
    // An hour in which nothing could be sent lets one go, not three thousand.
    const { next } = decide(record, observation(), policy, T0 + 3_600_000);
    const flying = tracked(next).filter(([, { progress }]) => isInFlight(progress));
    expect(flying).toHaveLength(1);
  });

  it('checklist 47: group priority = max member; phases ordered; phase failure continues', async () => {
    let groups: Readonly<Record<'db' | 'web', readonly string[]>> = { db: [], web: [] };
    const { universe, truth } = await play({
      script: (world) => {
        groups = inGroups(world);
        // One of the first group is gone before it is sent: the next group goes all the same.
        world.cloud.deleteInstance(groups.db[0] ?? '');
      },
    });
    expect(truth).toEqual([]);
    const sentAt = (ids: readonly string[]): readonly number[] =>
      universe.ledger.posts().flatMap((one) => (ids.includes(one.instance) ? [one.sentAtMs] : []));
    expect(sentAt(groups.web)).toHaveLength(2);
    const landed = Object.entries((await universe.record('compute-1'))?.evacuation.instances ?? {})
      .filter(([id]) => groups.db.includes(id))
      .flatMap(([, { progress }]) => (progress.at === 'landed' ? [progress.since] : []));
    expect(landed).toHaveLength(3);
    expect(Math.min(...sentAt(groups.web))).toBeGreaterThan(Math.max(...sentAt(groups.db)));
  });
});
