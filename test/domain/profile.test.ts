import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { newEvacuation } from '../../src/domain/evacuation.ts';
import { flapHold } from '../../src/domain/flap.ts';
import { asHost } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { matchesGlob } from '../../src/domain/glob.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { assignmentOf, policyOf, type AssignRule } from '../../src/domain/profile.ts';
import { followUps } from '../../src/domain/questions.ts';
import {
  ACCEPTED,
  entry,
  evacuating,
  fleet,
  H1,
  H2,
  H3,
  isolated,
  mark,
  observation,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';

const rule = (profile: string, when: Partial<AssignRule>): AssignRule => ({
  profile,
  hosts: [],
  zones: [],
  aggregates: [],
  ...when,
});

const policy: Policy = {
  ...DEFAULT_POLICY,
  profiles: { gold: { retry: { ...DEFAULT_POLICY.retry, attempts: 9 } }, plain: {} },
  assign: [
    rule('gold', { hosts: ['gpu-*', 'big?'], zones: ['z1'] }),
    rule('plain', { aggregates: ['slow', 'local-*'] }),
  ],
};

const of = (host: string, zone: string | null, ...aggregates: string[]): string | null =>
  assignmentOf(policy, {
    host: asHost(host),
    zone,
    aggregates: aggregates.map((name) => ({ name })),
  })?.profile ?? null;

describe('the profile of a host', () => {
  it.each([
    ['gpu-1', 'z1', [], 'gold'],
    ['big7', 'z1', ['slow'], 'gold'],
    ['gpu-1', 'z2', [], null],
    ['gpu-1', null, [], null],
    ['big77', 'z1', ['other', 'local-7'], 'plain'],
    ['host', 'z1', ['slowly'], null],
  ] as const)('%s in %s and %j: %s', (host, zone, aggregates, profile) => {
    expect(of(host, zone, ...aggregates)).toBe(profile);
  });

  it('takes the place of whole sections, the same value every time', () => {
    const gold = policyOf(policy, { profile: 'gold' });
    expect(gold.retry.attempts).toBe(9);
    expect(gold.storage).toBe(policy.storage);
    expect(policyOf(policy, { profile: 'gold' })).toBe(gold);
  });

  it('falls back to the general policy without a profile, or with one that is gone', () => {
    expect(policyOf(policy, {})).toBe(policy);
    expect(policyOf(policy, { profile: 'removed' })).toBe(policy);
  });

  it('is said to be gone, in every turn, while nothing else changes by that', () => {
    const record = evacuating([PENDING], { profile: 'removed' });
    const look = observation({ fleet: known(fleet([isolated(), service(H2)]), T0) });
    const without = decide(evacuating([PENDING]), look, policy, T0);
    const { next, actions } = decide(record, look, policy, T0);
    expect(next.reasons.map(({ code }) => code)).toEqual([
      ...without.next.reasons.map(({ code }) => code),
      'NH235',
    ]);
    expect(actions).toEqual(without.actions);
    expect(decide(next, look, policy, T0).next.reasons).toEqual(next.reasons);
    const back = { ...policy, profiles: { ...policy.profiles, removed: {} } };
    expect(decide(next, look, back, T0).next.reasons).toEqual(without.next.reasons);
  });
});

describe('the sections of a profile', () => {
  const general: Policy = { ...DEFAULT_POLICY, pace: { ...DEFAULT_POLICY.pace, inFlight: 1 } };
  const withProfile = (profile: Policy['profiles'][string]): Policy => ({
    ...general,
    profiles: { mine: profile },
  });
  const sent = (using: Policy, name?: string): readonly string[] => {
    const record = evacuating([PENDING, PENDING], name === undefined ? {} : { profile: name });
    const ordered = {
      ...record,
      instances: {
        [vm(1)]: entry(PENDING, { order: { priority: 500, group: 'web' } }),
        [vm(2)]: entry(PENDING, { order: { priority: 900, group: 'db' } }),
        [vm(3)]: entry(ACCEPTED, { order: { priority: 950, group: 'first' } }),
      },
    };
    const limits = { ...using, pace: { ...using.pace, inFlight: 9 } };
    const { actions } = decide(ordered, observation(), limits, T0 + 1000);
    return actions.map((action) => (action.do === 'evacuate' ? action.instance : action.do));
  };

  it('order: groups of one host may go all at once, while those of the others go in sequence', () => {
    const free = withProfile({ order: { ...DEFAULT_POLICY.order, sequence: false } });
    expect(sent(free)).toEqual([]);
    expect(sent(free, 'mine')).toEqual([vm(2), vm(1)]);
  });

  it('destination: instances of one host may have a host of their own', () => {
    const aimed = withProfile({
      order: { ...DEFAULT_POLICY.order, sequence: false },
      destination: { host: H3, strict: true },
    });
    const record = evacuating([PENDING], { profile: 'mine' });
    const { actions } = decide(record, observation(), aimed, T0 + 1000);
    expect(actions).toMatchObject([{ do: 'evacuate', target: H3 }]);
  });

  it('capacity: Placement is asked as soon as one profile wants it, since it is chosen later', () => {
    const marked = {
      ...newEvacuation(H1, mark(), T0),
      isolation: evacuating().isolation,
    };
    const seen = observation();
    const asks = (using: Policy): boolean => followUps(marked, seen, using, T0).rooms;
    const never: Policy = { ...general, capacity: { check: 'plan' } };
    expect(asks(never)).toBe(false);
    expect(asks({ ...never, profiles: { mine: { capacity: { check: 'hold' } } } })).toBe(true);
  });

  it('flap: a host may be enabled by itself however often it fails', () => {
    const flapping = evacuating([], { failures: [T0 - 1, T0 - 2, T0 - 3], profile: 'mine' });
    const lax = withProfile({ flap: { count: 0, periodMs: 1000 } });
    expect(flapHold(flapping, policyOf(lax, {}), T0)?.code).toBe('NH234');
    expect(flapHold(flapping, policyOf(lax, flapping), T0)).toBeNull();
  });
});

describe('patterns', () => {
  it.each([
    ['*', '', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbbd', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['web-[1]', 'web-1', false],
    ['web-[1]', 'web-[1]', true],
    ['A*', 'abc', false],
    [`${'a*'.repeat(30)}b`, 'a'.repeat(2000), false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });
});
