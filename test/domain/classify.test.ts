import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify, exclusiveGroupOf } from '../../src/domain/classify.ts';
import { NO_FACTS } from '../../src/domain/facts.ts';
import type { Instance, ServerGroup } from '../../src/domain/instance.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { remedyOf, sentenceOf } from '../../src/domain/reason.ts';
import { instance, VM, vm } from '../support/domain.ts';

const VM_STATES = [
  'active',
  'building',
  'paused',
  'suspended',
  'stopped',
  'rescued',
  'resized',
  'soft-delete',
  'deleted',
  'error',
  'shelved',
  'shelved_offloaded',
];
/** Why a vm_state is skipped, where it is not the general reason; null: it is evacuated. */
const CODES: Readonly<Record<string, string | null>> = {
  active: null,
  stopped: null,
  error: null,
  resized: 'NH320',
  shelved: 'NH321',
  shelved_offloaded: 'NH322',
  building: 'NH323',
  'soft-delete': 'NH324',
};
const TASK_STATES = [
  null,
  'spawning',
  'rebooting',
  'rebooting_hard',
  'powering-off',
  'resize_prep',
  'image_snapshot',
  'migrating',
  'rebuilding',
  'rebuild_spawning',
  'deleting',
  'soft-deleting',
  'updating_password',
];
const local = (localDisk: 'skip' | 'rebuild'): Policy => ({
  ...DEFAULT_POLICY,
  storage: { ...DEFAULT_POLICY.storage, kind: 'local', localDisk },
});
const group = (policy: string, members = [VM]): ServerGroup => ({
  id: `group-${policy}`,
  name: 'g',
  policy,
  members,
});

/** The code of the reason for which it is skipped, or null. */
const codeOf = (
  change: Partial<Instance>,
  policy = DEFAULT_POLICY,
  groups: readonly ServerGroup[] = [],
  request = wholeHost,
): string | null => {
  const verdict = classify(instance(VM, change), { groups, request, facts: NO_FACTS }, policy);
  return verdict.verdict === 'skip' ? verdict.why.code : null;
};

describe('every vm_state', () => {
  it.each(VM_STATES)('%s', (vmState) => {
    expect(codeOf({ vmState })).toBe(vmState in CODES ? CODES[vmState] : 'NH301');
  });

  it.each(TASK_STATES)('with task_state %s', (taskState) => {
    const expected =
      taskState === 'migrating'
        ? 'NH303'
        : taskState === 'deleting' || taskState === 'soft-deleting'
          ? 'NH304'
          : null;
    // Nova >= 24.2.1 does not look at the task state, and neither do we but for these.
    expect(codeOf({ taskState })).toBe(expected);
  });
});

describe('the rules', () => {
  it.each([
    ['never launched', codeOf({ launched: false }), 'NH302'],
    ['a local disk', codeOf({}, local('skip')), 'NH305'],
    ['a local disk to be rebuilt', codeOf({}, local('rebuild')), null],
    ['a volume, local storage', codeOf({ imageBacked: false }, local('skip')), null],
    ['hard affinity', codeOf({}, DEFAULT_POLICY, [group('affinity')]), 'NH306'],
    ['hard affinity of others', codeOf({}, DEFAULT_POLICY, [group('affinity', [vm(9)])]), null],
    ['anti-affinity', codeOf({}, DEFAULT_POLICY, [group('anti-affinity')]), null],
    ['soft affinity', codeOf({}, DEFAULT_POLICY, [group('soft-affinity')]), null],
    ['locked', codeOf({ locked: true }), null],
    [
      'not asked for',
      codeOf({}, DEFAULT_POLICY, [], { ...wholeHost, instances: [vm(9)] }),
      'NH308',
    ],
    ['asked for', codeOf({}, DEFAULT_POLICY, [], { ...wholeHost, instances: [VM] }), null],
  ])('%s', (_name, code, expected) => {
    expect(code).toBe(expected);
  });

  it('always give one verdict whose words are complete', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...VM_STATES),
        fc.constantFrom(...TASK_STATES),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(DEFAULT_POLICY, local('skip'), local('rebuild')),
        fc.subarray(['affinity', 'anti-affinity', 'soft-affinity']),
        (vmState, taskState, launched, imageBacked, policy, groups) => {
          const one = instance(VM, { vmState, taskState, launched, imageBacked });
          const verdict = classify(
            one,
            { groups: groups.map((name) => group(name)), request: wholeHost, facts: NO_FACTS },
            policy,
          );
          if (verdict.verdict === 'evacuate') {
            expect(['active', 'stopped', 'error']).toContain(vmState);
            expect(launched).toBe(true);
            return;
          }
          // The host is added where the remedy is shown; everything else is the reason's own.
          const values = { host: 'compute-1', ...verdict.why.values };
          expect(sentenceOf(verdict.why)).not.toMatch(/[{}]/);
          expect(remedyOf({ code: verdict.why.code, values })).not.toMatch(/[{}]/);
        },
      ),
    );
  });
});

describe('exclusiveGroupOf', () => {
  it('names the group that forbids two members on one host', () => {
    expect(exclusiveGroupOf(instance(), [group('soft-anti-affinity')])).toBeNull();
    expect(exclusiveGroupOf(instance(), [group('anti-affinity', [vm(9)])])).toBeNull();
    expect(exclusiveGroupOf(instance(), [group('anti-affinity')])).toBe('group-anti-affinity');
  });
});
