import { describe, expect, it } from 'vitest';
import { policyOf } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { policyOf as profiled } from '../../src/domain/profile.ts';

const load = (text: string) =>
  loadConfig({
    env: {},
    file: '/etc/nova-ha/config.yaml',
    options: [],
    home: '/root',
    isRoot: true,
    readFile: () => ({ kind: 'text', text }),
  });

describe('hosts in reserve in the configuration', () => {
  it('are taken over into the policy, and into profiles', () => {
    const outcome = load(
      [
        'reserve:',
        '  when: needed',
        '  reason: spare',
        '  match: aggregate',
        '  hosts: 2',
        '  add_to_aggregates: true',
        '  target: true',
        '  give_back: false',
        '  patience: 30s',
        'profiles: {gold: {reserve: {when: always, aggregate: gold-spares}}}',
        'assign: [{profile: gold, aggregate: gold}]',
      ].join('\n'),
    );
    if (outcome.kind === 'wrong') throw new Error(outcome.problems.join());
    const policy = policyOf(outcome.config.settings);
    const reserve = {
      when: 'needed',
      reason: 'spare',
      aggregate: null,
      match: 'aggregate',
      hosts: 2,
      addToAggregates: true,
      target: true,
      giveBack: false,
      patienceMs: 30_000,
    };
    expect(policy.reserve).toEqual(reserve);
    expect(profiled(policy, { profile: 'gold' }).reserve).toEqual({
      ...reserve,
      when: 'always',
      aggregate: 'gold-spares',
    });
  });

  it('are nobody by default', () => {
    const outcome = load('{}');
    if (outcome.kind === 'wrong') throw new Error(outcome.problems.join());
    expect(policyOf(outcome.config.settings).reserve).toEqual(DEFAULT_POLICY.reserve);
    expect(DEFAULT_POLICY.reserve.when).toBe('never');
  });

  it.each([
    ['reserve: {when: sometimes}', 'reserve.when must be never, needed or always'],
    ['reserve: {hosts: 0}', 'reserve.hosts'],
    ['reserve: {whem: always}', 'Did you mean "when"?'],
  ])('%s is refused with its line and the nearest key', (text, says) => {
    const outcome = load(text);
    const [problem = ''] = outcome.kind === 'wrong' ? outcome.problems : [];
    expect(problem).toContain(':1:');
    expect(problem).toContain(says);
  });
});
