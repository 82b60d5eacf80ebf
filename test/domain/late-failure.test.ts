import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Evacuation, Progress } from '../../src/domain/evacuation.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { firstQuestions, followUps } from '../../src/domain/questions.ts';
import {
  ACCEPTED,
  evacuating,
  H2,
  instance,
  INTENDED,
  observation,
  PENDING,
  row,
  T0,
  traced,
  VM,
} from '../support/domain.ts';

const LATE = "Conflict updating instance. Expected: {'task_state': ['rebuild_spawning']}";
const EARLY = 'Insufficient compute resources: Free memory.';
const FAILED = known([row(1, 'failed')], T0);
const trace = (fault: string) => new Map([[VM, known(traced({ building: 'failed', fault }), T0)]]);

/** Turns at these seconds after the failure; returns where the instance stands and what was sent. */
function turns(
  start: Evacuation,
  looks: readonly (readonly [number, Partial<Observation>])[],
): { readonly at: Progress | undefined; readonly sent: readonly number[] } {
  let record = start;
  const sent: number[] = [];
  for (const [atS, change] of looks) {
    const now = T0 + atS * 1000;
    const seen = observation({ inventory: known([instance()], now), ...change });
    const decision = decide(record, seen, DEFAULT_POLICY, now);
    const step = { before: record, observation: seen, decision, policy: DEFAULT_POLICY, now };
    expect(violations(step)).toEqual([]);
    if (decision.actions.some((action) => action.do === 'evacuate')) sent.push(atS);
    record = decision.next;
  }
  return { at: record.instances[VM]?.progress, sent };
}

describe('an evacuation that fails after its guest was built', () => {
  it('is not sent again though its record fails long before its fault is written', () => {
    const told = turns(evacuating([ACCEPTED]), [
      [1, { migrations: FAILED }],
      [
        20,
        { migrations: FAILED, traces: new Map([[VM, known(traced({ building: 'running' }), T0)]]) },
      ],
      [60, { migrations: FAILED, traces: trace(LATE) }],
      [600, { migrations: FAILED }],
    ]);
    expect(told).toMatchObject({ sent: [], at: { at: 'stuck', why: { code: 'NH407' } } });
  });

  it('and was an operator’s, while ours waited, keeps ours from being sent', () => {
    const told = turns(evacuating([{ ...PENDING, notBefore: T0 + 5000 }]), [
      [1, { migrations: FAILED }],
      [10, { migrations: FAILED }],
      [20, { migrations: FAILED, traces: trace(LATE) }],
      [600, { migrations: FAILED }],
    ]);
    expect(told).toMatchObject({ sent: [], at: { at: 'stuck', destination: H2 } });
  });

  it('is remembered by Nova when the store was wiped', () => {
    const told = turns(evacuating([]), [
      [200, { migrations: FAILED }],
      [400, { migrations: FAILED }],
      [401, { migrations: FAILED, traces: trace(LATE) }],
      [900, { migrations: FAILED }],
    ]);
    expect(told).toMatchObject({ sent: [], at: { at: 'stuck', destination: H2 } });
  });

  it.each([
    ['our own', evacuating([ACCEPTED])],
    ['somebody else’s', evacuating([{ ...PENDING, notBefore: T0 + 5000 }])],
    ['one that the record does not know', evacuating([])],
  ])('is sent again by itself when it had not built any: %s', (_name, record) => {
    const told = turns(record, [
      [1, { migrations: FAILED }],
      [2, { migrations: FAILED, traces: trace(EARLY) }],
      [60, { migrations: FAILED }],
    ]);
    expect(told).toMatchObject({ sent: [60], at: { at: 'intended', after: 1 } });
  });

  it('waits in any case for what a lost record had sent', () => {
    const told = turns(evacuating([], { lostAt: T0 }), [
      [1, { migrations: FAILED }],
      [2, { migrations: FAILED, traces: trace(EARLY) }],
      [60, { migrations: FAILED }],
      [90, { migrations: FAILED }],
    ]);
    expect(told.sent).toEqual([90]);
  });
});

describe('what is asked about a failure', () => {
  const asked = (progress: Progress, rows: readonly ReturnType<typeof row>[], afterMs = 10_000) =>
    followUps(
      evacuating([progress]),
      observation({ inventory: unknown('not asked'), migrations: known(rows, T0) }),
      DEFAULT_POLICY,
      T0 + afterMs,
    );

  it.each([
    ['asked for', INTENDED],
    ['taken', ACCEPTED],
  ])(
    'the trace of what failed on its destination, and nothing of what did not (%s)',
    (_, progress) => {
      expect(asked(progress, [row(1, 'failed')])).toMatchObject({ traces: [VM], inventory: true });
      expect(asked(progress, [row(1, 'error')])).toMatchObject({ traces: [], inventory: true });
      expect(asked(progress, [row(1, 'done')]).traces).toEqual([]);
      expect(asked(progress, [row(2, 'accepted'), row(1, 'failed')]).traces).toEqual([]);
    },
  );

  it('not in every turn, and rarely when Nova never tells', () => {
    const traces = (looked: number, afterMs: number) =>
      asked({ ...ACCEPTED, looked: T0 + looked }, [row(1, 'failed')], afterMs).traces;
    expect(traces(9000, 10_000)).toEqual([]);
    expect(traces(180_000, 200_000)).toEqual([]);
    expect(traces(180_000, 210_000)).toEqual([VM]);
    const untold = turns(evacuating([ACCEPTED]), [
      [
        60,
        { migrations: FAILED, traces: new Map([[VM, known(traced({ building: 'running' }), T0)]]) },
      ],
    ]);
    expect(untold.at).toMatchObject({ at: 'accepted', looked: T0 + 60_000 });
  });

  it('no more once a human has to look', () => {
    const { at } = turns(evacuating([ACCEPTED]), [
      [1, { migrations: FAILED, traces: trace(LATE) }],
    ]);
    expect(at?.at).toBe('stuck');
    expect(asked(at ?? PENDING, [row(1, 'failed')]).traces).toEqual([]);
  });
});

describe('an instance that Nova denies', () => {
  const denied = (change: Partial<Observation>): Partial<Observation> => ({
    sightings: new Map([[VM, known(null, T0)]]),
    answers: [
      {
        instance: VM,
        attempt: 1,
        outcome: { kind: 'refused', refusal: { cause: 'not-found', message: 'no', status: 404 } },
      },
    ],
    ...change,
  });

  it('is not forgotten when its host’s list cannot be read or has it', () => {
    const hidden = { migrations: unknown('403'), inventory: unknown('403') };
    const told = turns(evacuating([INTENDED]), [
      [1, denied(hidden)],
      [2, denied({})],
      [3, { answers: denied({}).answers ?? [] }],
      [60, {}],
      [120, {}],
    ]);
    expect(told.at).toMatchObject({ at: 'intended' });
    expect(told.sent).toHaveLength(1);
  });

  it('is not forgotten while its records are there', () => {
    const told = turns(evacuating([ACCEPTED]), [
      [40, denied({ migrations: known([row(1, 'accepted')], T0), inventory: known([], T0) })],
    ]);
    expect(told.at).toMatchObject({ at: 'accepted' });
  });

  it('is gone when both are', () => {
    const told = turns(evacuating([INTENDED]), [[1, denied({ inventory: known([], T0) })]]);
    expect(told.at).toEqual({ at: 'gone' });
    const { inventory } = followUps(
      evacuating([INTENDED]),
      observation({ ...denied({}), inventory: unknown('not asked') }),
      DEFAULT_POLICY,
      T0,
    );
    expect(inventory).toBe(true);
    expect(firstQuestions(evacuating([INTENDED]), DEFAULT_POLICY, T0).inventory).toBe(false);
  });
});
