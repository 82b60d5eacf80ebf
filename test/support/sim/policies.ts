import { DEFAULT_POLICY, type Policy } from '../../../src/domain/policy.ts';
import type { AssignRule } from '../../../src/domain/profile.ts';
import type { Conditions, Selection, SelectRule } from '../../../src/domain/selection.ts';
import type { Random } from '../../../src/simulator/random.ts';

/** Words of which worlds and policies are made, so that rules meet what they look for. */
export const WORDS = {
  projects: ['p1', 'p2'],
  names: ['db-1', 'web-1', 'canary-1'],
  keys: ['evacuable', 'HA_Enabled', 'non_evacuable', 'tier'],
  values: ['true', 'True', 'false', '1'],
  flavors: ['m1.small', 'gpu.big'],
  aggregates: ['fast', 'slow'],
} as const;

/** One of a list. */
export const oneOf = <T>(random: Random, list: readonly [T, ...T[]]): T =>
  list[Math.floor(random.next() * list.length)] ?? list[0];

/** True as often as said. */
export const maybe = (random: Random, share: number): boolean => random.next() < share;

/** A few pairs of keys and values. */
export function somePairs(random: Random): Record<string, string> {
  const pairs: Record<string, string> = {};
  while (maybe(random, 0.4)) pairs[oneOf(random, WORDS.keys)] = oneOf(random, WORDS.values);
  return pairs;
}

/** Any policy, as far as it concerns which instances of a host move; pace and patience are short. */
export function randomPolicy(random: Random): Policy {
  const general = { ...DEFAULT_POLICY, ...randomSections(random) };
  const profiles = maybe(random, 0.5)
    ? { a: randomSections(random), b: { select: randomSelection(random) } }
    : {};
  const assign =
    Object.keys(profiles).length === 0 ? [] : [randomRule(random, 'a'), randomRule(random, 'b')];
  return { ...general, profiles, assign };
}

function randomSections(random: Random): Pick<Policy, 'select' | 'storage'> {
  return {
    select: randomSelection(random),
    storage: {
      ...DEFAULT_POLICY.storage,
      kind: oneOf(random, ['shared', 'rbd', 'local']),
      localDisk: oneOf(random, ['skip', 'rebuild']),
    },
  };
}

/** Any choice of instances by tags and rules. */
export function randomSelection(random: Random): Selection {
  const rules: SelectRule[] = [];
  while (maybe(random, 0.5)) {
    const then: SelectRule['then'] = maybe(random, 0.5) ? 'include' : 'exclude';
    rules.push({ then, label: String(rules.length + 1), when: randomConditions(random) });
  }
  return {
    mode: oneOf(random, ['all', 'tagged', 'tagged-or-all']),
    hosts: maybe(random, 0.2) ? 'tagged' : 'all',
    tags: DEFAULT_POLICY.select.tags,
    rules,
  };
}

function randomConditions(random: Random): Conditions {
  const some = <T>(value: T, none: T): T => (maybe(random, 0.2) ? value : none);
  return {
    project: some([oneOf(random, WORDS.projects)], []),
    name: some([oneOf(random, ['db-*', '*-1', 'can*'])], []),
    serverTag: some([oneOf(random, WORDS.keys)], []),
    metadata: some(somePairs(random), {}),
    imageTag: some([oneOf(random, WORDS.keys)], []),
    imageProperty: some(somePairs(random), {}),
    flavor: some([oneOf(random, ['m1.*', '*'])], []),
    flavorSpec: some(somePairs(random), {}),
    aggregate: some([oneOf(random, ['f*', 'slow'])], []),
    aggregateMetadata: some(somePairs(random), {}),
  };
}

const randomRule = (random: Random, profile: string): AssignRule => ({
  profile,
  hosts: maybe(random, 0.3) ? [oneOf(random, ['compute-*', 'other-*'])] : [],
  zones: maybe(random, 0.3) ? [oneOf(random, ['nova', 'z2'])] : [],
  aggregates: maybe(random, 0.5) ? [oneOf(random, WORDS.aggregates)] : [],
});
