import { describe, expect, it } from 'vitest';
import {
  newEvacuation,
  type Evacuation,
  type Progress,
  type Tracked,
} from '../../src/domain/evacuation.ts';
import { known } from '../../src/domain/known.ts';
import type { Service } from '../../src/domain/host.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { firstQuestions, followUps } from '../../src/domain/questions.ts';
import {
  ACCEPTED,
  entry,
  evacuating,
  fleet,
  H1,
  H2,
  isolated,
  mark,
  observation,
  PENDING,
  row,
  service,
  T0,
  vm,
} from '../support/domain.ts';

const NOW = T0 + 1000;

const marked = (claim = mark().claim): Evacuation => newEvacuation(H1, mark({ claim }), T0);

const after = (own: Service, record: Evacuation = marked()): ReturnType<typeof followUps> =>
  followUps(
    record,
    observation({ fleet: known(fleet([own, service(H2)]), NOW) }),
    DEFAULT_POLICY,
    NOW,
  );

describe('what a marked host is looked at for', () => {
  it('asks nobody for a proof that came with the mark: programs would be started for nothing', () => {
    expect(firstQuestions(marked(), DEFAULT_POLICY, NOW).proof).toBe(false);
    expect(firstQuestions(marked(null), DEFAULT_POLICY, NOW).proof).toBe(true);
  });

  it('asks again when the claim is not believed', () => {
    const policy = { ...DEFAULT_POLICY, fence: { ...DEFAULT_POLICY.fence, proof: [] } };
    expect(firstQuestions(marked(), policy, NOW).proof).toBe(true);
  });

  it('counts, and asks for further failures, as soon as the host is isolated and proven off', () => {
    expect(after(isolated())).toMatchObject({ inventory: true, groups: true, failing: true });
    expect(after(service())).toMatchObject({ inventory: false, groups: false, failing: false });
    expect(after(isolated(), marked(null))).toMatchObject({ inventory: false, failing: false });
  });
});

describe('what was left in the queue of a fenced host', () => {
  const left = { since: T0, rows: [5, 3], on: [H2] };
  const waiting = { ...PENDING, attempt: 1, after: 9 };
  const record = (change: Partial<Tracked>): Evacuation => {
    const base = evacuating([waiting], { seenMigration: 9 });
    const [entry] = Object.values(base.instances);
    if (entry === undefined) throw new Error('no instance');
    return { ...base, instances: { [vm(1)]: { ...entry, ...change } } };
  };
  const traces = (change: Partial<Tracked>): readonly string[] =>
    followUps(record(change), observation(), DEFAULT_POLICY, NOW).traces;

  it('is looked at when it may be sent again, on a list of services of that moment', () => {
    expect(traces({ left })).toEqual([vm(1)]);
    expect(traces({})).toEqual([]);
    expect(traces({ left, progress: { ...waiting, notBefore: NOW + 1 } })).toEqual([]);
    const first = firstQuestions(record({ left }), DEFAULT_POLICY, NOW);
    expect(first).toMatchObject({ fleetMaxAgeMs: 0, inventory: true, migrationsAfter: 2 });
  });

  it('shows by its records alone once it was sent again', () => {
    const repeated = { ...left, repeated: true as const };
    expect(traces({ left: repeated })).toEqual([]);
    const first = firstQuestions(record({ left: repeated }), DEFAULT_POLICY, NOW);
    expect(first.migrationsAfter).toBe(2);
    expect(firstQuestions(record({}), DEFAULT_POLICY, NOW).migrationsAfter).toBe(9);
  });
});

describe('what a slow evacuation is looked at for', () => {
  const COUNT = 24;
  const all = Array.from({ length: COUNT }, (_, index) => vm(index + 1));
  const look = (status: string, ageMs: number): ReturnType<typeof followUps> =>
    followUps(
      evacuating(all.map(() => ACCEPTED)),
      observation({
        migrations: known(
          all.map((id, index) => row(index + 1, status, { instance: id })),
          T0 + ageMs,
        ),
      }),
      DEFAULT_POLICY,
      T0 + ageMs,
    );

  it('a few at a time, so that a Nova that is slow is not kept busy with questions', () => {
    const { sightings, traces } = look('accepted', 40_000);
    expect(sightings).toHaveLength(5);
    expect(traces).toEqual(sightings);
  });

  it('with others on the next turn', () => {
    const [first, next] = [look('accepted', 40_000), look('accepted', 45_000)];
    expect(next.sightings.some((id) => !first.sightings.includes(id))).toBe(true);
  });

  it('its trace, only while Nova has not begun to build it', () => {
    expect(look('pre-migrating', 40_000)).toMatchObject({ traces: [] });
    expect(look('pre-migrating', 40_000).sightings).toHaveLength(5);
  });

  it('not alone, when it has just arrived: one list shows all of them', () => {
    expect(look('done', 40_000)).toMatchObject({ sightings: [], traces: [] });
  });

  it('not at all as long as it is not slow', () => {
    expect(look('accepted', 20_000)).toMatchObject({ sightings: [], traces: [] });
  });
});

describe('what a host on its way back is looked at for', () => {
  const way = (upSince: number | null, asked = false): number =>
    firstQuestions(
      {
        ...marked(),
        phase: 'readmitting',
        readmission: { cleanSince: T0, upSince, upSeen: 1, asked },
      },
      DEFAULT_POLICY,
      NOW,
    ).fleetMaxAgeMs;

  it('is enabled on nothing but a fresh list: an operator may have disabled it just now', () => {
    expect(way(null)).toBeGreaterThan(0);
    expect(way(NOW - 1000)).toBeGreaterThan(0);
    expect(way(NOW - DEFAULT_POLICY.readmit.healthyMs)).toBe(0);
    expect(way(NOW - 1000, true)).toBe(0);
  });

  it('is relabelled on nothing but a fresh list, for the same reason', () => {
    const settled = (since: number): number =>
      firstQuestions({ ...marked(), phase: 'settled', phaseSince: since }, DEFAULT_POLICY, NOW)
        .fleetMaxAgeMs;
    expect(settled(NOW)).toBe(0);
    expect(settled(NOW - 60_000)).toBeGreaterThan(0);
  });
});

describe('what has arrived while order groups wait', () => {
  const arrived = (since = T0): Progress => ({
    ...{ at: 'arrived', attempt: 1, since, after: 0, migration: 1 },
    ...{ destination: H2, createdAt: 'c' },
  });
  const ARRIVED = arrived();
  const groups = (...members: readonly (readonly [string | null, Progress])[]): Evacuation =>
    evacuating([], {
      instances: Object.fromEntries(
        members.map(([group, progress], index) => {
          const order = { priority: group === 'db' ? 900 : 500, group };
          return [vm(index + 1), entry(progress, { order })];
        }),
      ),
    });
  const look = (record: Evacuation, policy = DEFAULT_POLICY): ReturnType<typeof followUps> =>
    followUps(record, observation({ migrations: known([], NOW) }), policy, NOW);

  it('is looked at when the next group waits for nothing else', () => {
    const record = groups(['db', ARRIVED], ['db', ARRIVED], ['web', PENDING], [null, PENDING]);
    expect(look(record).changedSince).toBe('c');
  });

  it('is left for later while a member of its group is under way, or nobody waits for it', () => {
    expect(look(groups(['db', ARRIVED], ['db', ACCEPTED], ['web', PENDING])).changedSince).toBe(
      null,
    );
    expect(look(groups(['db', ARRIVED], [null, PENDING])).changedSince).toBe(null);
    const order = { ...DEFAULT_POLICY.order, sequence: false };
    const abreast = { ...DEFAULT_POLICY, order };
    expect(look(groups(['db', ARRIVED], ['web', PENDING]), abreast).changedSince).toBe(null);
  });

  it('is looked up one by one when the list of changes does not show it', () => {
    const record = groups(['db', arrived(NOW - 6000)], ['web', PENDING]);
    expect(look(record).sightings).toEqual([vm(1)]);
  });
});
