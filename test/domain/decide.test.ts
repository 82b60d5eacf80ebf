import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../src/domain/changes.ts';
import { decide } from '../../src/domain/decide.ts';
import { newEvacuation, tracked, type Evacuation } from '../../src/domain/evacuation.ts';
import type { Service } from '../../src/domain/host.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { because, remedyOf, sentenceOf, type Reason } from '../../src/domain/reason.ts';
import { summaryOf, type Summary } from '../../src/domain/summary.ts';
import { observations } from '../support/arbitrary.ts';
import {
  evacuating,
  fleet,
  H1,
  H2,
  H3,
  instance,
  isolated,
  mark,
  observation,
  peer,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';

const policy: Policy = { ...DEFAULT_POLICY, pace: { ...DEFAULT_POLICY.pace, inFlight: 4 } };
const marked = newEvacuation(H1, mark(), T0);
const step = (record: Evacuation, seen: Partial<Observation> = {}, now = T0 + 1000) =>
  decide(record, observation(seen), policy, now);
const codesOf = (record: Evacuation): readonly string[] => record.reasons.map(({ code }) => code);
const isComplete = (reason: Reason, record: Evacuation, id = ''): boolean => {
  const values = { host: record.host, id, ...reason.values };
  return !/[{}]/.test(sentenceOf(reason) + remedyOf({ code: reason.code, values }));
};

describe('whatever a turn sees, in whatever order', () => {
  const turns = fc.array(
    fc.tuple(observations, fc.constantFrom(100, 5000, 40_000, 100_000, 1_000_000)),
    { minLength: 1, maxLength: 25 },
  );

  it('no invariant is broken, and every word is complete', () => {
    fc.assert(
      fc.property(turns, (story) => {
        let record = marked;
        let now = T0;
        for (const [seen, pauseMs] of story) {
          now += pauseMs;
          const decision = decide(record, seen, policy, now);
          const broken = violations({ before: record, observation: seen, decision, policy, now });
          expect(broken).toEqual([]);
          const { next } = decision;
          for (const reason of next.reasons) expect(isComplete(reason, next)).toBe(true);
          for (const [id, { progress }] of tracked(next)) {
            if ('why' in progress && progress.why !== null) {
              expect(isComplete(progress.why, next, id)).toBe(true);
            }
          }
          for (const { sentence } of changesBetween(record, next)) {
            expect(sentence).not.toMatch(/[{}]/);
          }
          record = next;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('the same decision comes of the same sight', () => {
    fc.assert(
      fc.property(observations, (seen) => {
        const once = decide(marked, seen, policy, T0 + 5);
        expect(decide(marked, seen, policy, T0 + 5)).toEqual(once);
      }),
    );
  });
});

describe('a marked host', () => {
  it.each([
    ['the services are unknown', { fleet: unknown('503') }, 'NH104'],
    ['Nova does not know it', { fleet: known(fleet([service(H2)]), T0) }, 'NH103'],
    ['its cell is away', { fleet: known(fleet([{ host: H1, state: 'unknown' }]), T0) }, 'NH104'],
    ['it is not isolated yet', { fleet: known(fleet([service(H1)]), T0) }, 'NH102'],
    ['its instances are unknown', { inventory: unknown('503') }, 'NH104'],
    ['the groups are unknown', { groups: unknown('503') }, 'NH104'],
    ['the migrations are unknown', { migrations: unknown('503') }, 'NH104'],
  ] as const)('waits when %s', (_name, seen, code) => {
    const { next, wakeAt } = step(marked, seen);
    expect(next.phase).toBe('marked');
    expect(codesOf(next)).toEqual([code]);
    expect(wakeAt).toBeGreaterThan(T0);
  });

  it('waits for a proof, which must be of a believed source and not too old', () => {
    const bare = newEvacuation(H1, mark({ claim: null }), T0);
    expect(codesOf(step(bare).next)).toEqual(['NH101']);
    const old = { source: 'power', at: T0 - policy.fence.skewMs - 1, detail: 'off' } as const;
    expect(codesOf(step(bare, { proof: known(old, T0) }).next)).toEqual(['NH101']);
    const proof = { ...old, at: T0 };
    expect(step(bare, { proof: known(proof, T0) }).next.phase).not.toBe('marked');
    const strict = { ...policy, fence: { ...policy.fence, proof: ['pacemaker'] as const } };
    expect(decide(bare, observation({ proof: known(proof, T0) }), strict, T0).next.phase).toBe(
      'marked',
    );
  });

  it('is reported when it cannot be isolated for long, and holds the others back no more', () => {
    const seen = { fleet: known(fleet([service(H1)]), T0) };
    const late = step(marked, seen, T0 + policy.fence.patienceMs);
    expect(codesOf(late.next)).toEqual(['NH106']);
    expect(late.next.excused).toBe(true);
    const stuck = { fleet: known(fleet([isolated(H1, { state: 'up' })]), T0) };
    expect(codesOf(step(marked, stuck, T0 + policy.fence.patienceMs).next)).toEqual(['NH106']);
  });

  it('with nobody on it is settled in one turn', () => {
    const { next } = step(marked);
    expect(next.phase).toBe('settled');
  });

  it('sends what the first look shows, each after its intent', () => {
    const instances = [instance(vm(1)), instance(vm(2), { vmState: 'paused' })];
    const { next, actions } = step(marked, { inventory: known(instances, T0) });
    expect(actions).toEqual([{ do: 'evacuate', instance: vm(1), attempt: 1, target: null }]);
    expect(next.instances[vm(1)]?.progress).toMatchObject({ at: 'intended', attempt: 1 });
    expect(next.instances[vm(2)]?.progress).toMatchObject({ at: 'skipped' });
  });
});

describe('an evacuating host', () => {
  it('says why it is not settled when Nova lists an instance that it does not know', () => {
    const over = evacuating([{ at: 'gone' }]);
    const { next } = step(over, { inventory: known([instance(vm(1))], T0) });
    expect(next.phase).toBe('evacuating');
    expect(codesOf(next)).toEqual(['NH104']);
    expect(step(over).next.phase).toBe('settled');
  });

  describe('with nobody left, while others have requests on their way', () => {
    const over = evacuating([{ at: 'gone' }], { phaseSince: T0 + 60_000 });
    const settles = (peers: Observation['peers'], now = T0 + 90_000) =>
      step(over, { peers }, now).next.phase === 'settled';
    const other = (change: Partial<Summary>) => known([peer(H2, change)], T0);

    it.each([
      ['that may lie in its queue', { queuedOn: [H3, H1] }, false],
      ['that lie in the queue of another', { queuedOn: [H3] }, true],
      ['to nobody knows which host, from before it was isolated', { queuedSince: T0 }, false],
      ['from within the difference of clocks', { queuedSince: T0 + 64_000 }, false],
      ['that were sent when it was isolated already', { queuedSince: T0 + 66_000 }, true],
      ['and were given up', { queuedOn: [H1], phase: 'closed' }, true],
    ] as const)('%s', (_name, change, expected) => {
      expect(settles(other(change))).toBe(expected);
    });

    it('waits and says for whom, as long as it takes', () => {
      const { next, actions } = step(over, { peers: other({ queuedOn: [H1] }) }, T0 + 10_000_000);
      expect(next).toMatchObject({
        phase: 'evacuating',
        reasons: [{ code: 'NH113', values: { hosts: H2 } }],
      });
      expect(actions).toEqual([]);
    });

    it('waits while nobody knows about the others', () => {
      expect(settles(unknown('away'))).toBe(false);
    });

    it('does so without a single instance of its own, too', () => {
      expect(step(marked, { peers: other({ queuedOn: [H1] }) }).next.phase).toBe('evacuating');
    });
  });

  it('is not settled while its list is unknown, or shows a stranger', () => {
    const over = evacuating([{ at: 'gone' }]);
    expect(step(over, { inventory: unknown('503') }).next.phase).toBe('evacuating');
    const stranger = { inventory: known([instance(vm(9))], T0) };
    const found = step(over, stranger).next;
    expect(found.phase).toBe('evacuating');
    expect(Object.keys(found.instances)).toContain(vm(9));
    expect(step(over).next.phase).toBe('settled');
  });

  it('never sends what landed again, whatever the source shows; a human must look', () => {
    const landed = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' } as const;
    const seen = { inventory: known([instance(vm(1))], T0) };
    expect(step(evacuating([landed]), seen).next.instances[vm(1)]?.progress.at).toBe('landed');
    const late = step(evacuating([landed]), seen, T0 + 60_000);
    expect(late.next.instances[vm(1)]?.progress).toMatchObject({
      at: 'stuck',
      why: { code: 'NH412' },
    });
    expect(late.actions).toEqual([]);
  });

  it('goes on when it is reported anew: the old proof does not cover the new failure', () => {
    const again = evacuating([PENDING], { mark: mark({ at: T0 + 60_000, claim: null }) });
    const { next, actions } = step(again, {}, T0 + 61_000);
    expect(next.proof).toBeNull();
    expect(actions).toEqual([]);
  });

  it('that somebody has taken out of its isolation holds the others back for a while, not for ever', () => {
    const stuck = {
      at: 'stuck',
      attempt: 1,
      since: T0,
      after: 0,
      migration: 1,
      destination: H2,
    } as const;
    const why = because('NH412', { status: 'done', host: H1, id: vm(1) });
    const seen = (own: Service, now: number) => ({
      fleet: known(fleet([own, service(H2), service(H3)]), now),
      inventory: known([instance()], now),
    });
    for (const record of [
      evacuating([{ ...stuck, why }], { phaseSince: T0 }),
      evacuating([], { phase: 'marked', mark: mark({ claim: null }), proof: null }),
    ]) {
      const back = service(H1);
      const { next: first } = step(record, seen(back, T0 + 500_000), T0 + 500_000);
      expect(summaryOf(first).excused).toBe(false);
      const until = T0 + 500_000 + policy.fence.patienceMs;
      expect(step(first, seen(back, until), until - 1).next.excused).toBe(false);
      const { next: late } = step(first, seen(back, until), until);
      expect(late).toMatchObject({ phase: record.phase, excused: true });
      // Isolated again, it is as any other, and a second lifting is a new one.
      const { next: again } = step(late, seen(isolated(), until), until);
      expect(again.excused).toBe(false);
      expect(step(again, seen(back, until), until).next.excused).toBe(false);
    }
  });

  it('a closed record is left alone', () => {
    const closed = evacuating([], { phase: 'closed' });
    expect(step(closed)).toEqual({ next: closed, actions: [], wakeAt: null });
  });
});
