import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { CATALOGUE, remedyOf, sentenceOf } from '../../src/domain/reason.ts';
import {
  asksForStopped,
  endsStopped,
  isKeptFromStarting,
  RESETTABLE,
  stateVerdict,
  UNRESETTABLE,
} from '../../src/domain/states.ts';
import { treatmentOf } from '../../src/domain/treatment.ts';
import { NO_SNAPSHOTS } from '../../src/domain/storage.ts';
import { instance, VM } from '../support/domain.ts';

const states = (change: Partial<Policy['states']>): Policy => ({
  ...DEFAULT_POLICY,
  states: { ...DEFAULT_POLICY.states, ...change },
});
const RESET_ALL = states({
  paused: 'reset-and-evacuate',
  suspended: 'reset-and-evacuate',
  rescued: 'reset-and-evacuate',
});
const codeOf = (change: Parameters<typeof instance>[1], policy = DEFAULT_POLICY): string => {
  const verdict = stateVerdict(instance(VM, change), policy);
  return verdict.kind === 'skip' ? verdict.why.code : verdict.kind;
};

describe('the state of an instance', () => {
  it.each(RESETTABLE)('%s is left by default, and reset where the policy says so', (vmState) => {
    expect(codeOf({ vmState })).toBe('NH301');
    expect(codeOf({ vmState }, RESET_ALL)).toBe('reset');
    expect(codeOf({ vmState, launched: false }, RESET_ALL)).toBe('NH302');
  });

  it.each([
    ['resized', 'NH320'],
    ['shelved', 'NH321'],
    ['shelved_offloaded', 'NH322'],
    ['building', 'NH323'],
    ['soft-delete', 'NH324'],
  ])('%s is left, whatever the policy says', (vmState, code) => {
    expect(codeOf({ vmState })).toBe(code);
    expect(codeOf({ vmState }, RESET_ALL)).toBe(code);
  });

  it.each(['resize_migrating', 'resize_migrated', 'resize_finish'])(
    'is not touched while its disk is copied (%s)',
    (taskState) => {
      expect(codeOf({ taskState })).toBe('NH325');
      expect(codeOf({ taskState, vmState: 'paused' }, RESET_ALL)).toBe('NH325');
    },
  );

  it('is never reset while a live migration may have taken the guest elsewhere', () => {
    expect(codeOf({ taskState: 'migrating', vmState: 'paused' }, RESET_ALL)).toBe('NH303');
  });

  it('has a reason with a remedy for every state', () => {
    for (const vmState of [...RESETTABLE, ...Object.keys(UNRESETTABLE), 'soft-delete', 'odd']) {
      const verdict = stateVerdict(instance(VM, { vmState }), DEFAULT_POLICY);
      if (verdict.kind !== 'skip') continue;
      expect(sentenceOf(verdict.why)).not.toMatch(/[{}]/);
      expect(remedyOf(verdict.why)).not.toMatch(/[{}]/);
      expect(CATALOGUE[verdict.why.code].remedy).not.toBe('');
    }
  });
});

describe('how it ends', () => {
  const of = (vmState: string, projectId = 'p1') => ({ projectId, before: { vmState } });

  it.each([
    ['active', false],
    ['error', false],
    ['rescued', false],
    ['stopped', true],
    // Nothing of them executed before, and their memory is lost: they must not run now.
    ['paused', true],
    ['suspended', true],
  ])('%s before: stopped afterwards is %s', (vmState, stopped) => {
    expect(endsStopped(of(vmState))).toBe(stopped);
  });

  it('is stopped where the policy or the project says so', () => {
    expect(isKeptFromStarting(of('active'), DEFAULT_POLICY)).toBe(false);
    expect(isKeptFromStarting(of('active'), states({ startAfter: 'never' }))).toBe(true);
    expect(isKeptFromStarting(of('error'), states({ startAfter: 'never' }))).toBe(true);
    expect(isKeptFromStarting(of('stopped'), states({ startAfter: 'never' }))).toBe(false);
    const some = states({ stoppedProjects: ['p2'] });
    expect(isKeptFromStarting(of('active'), some)).toBe(false);
    expect(isKeptFromStarting(of('active', 'p2'), some)).toBe(true);
  });

  it('is asked of Nova only where Nova does it, and only once', () => {
    const stop = true as const;
    expect(asksForStopped({ ...of('active'), stop }, 1)).toBe(true);
    // A cloud that refused it once, or lost it, is asked without.
    expect(asksForStopped({ ...of('active'), stop }, 2)).toBe(false);
    // What is in error comes out active at every microversion.
    expect(asksForStopped({ ...of('error'), stop }, 1)).toBe(false);
    expect(asksForStopped({ ...of('rescued'), stop }, 1)).toBe(false);
    expect(asksForStopped(of('active'), 1)).toBe(false);
  });

  it('is said beforehand', () => {
    const notes = (change: Parameters<typeof instance>[1], policy: Policy): string => {
      const outcome = treatmentOf(instance(VM, change), NO_SNAPSHOTS, policy);
      if (outcome.kind === 'skip') return outcome.why.code;
      return (outcome.treatment.notes ?? []).map(sentenceOf).join('; ');
    };
    expect(notes({}, DEFAULT_POLICY)).toBe('');
    expect(notes({ vmState: 'paused' }, RESET_ALL)).toMatch(/paused is reset.*ends stopped/);
    expect(notes({ vmState: 'rescued' }, RESET_ALL)).toMatch(/rescued is reset.*ends running/);
    expect(notes({}, states({ startAfter: 'never' }))).toMatch(/ends stopped/);
  });
});
