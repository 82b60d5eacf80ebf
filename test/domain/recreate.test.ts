import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Tracked } from '../../src/domain/evacuation.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { At } from '../../src/domain/judge.ts';
import type { Answer, Observation, Sighting } from '../../src/domain/observation.ts';
import { applied, refused, uncertain } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { formatInstant } from '../../src/domain/time.ts';
import { entry, evacuating, H1, H2, observation, row, seen, T0, VM } from '../support/domain.ts';

const RESTORE = { image: 'snap', name: 'nightly', takenAt: T0 - 3_600_000, from: 'image' };
const createdAt = formatInstant(T0 - 10_000).slice(0, 19);
const WAITS: At<'recreating'> = {
  at: 'recreating',
  since: T0,
  destination: H2,
  tries: 0,
  sent: null,
  notBefore: T0,
  createdAt,
};
const SENT: At<'recreating'> = { ...WAITS, tries: 1, sent: T0 };
const tracked = (progress: Tracked['progress'], change: Partial<Tracked> = {}): Tracked =>
  entry(progress, { restore: RESTORE, ...change });

const looked = (change: Partial<Sighting> = {}, at = T0): Partial<Observation> => ({
  sightings: new Map([[VM, known(seen(H2, { imageId: 'image', ...change }), at)]]),
});
const answered = (outcome: Answer['outcome'], attempt = 1): Partial<Observation> => ({
  answers: [{ instance: VM, to: 'rebuild', attempt, outcome }],
});

/** One turn, and what it does; every step must keep every promise. */
function turn(one: Tracked, change: Partial<Observation> = {}, now = T0 + 1000) {
  const before = evacuating([], { instances: { [VM]: one } });
  const saw = observation({ inventory: unknown('not asked'), ...change });
  const decision = decide(before, saw, DEFAULT_POLICY, now);
  const step = { before, observation: saw, decision, policy: DEFAULT_POLICY, now };
  expect(violations(step)).toEqual([]);
  const progress = decision.next.instances[VM]?.progress;
  if (progress === undefined) throw new Error('the instance is gone');
  return { progress, actions: decision.actions };
}

describe('an instance that is recreated from its snapshot', () => {
  it('is rebuilt once it has arrived and is idle', () => {
    const arrived = turn(
      tracked({
        at: 'arrived',
        attempt: 1,
        since: T0,
        after: 0,
        migration: 1,
        destination: H2,
        createdAt,
      }),
      { ...looked(), migrations: known([row(1, 'done')], T0) },
    );
    expect(arrived.progress).toMatchObject({ at: 'recreating', tries: 1, sent: T0 + 1000 });
    expect(arrived.actions).toEqual([{ do: 'rebuild', instance: VM, attempt: 1, image: 'snap' }]);
  });

  it.each([
    ['it has a task', looked({ taskState: 'powering-off' })],
    ['nobody looked at it', {}],
    ['the look failed', { sightings: new Map([[VM, unknown('503')]]) }],
    ['it is on its source', { sightings: new Map([[VM, known(seen(H1), T0)]]) }],
    ['Nova does not show its image', looked({ imageId: null })],
  ] as const)('is not touched while %s', (_what, change) => {
    expect(turn(tracked(WAITS), change).actions).toEqual([]);
  });

  it('has landed when Nova shows it built from the snapshot, and idle', () => {
    const busy = turn(tracked(SENT), looked({ imageId: 'snap', taskState: 'rebuilding' }));
    expect(busy.progress.at).toBe('recreating');
    const { progress } = turn(tracked(SENT), looked({ imageId: 'snap' }));
    expect(progress).toMatchObject({ at: 'landed', destination: H2, recreated: true });
  });

  it('is stopped again when it was stopped before', () => {
    const before = { vmState: 'stopped', taskState: null, powerState: 4, locked: false };
    const { progress } = turn(tracked(SENT, { before }), looked({ imageId: 'snap' }));
    expect(progress).toMatchObject({ at: 'restoring', recreated: true });
  });

  it.each([
    ['no answer came', {}],
    ['the answer tells nothing', answered(uncertain('time-out'))],
    ['the answer is about an earlier try', answered(refused('not-sent', 'gone'), 7)],
  ])('is not rebuilt again before Nova was watched for long enough: %s', (_what, answer) => {
    const early = T0 + DEFAULT_POLICY.retry.uncertainMs - 1;
    const held = turn(tracked(SENT), { ...answer, ...looked({}, early) }, early);
    expect(held).toMatchObject({ progress: SENT, actions: [] });
    const late = early + 1;
    const freed = turn(tracked(SENT), { ...answer, ...looked({}, late) }, late);
    expect(freed.progress).toMatchObject({ at: 'recreating', sent: null });
  });

  it('is never rebuilt again once the image shows that the request has arrived', () => {
    const late = T0 + DEFAULT_POLICY.retry.uncertainMs + 1;
    const { progress, actions } = turn(tracked(SENT), looked({ imageId: 'snap' }, late), late);
    expect(actions).toEqual([]);
    expect(progress.at).toBe('landed');
  });

  it.each([
    ['Nova refused', answered(refused('wrong-state', 'busy', 409)), looked()],
    ['the rebuild ended in error', {}, looked({ imageId: 'snap', vmState: 'error' })],
    ['the scheduler objected', answered(applied(null)), looked({ vmState: 'error' })],
  ])('is tried again after a pause when %s, and given up after some tries', (_w, answer, saw) => {
    const again = turn(tracked(SENT), { ...answer, ...saw });
    expect(again.progress).toMatchObject({ at: 'recreating', sent: null, tries: 1 });
    const tries = DEFAULT_POLICY.retry.attempts;
    const last = tracked({ ...SENT, tries });
    const answers = answer.answers?.map((one) => ({ ...one, attempt: tries })) ?? [];
    expect(turn(last, { ...saw, answers }).progress).toMatchObject({
      at: 'failed',
      why: { code: 'NH424' },
    });
  });

  it('is left alone when somebody else has rebuilt it, or long after its evacuation', () => {
    const other = turn(tracked(WAITS), looked({ imageId: 'other' }));
    expect(other).toMatchObject({ progress: { at: 'failed' }, actions: [] });
    const late = T0 + 2 * 3_600_000;
    const old = turn(tracked(WAITS), looked({}, late), late);
    expect(old).toMatchObject({ progress: { at: 'failed' }, actions: [] });
  });

  it('is said to stand still when its rebuild never ends', () => {
    const late = T0 + DEFAULT_POLICY.retry.stalledMs;
    const { progress } = turn(
      tracked(SENT),
      looked({ imageId: 'snap', taskState: 'rebuilding' }, late),
      late,
    );
    expect(progress).toMatchObject({ at: 'failed', why: { code: 'NH424' } });
  });
});
