import { describe, expect, it } from 'vitest';
import { policyOf } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { showValue } from '../../src/config/table.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';

const FILE = '/etc/nova-ha/config.yaml';

const load = (yaml: string, env: Record<string, string> = {}) =>
  loadConfig({
    env,
    file: null,
    options: [],
    home: '/home/anna',
    isRoot: true,
    readFile: (path) => (path === FILE ? { kind: 'text', text: yaml } : { kind: 'absent' }),
  });

function settingsOf(yaml: string, env: Record<string, string> = {}) {
  const outcome = load(yaml, env);
  if (outcome.kind === 'wrong') throw new Error(outcome.problems.join('\n'));
  return outcome.config.settings;
}

const policyFrom = (yaml: string, env: Record<string, string> = {}): Policy =>
  policyOf(settingsOf(yaml, env));

function problemsOf(yaml: string): readonly string[] {
  const outcome = load(yaml);
  return outcome.kind === 'wrong' ? outcome.problems : [];
}

const RULES = `select:
  mode: tagged-or-all
  image-tags: [evacuable, ha]
  server-tags: []
  rules:
    - name: no canaries
      exclude:
        name: "canary-*"
        project: [p1, p2]
    - include:
        metadata: {HA_Enabled: true}
        flavor_spec: {"hw:cpu_policy": shared}
`;

describe('the selection', () => {
  it('takes everything by default, as the policy says it', () => {
    expect(policyFrom('')).toEqual(DEFAULT_POLICY);
  });

  it('is read with its rules in their order', () => {
    const { select } = policyFrom(RULES);
    expect(select.mode).toBe('tagged-or-all');
    expect(select.tags).toMatchObject({ image: ['evacuable', 'ha'], server: [] });
    expect(select.rules.map(({ then, label }) => [then, label])).toEqual([
      ['exclude', '"no canaries"'],
      ['include', '2'],
    ]);
    expect(select.rules[0]?.when).toMatchObject({ name: ['canary-*'], project: ['p1', 'p2'] });
    expect(select.rules[1]?.when.metadata).toEqual({ HA_Enabled: 'true' });
  });

  it('is shown as it was written', () => {
    const settings = settingsOf(RULES);
    expect(showValue('select.rules', settings['select.rules'])).toBe(
      '[{name: no canaries, exclude: {project: ["p1","p2"], name: ["canary-*"]}}, {include: {metadata: {"HA_Enabled":"true"}, flavor_spec: {"hw:cpu_policy":"shared"}}}]',
    );
  });

  it.each([
    ['select: {mode: taged}', ':1:16: select.mode must be all, tagged or tagged-or-all'],
    ['select: {mod: all}', ':1:10: unknown key "select.mod". Did you mean "mode"'],
    [
      'select:\n  rules:\n    - exclude: {nam: x}',
      ':3:17: unknown key "select.rules[0].exclude.nam". Did you mean "name"?',
    ],
    [
      'select:\n  rules:\n    - exclud: {name: x}',
      ':3:7: unknown key "select.rules[0].exclud". Did you mean "exclude"?',
    ],
    [
      'select:\n  rules:\n    - exclude: {}',
      'needs a condition; for all instances write name: "*"',
    ],
    ['select:\n  rules:\n    - name: x', 'select.rules[0] needs either include or exclude.'],
    [
      'select:\n  rules:\n    - {include: {name: a}, exclude: {name: b}}',
      'select.rules[0] needs either include or exclude.',
    ],
    [
      'select:\n  rules:\n    - exclude: {metadata: [x]}',
      'must be a map of metadata of the instance',
    ],
    ['select:\n  rules: {exclude: {name: x}}', 'select.rules must be a list of rules'],
  ])('%s is refused with its place', (yaml, words) => {
    expect(problemsOf(yaml)).toEqual([expect.stringContaining(words)]);
  });
});

const PROFILES = `storage: {kind: rbd}
retry: {attempts: 7}
profiles:
  gold:
    select: {mode: all}
    retry: {attempts: 9}
  local-disks:
    storage: {kind: local, local-disk: rebuild}
assign:
  - {profile: local-disks, aggregate: local-*}
  - {profile: gold, host: [gpu-??, big*], zone: z1}
`;

describe('profiles', () => {
  it('complete what they override from the general values', () => {
    const policy = policyFrom(PROFILES);
    expect(Object.keys(policy.profiles)).toEqual(['gold', 'local-disks']);
    expect(policy.profiles['gold']).toEqual({
      select: policy.select,
      retry: { ...policy.retry, attempts: 9 },
    });
    expect(policy.profiles['local-disks']).toEqual({
      storage: { ...policy.storage, kind: 'local', localDisk: 'rebuild' },
    });
    expect(policy.assign).toEqual([
      { profile: 'local-disks', hosts: [], zones: [], aggregates: ['local-*'] },
      { profile: 'gold', hosts: ['gpu-??', 'big*'], zones: ['z1'], aggregates: [] },
    ]);
  });

  it('can come from the environment, as everything can', () => {
    const { profiles } = policyFrom('', { NOVA_HA_PROFILES: '{a: {select: {mode: tagged}}}' });
    expect(profiles['a']?.select?.mode).toBe('tagged');
  });

  it('are shown as they were written', () => {
    const settings = settingsOf(PROFILES);
    expect(showValue('profiles', settings.profiles)).toBe(
      '{gold: {select: {mode: all}, retry: {attempts: 9}}, local-disks: {storage: {kind: local, local_disk: rebuild}}}',
    );
    expect(showValue('assign', settings.assign)).toBe(
      '[{profile: local-disks, aggregate: [local-*]}, {profile: gold, host: [gpu-??, big*], zone: [z1]}]',
    );
  });

  it.each([
    [
      'profiles:\n  gold: {selct: {mode: all}}',
      ':2:10: unknown key "profiles.gold.selct". Did you mean "select"?',
    ],
    [
      'profiles:\n  gold:\n    select: {mode: sometimes}',
      ':3:20: profiles.gold.select.mode must be all, tagged or tagged-or-all, not "sometimes".',
    ],
    [
      'profiles:\n  gold:\n    retry: {atempts: 3}',
      'unknown key "profiles.gold.retry.atempts". Did you mean "attempts"?',
    ],
    // What counts for the region as a whole has one value.
    ['profiles:\n  gold:\n    storm: {max_hosts: 3}', 'unknown key "profiles.gold.storm"'],
    [
      'profiles: {gold: {}}\nassign: [{profile: gould}]',
      'assign[0].profile is "gould", and profiles has no such name. Did you mean "gold"?',
    ],
    ['assign: [{profile: x}]', 'There are: none.'],
    ['profiles: {gold: {}}\nassign: [{host: x}]', 'assign[0] needs profile: the name of a profile'],
    ['profiles: {gold: {retry: {backoff: 10h}}}', 'profiles.gold.retry.backoff must be a duration'],
    [
      'profiles: {gold: {retry: {backoff: 10m}}}',
      'in profiles.gold, retry.backoff must not be longer than retry.backoff_max.',
    ],
  ])('%s is refused with its place', (yaml, words) => {
    expect(problemsOf(yaml)).toEqual([expect.stringContaining(words)]);
  });
});
