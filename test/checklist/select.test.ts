import { describe, expect, it } from 'vitest';
import { factsFor, NO_FACTS, type InventoryFacts } from '../../src/domain/facts.ts';
import type { Instance } from '../../src/domain/instance.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { sentenceOf } from '../../src/domain/reason.ts';
import {
  SELECT_ALL,
  select,
  type Conditions,
  type Selection,
  type SelectRule,
} from '../../src/domain/selection.ts';
import { H1, H2, instance, observation, T0, VM } from '../support/domain.ts';

const ANY: Conditions = {
  project: [],
  name: [],
  serverTag: [],
  metadata: {},
  imageTag: [],
  imageProperty: {},
  flavor: [],
  flavorSpec: {},
  aggregate: [],
  aggregateMetadata: {},
};

const rule = (then: SelectRule['then'], when: Partial<Conditions>, label = '1'): SelectRule => ({
  then,
  label,
  when: { ...ANY, ...when },
});

const tagged = (change: Partial<Selection> = {}): Selection => ({
  ...SELECT_ALL,
  mode: 'tagged',
  ...change,
});

const facts = (change: Partial<InventoryFacts> = {}): InventoryFacts => ({
  ...NO_FACTS,
  ...change,
});

const image = (tags: readonly string[], properties: Record<string, string> = {}): InventoryFacts =>
  facts({ images: new Map([['image', { name: 'i', tags, properties }]]) });

const aggregate = (name: string, metadata: Record<string, string> = {}): InventoryFacts =>
  facts({ aggregates: [{ id: 1, name, zone: null, metadata, hosts: [H1] }] });

const specs = (extraSpecs: Record<string, string>): Partial<Instance> => ({
  flavor: { ...instance().flavor, extraSpecs },
});

/** `in`, or the code of the reason for which it is left out. */
const verdict = (
  change: Partial<Instance>,
  selection: Selection,
  about: InventoryFacts = NO_FACTS,
): string => {
  const choice = select(instance(VM, change), about, selection);
  return choice.kind === 'selected' ? 'in' : choice.why.code;
};

describe('checklist 21: no tags anywhere -> all; tagged image OR flavor; case-insensitive true', () => {
  it('no tags anywhere: all, when that mode is chosen by name', () => {
    expect(verdict({}, tagged({ mode: 'tagged-or-all' }))).toBe('in');
    expect(verdict({}, tagged())).toBe('NH311');
  });

  it('one tag anywhere: only what is tagged', () => {
    const anyTagged = facts({ anyTagged: true });
    expect(verdict({}, tagged({ mode: 'tagged-or-all' }), anyTagged)).toBe('NH311');
  });

  it.each([
    ['a tag of the image', {}, image(['evacuable'])],
    ['a property of the image', {}, image([], { evacuable: 'True' })],
    ['an extra spec of the flavor', specs({ evacuable: 'TRUE' }), NO_FACTS],
    ['metadata of the aggregate', {}, aggregate('a', { evacuable: 'true' })],
    ['its own metadata (Masakari)', { metadata: { HA_Enabled: 'True' } }, NO_FACTS],
    ['a server tag', { tags: ['evacuable'] }, NO_FACTS],
  ] as const)('%s is enough', (_, change, about) => {
    expect(verdict(change, tagged(), about)).toBe('in');
  });

  it.each(['false', 'no', '1', 'yes', '', 'truee'])('%j is no yes', (value) => {
    expect(verdict(specs({ evacuable: value }), tagged())).toBe('NH311');
  });

  it('composite keys are keys like others', () => {
    const keys = { ...SELECT_ALL.tags, flavor: ['instanceha:evacuable'] };
    expect(verdict(specs({ 'instanceha:evacuable': 'true' }), tagged({ tags: keys }))).toBe('in');
  });
});

describe('I3: exact match only', () => {
  it.each(['non_evacuable', 'not-evacuable', 'evacuable2', 'EVACUABLE'])('%s is no tag', (key) => {
    expect(verdict({}, tagged(), image([key], { [key]: 'true' }))).toBe('NH311');
    expect(verdict(specs({ [key]: 'true' }), tagged())).toBe('NH311');
    expect(verdict({ metadata: { [key]: 'true' }, tags: [key] }, tagged())).toBe('NH311');
    expect(verdict({}, tagged(), aggregate(key, { [key]: 'true' }))).toBe('NH311');
  });
});

describe('checklist 22 and I16: tag service error is not "no tags"', () => {
  const policy = { ...DEFAULT_POLICY, select: tagged({ mode: 'tagged-or-all' }) };
  const all = {
    inventory: known([instance()], T0),
    aggregates: known([], T0),
    images: known(new Map(), T0),
    anyTagged: known(false, T0),
  };

  it.each(['aggregates', 'images', 'anyTagged'] as const)('%s unknown: the host waits', (what) => {
    const told = factsFor(H1, { ...all, [what]: unknown('503') }, policy);
    expect(told.kind === 'unknown' ? sentenceOf(told.why) : null).toContain('503');
  });

  it('extra specs that Nova hides are unknown, not absent', () => {
    const hidden = { ...instance().flavor, extraSpecsHidden: true as const };
    const inventory = known([instance(VM, { flavor: hidden })], T0);
    expect(factsFor(H1, { ...all, inventory }, policy).kind).toBe('unknown');
    expect(factsFor(H1, { ...all, inventory }, DEFAULT_POLICY).kind).toBe('known');
  });

  it('nothing is needed that no rule looks at', () => {
    expect(factsFor(H1, observation(), DEFAULT_POLICY)).toEqual({ kind: 'known', facts: NO_FACTS });
  });

  it('only the aggregates of the host itself count', () => {
    const { aggregates } = aggregate('other', { evacuable: 'true' });
    const elsewhere = aggregates.map((one) => ({ ...one, hosts: [H2] }));
    const told = factsFor(H1, { ...all, aggregates: known(elsewhere, T0) }, policy);
    expect(told.kind === 'known' ? told.facts.aggregates : null).toEqual([]);
  });
});

describe('checklist 23: VM without image (boot from volume), missing attributes, empty extra specs', () => {
  it('is not tagged by an image, and by its flavor all the same', () => {
    const volume = { imageId: null, imageBacked: false };
    expect(verdict(volume, tagged(), image(['evacuable']))).toBe('NH311');
    expect(verdict({ ...volume, ...specs({ evacuable: 'true' }) }, tagged())).toBe('in');
  });

  it('an image that Glance knows no more tags nothing', () => {
    expect(verdict({ imageId: 'gone' }, tagged(), image(['evacuable']))).toBe('NH311');
  });
});

describe('checklist 24: aggregate filter fail-closed', () => {
  const hosts = { hosts: 'tagged' } as const;

  it('no aggregate tagged: nobody moves', () => {
    expect(verdict({}, { ...SELECT_ALL, ...hosts })).toBe('NH312');
    expect(verdict({ tags: ['evacuable'] }, tagged(hosts), aggregate('a'))).toBe('NH312');
  });

  it('a tagged aggregate opens the host, and tags no instance', () => {
    const open = aggregate('a', { evacuable: 'true' });
    expect(verdict({}, { ...SELECT_ALL, ...hosts }, open)).toBe('in');
    expect(verdict({}, tagged(hosts), open)).toBe('NH311');
    expect(verdict({ tags: ['evacuable'] }, tagged(hosts), open)).toBe('in');
  });
});

describe('checklist 25: name glob skip (multiple, no name)', () => {
  const skip = { ...SELECT_ALL, rules: [rule('exclude', { name: ['canary-*', '*-test'] })] };

  it.each([
    ['canary-1', 'NH310'],
    ['db-test', 'NH310'],
    ['db-test-2', 'in'],
    ['', 'in'],
  ])('%j: %s', (name, expected) => {
    expect(verdict({ name }, skip)).toBe(expected);
  });
});

describe('rules', () => {
  it('the first that matches decides, before the mode does', () => {
    const rules = [
      rule('include', { project: ['p1'], name: ['db-*'] }, '1'),
      rule('exclude', { project: ['p1', 'p2'] }, '"their projects"'),
    ];
    expect(verdict({ projectId: 'p1', name: 'db-1' }, tagged({ rules }))).toBe('in');
    expect(verdict({ projectId: 'p1', name: 'web' }, { ...SELECT_ALL, rules })).toBe('NH310');
    expect(verdict({ projectId: 'p3' }, { ...SELECT_ALL, rules })).toBe('in');
    const choice = select(instance(VM, { projectId: 'p2' }), NO_FACTS, { ...SELECT_ALL, rules });
    expect(choice.kind === 'left-out' ? sentenceOf(choice.why) : null).toBe(
      'left out by rule "their projects" of select.rules',
    );
  });

  it.each<[string, Partial<Conditions>, Partial<Instance>, InventoryFacts]>([
    ['server tag', { serverTag: ['x', 'pet'] }, { tags: ['pet'] }, NO_FACTS],
    [
      'metadata',
      { metadata: { a: 'true', b: 'x' } },
      { metadata: { a: 'True', b: 'x' } },
      NO_FACTS,
    ],
    ['image tag', { imageTag: ['golden'] }, {}, image(['golden'])],
    [
      'image property',
      { imageProperty: { os_type: 'windows' } },
      {},
      image([], { os_type: 'windows' }),
    ],
    ['flavor', { flavor: ['m?'] }, {}, NO_FACTS],
    ['extra spec', { flavorSpec: { gpu: 'false' } }, specs({ gpu: 'False' }), NO_FACTS],
    ['aggregate', { aggregate: ['gpu-*'] }, {}, aggregate('gpu-1')],
    ['aggregate metadata', { aggregateMetadata: { tier: '1' } }, {}, aggregate('a', { tier: '1' })],
  ])('look at the %s, and all conditions must hold', (_, when, change, about) => {
    const only = { ...SELECT_ALL, rules: [rule('exclude', when)] };
    expect(verdict(change, only, about)).toBe('NH310');
    expect(verdict({ tags: ['other'] }, only)).toBe('flavor' in when ? 'NH310' : 'in');
    const more = { ...SELECT_ALL, rules: [rule('exclude', { ...when, project: ['other'] })] };
    expect(verdict(change, more, about)).toBe('in');
  });
});
