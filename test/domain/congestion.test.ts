import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapted } from '../../src/domain/congestion.ts';
import type { Evacuation, Progress } from '../../src/domain/evacuation.ts';
import type { Answer } from '../../src/domain/observation.ts';
import { refused, uncertain } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { ACCEPTED, evacuating, H2, INTENDED, PENDING, T0, vm } from '../support/domain.ts';

const NO_ROOM: Progress = { ...PENDING, why: because('NH401') };
const LANDED: Progress = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' };
const many = (count: number, progress: Progress): Progress[] =>
  Array.from({ length: count }, () => progress);

const step = (
  before: readonly Progress[],
  after: readonly Progress[],
  {
    window,
    answers = [],
    now = T0,
  }: { window?: Evacuation['window']; answers?: Answer[]; now?: number } = {},
) =>
  adapted(
    evacuating(before, { window }),
    evacuating(after, { window }),
    answers,
    DEFAULT_POLICY,
    now,
  ).window;

const answer = (outcome: Answer['outcome'], n = 1): Answer => ({
  instance: vm(n),
  attempt: 1,
  outcome,
});

describe('the window in flight', () => {
  it('is not there as long as all goes well', () => {
    expect(step(many(4, ACCEPTED), many(4, LANDED))).toBeUndefined();
    expect(step(many(4, INTENDED), many(4, ACCEPTED))).toBeUndefined();
  });

  it('is half of what is in flight when Nova does not answer or has too much to do', () => {
    const flying = many(8, INTENDED);
    for (const outcome of [uncertain('time-out'), refused('too-many', 'rate limit', 429)]) {
      expect(step(flying, flying, { answers: [answer(outcome)] })).toEqual({ size: 4, since: T0 });
    }
    const refusal = refused('wrong-state', 'paused', 409);
    expect(step(flying, flying, { answers: [answer(refusal)] })).toBeUndefined();
  });

  it('is halved once for all that was sent before', () => {
    const flying = many(8, INTENDED);
    const answers = [answer(uncertain('time-out'))];
    const first = step(flying, flying, { answers, now: T0 + 10 });
    expect(first?.size).toBe(4);
    expect(step(flying, flying, { answers, window: first, now: T0 + 20 })).toEqual(first);
    const later = many(4, { ...INTENDED, since: T0 + 10 });
    expect(step(later, later, { answers, window: first, now: T0 + 20 })?.size).toBe(2);
  });

  it('is halved when more find no room than some, not by a few among many', () => {
    const flying = many(6, ACCEPTED);
    expect(step(flying, [...many(4, NO_ROOM), ...many(2, LANDED)])?.size).toBe(3);
    expect(step(flying, [...many(2, NO_ROOM), ...many(4, LANDED)])).toBeUndefined();
  });

  it('grows by one with every window that lands, and goes when it is large or old', () => {
    const window = { size: 4, since: T0 };
    expect(step(many(4, ACCEPTED), many(4, LANDED), { window })?.size).toBe(5);
    expect(step(many(4, ACCEPTED), many(1, LANDED), { window })?.size).toBe(4.25);
    const nearly = { size: 23.9, since: T0 };
    expect(step(many(9, ACCEPTED), many(9, LANDED), { window: nearly })).toBeUndefined();
    const { recoverMs } = DEFAULT_POLICY.pace;
    expect(step([], [], { window, now: T0 + recoverMs })).toBeUndefined();
  });

  it('is never below one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (size, flying) => {
          const all = many(flying, INTENDED);
          const answers = [answer(uncertain('reset'))];
          const window = step(all, all, { answers, window: { size, since: T0 } });
          expect(window?.size).toBeGreaterThanOrEqual(1);
          expect(window?.size).toBeLessThanOrEqual(size);
        },
      ),
    );
  });
});
