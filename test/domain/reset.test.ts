import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Evacuation, Progress, Tracked } from '../../src/domain/evacuation.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known } from '../../src/domain/known.ts';
import type { Answer, Observation, Sighting } from '../../src/domain/observation.ts';
import { applied, refused, uncertain } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import {
  entry,
  evacuating,
  H1,
  H2,
  instance,
  observation,
  PENDING,
  row,
  seen,
  T0,
  VM,
} from '../support/domain.ts';

const PAUSED = { vmState: 'paused', taskState: null, powerState: 3, locked: false };
const WAITS = entry(PENDING, { before: PAUSED, reset: true });
const RESETTING: Progress = { at: 'resetting', attempt: 0, after: 0, since: T0 };
const RESET = { ...WAITS, progress: RESETTING };

const host = (one: Tracked): Evacuation => evacuating([], { instances: { [VM]: one } });
const looked = (change: Partial<Sighting>, at = T0): Partial<Observation> => ({
  sightings: new Map([[VM, known(seen(H1, { vmState: 'paused', ...change }), at)]]),
});

/** One turn, and what it does; every step must keep every promise. */
function turn(one: Tracked, change: Partial<Observation> = {}, now = T0) {
  const before = host(one);
  const inventory = known([instance(VM, { vmState: 'paused' })], T0);
  const saw = observation({ inventory, ...change });
  const decision = decide(before, saw, DEFAULT_POLICY, now);
  const step = { before, observation: saw, decision, policy: DEFAULT_POLICY, now };
  expect(violations(step)).toEqual([]);
  const next = decision.next.instances[VM];
  if (next === undefined) throw new Error('the instance is gone');
  return { next, actions: decision.actions.map(({ do: what }) => what) };
}

const answered = (outcome: Answer['outcome'], attempt = 0): Partial<Observation> => ({
  answers: [{ instance: VM, to: 'reset-state', attempt, outcome }],
});

describe('an instance whose state must be reset', () => {
  it('is reset first, with a durable intent, and not sent in the same turn', () => {
    const { next, actions } = turn(WAITS);
    expect(next.progress.at).toBe('resetting');
    expect(actions).toEqual(['reset-state']);
    expect(next.before).toEqual(PAUSED);
  });

  it('is sent only when Nova shows the new state', () => {
    expect(turn(RESET, looked({ vmState: 'paused' }), T0 + 1000).actions).toEqual([]);
    const { next, actions } = turn(RESET, looked({ vmState: 'error' }), T0 + 1000);
    expect(actions).toEqual(['evacuate']);
    expect(next.progress.at).toBe('intended');
    expect(next.reset).toBe(undefined);
    expect(next.before).toEqual(PAUSED);
  });

  it('is not believed to be reset because Nova said 202', () => {
    const saw = { ...answered(applied(null)), ...looked({ vmState: 'paused' }) };
    expect(turn(RESET, saw, T0 + 1000).actions).toEqual([]);
  });

  it('takes an answer about the reset for no answer about the evacuation', () => {
    const sent = turn(RESET, { ...answered(applied(null), 1), ...looked({ vmState: 'error' }) });
    expect(sent.next.progress.at).toBe('intended');
    const later = turn(sent.next, answered(applied(null), 1), T0 + 1000);
    expect(later.next.progress.at).toBe('intended');
  });

  it.each([
    ['no answer', {}],
    ['an answer that tells nothing', answered(uncertain('time-out'))],
  ])('is not reset again before Nova was watched for long enough: %s', (_what, change) => {
    const { uncertainMs } = DEFAULT_POLICY.retry;
    const early = T0 + uncertainMs - 1;
    expect(turn(RESET, { ...change, ...looked({}, early) }, early).actions).toEqual([]);
    const late = T0 + uncertainMs;
    expect(turn(RESET, { ...change, ...looked({}, late) }, late).actions).toEqual(['reset-state']);
  });

  it('waits and says why when Nova refuses the reset', () => {
    const saw = { ...answered(refused('forbidden', 'not allowed', 403)), ...looked({}) };
    const { next, actions } = turn(RESET, saw, T0 + 1000);
    expect(actions).toEqual([]);
    expect(next.progress).toMatchObject({ at: 'pending', why: { code: 'NH423' } });
    expect(next.reset).toBe(true);
  });

  it.each(['accepted', 'pre-migrating'])(
    'is never reset while an evacuation of it is under way (%s)',
    (status) => {
      const migrations = known([row(7, status)], T0);
      for (const one of [WAITS, RESET]) {
        const { next, actions } = turn(one, { migrations, ...looked({}) }, T0 + 1000);
        expect(actions).toEqual([]);
        expect(next.progress.at).toBe('accepted');
        expect(next.reset).toBe(undefined);
      }
    },
  );

  it('is not reset on what is not known', () => {
    const migrations = { kind: 'unknown', why: '503' } as const;
    expect(turn(WAITS, { migrations }).actions).toEqual([]);
    expect(turn(WAITS, { peers: migrations }).actions).toEqual([]);
    expect(turn(RESET, { migrations }, T0 + 600_000).actions).toEqual([]);
  });

  it('needs no reset when somebody else has done it', () => {
    const inventory = known([instance(VM, { vmState: 'error' })], T0);
    const { next, actions } = turn(WAITS, { inventory });
    expect(actions).toEqual(['evacuate']);
    expect(next.reset).toBe(undefined);
  });

  it('ends as if nothing had happened when it is somewhere else, or gone', () => {
    const away = { sightings: new Map([[VM, known(seen(H2), T0)]]), inventory: known([], T0) };
    expect(turn(RESET, away).next.progress.at).toBe('landed');
    const gone = { sightings: new Map([[VM, known(null, T0)]]), inventory: known([], T0) };
    expect(turn(RESET, gone).next.progress.at).toBe('gone');
  });
});
