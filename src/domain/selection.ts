import type { ImageFacts, InventoryFacts } from './facts.ts';
import { matchesGlob } from './glob.ts';
import type { Instance } from './instance.ts';
import { because, type Reason } from './reason.ts';

/**
 * Where a tag may stand. fence_compute and InstanceHA know `evacuable` on images (tag or property),
 * flavors (extra spec) and aggregates (metadata), Masakari `HA_Enabled` in the metadata of instances.
 */
export interface TagKeys {
  /** A tag of the image, or a property of it whose value is true. */
  readonly image: readonly string[];
  /** An extra spec of the flavor whose value is true. */
  readonly flavor: readonly string[];
  /** Metadata of an aggregate of the host whose value is true. */
  readonly aggregate: readonly string[];
  /** Metadata of the instance whose value is true. */
  readonly metadata: readonly string[];
  /** A server tag. */
  readonly server: readonly string[];
}

/** What a rule asks of an instance; all that is given must hold, of a list one entry is enough. */
export interface Conditions {
  readonly project: readonly string[];
  /** Patterns of instance names. */
  readonly name: readonly string[];
  readonly serverTag: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly imageTag: readonly string[];
  readonly imageProperty: Readonly<Record<string, string>>;
  /** Patterns of flavor names. */
  readonly flavor: readonly string[];
  readonly flavorSpec: Readonly<Record<string, string>>;
  /** Patterns of names of aggregates. */
  readonly aggregate: readonly string[];
  readonly aggregateMetadata: Readonly<Record<string, string>>;
}

/** A rule; the first whose conditions hold decides. */
export interface SelectRule {
  readonly then: 'include' | 'exclude';
  /** What reasons call it. */
  readonly label: string;
  readonly when: Conditions;
}

/** Which instances are evacuated. */
export interface Selection {
  /**
   * What holds when no rule matches. `tagged-or-all`: when nothing in the region is tagged, everything
   * is evacuated (the way of fence_compute and InstanceHA, here by choice).
   */
  readonly mode: 'all' | 'tagged' | 'tagged-or-all';
  /**
   * `tagged`: only hosts in a tagged aggregate; with no aggregate tagged nobody moves (InstanceHA's
   * TAGGED_AGGREGATES). The tag of the aggregate then says nothing about single instances.
   */
  readonly hosts: 'all' | 'tagged';
  readonly tags: TagKeys;
  readonly rules: readonly SelectRule[];
}

/** Everything; with the tags of the peers, should another mode be chosen. */
export const SELECT_ALL: Selection = {
  mode: 'all',
  hosts: 'all',
  tags: {
    image: ['evacuable'],
    flavor: ['evacuable'],
    aggregate: ['evacuable'],
    metadata: ['HA_Enabled'],
    server: ['evacuable'],
  },
  rules: [],
};

/** What selects or leaves out an instance. */
export type Choice =
  /** `by` completes "evacuated because ...". */
  | { readonly kind: 'selected'; readonly by: string }
  | { readonly kind: 'left-out'; readonly why: Reason };

/** Decides whether an instance is to be evacuated at all: the first rule, else the mode. */
export function select(instance: Instance, facts: InventoryFacts, selection: Selection): Choice {
  const rule = selection.rules.find(({ when }) => holds(when, instance, facts));
  if (rule !== undefined) {
    const { then, label } = rule;
    return then === 'include'
      ? { kind: 'selected', by: `rule ${label} of select.rules includes it` }
      : { kind: 'left-out', why: because('NH310', { rule: label, ...whose(instance) }) };
  }
  const { tags } = selection;
  const onHost = aggregateTag(facts, tags);
  if (selection.hosts === 'tagged' && onHost === null) {
    return { kind: 'left-out', why: because('NH312', { keys: tags.aggregate.join(', ') }) };
  }
  if (selection.mode === 'all') return { kind: 'selected', by: 'select.mode is all' };
  const tag = tagOf(instance, facts, tags) ?? (selection.hosts === 'all' ? onHost : null);
  if (tag !== null) return { kind: 'selected', by: `it is tagged: ${tag}` };
  if (selection.mode === 'tagged-or-all' && !facts.anyTagged) {
    return { kind: 'selected', by: 'nothing is tagged, and select.mode is tagged-or-all' };
  }
  const { mode } = selection;
  return {
    kind: 'left-out',
    why: because('NH311', { mode, keys: keysOf(tags), ...whose(instance) }),
  };
}

/** Whether a value of a tag says yes: `true` in any capitals, nothing else. */
export const isTrue = (value: string | undefined): boolean => value?.toLowerCase() === 'true';

/** Where an instance itself is tagged, in words; null when it is not. Keys are compared as a whole. */
function tagOf(instance: Instance, facts: InventoryFacts, keys: TagKeys): string | null {
  const image = imageOf(instance, facts);
  const { metadata, tags, flavor } = instance;
  const own = keys.metadata.find((key) => isTrue(metadata[key]));
  if (own !== undefined) return `${own} in its metadata`;
  const server = keys.server.find((key) => tags.includes(key));
  if (server !== undefined) return `${server} as server tag`;
  const onImage = keys.image.find((key) => isTaggedImage(image, key));
  if (onImage !== undefined) return `${onImage} on its image`;
  const onFlavor = keys.flavor.find((key) => isTrue(flavor.extraSpecs[key]));
  if (onFlavor !== undefined) return `${onFlavor} on its flavor`;
  return null;
}

function aggregateTag({ aggregates }: InventoryFacts, keys: TagKeys): string | null {
  for (const aggregate of aggregates) {
    const key = keys.aggregate.find((one) => isTrue(aggregate.metadata[one]));
    if (key !== undefined) return `${key} on the aggregate ${aggregate.name}`;
  }
  return null;
}

const keysOf = (tags: TagKeys): string => [...new Set(Object.values(tags).flat())].join(', ');

const whose = ({ id, host }: Instance): Record<string, string> => ({ id, host: host ?? '' });

const isTaggedImage = (image: ImageFacts | null, key: string): boolean =>
  image !== null && (image.tags.includes(key) || isTrue(image.properties[key]));

const imageOf = ({ imageId }: Instance, { images }: InventoryFacts): ImageFacts | null =>
  (imageId === null ? undefined : images.get(imageId)) ?? null;

function holds(when: Conditions, instance: Instance, facts: InventoryFacts): boolean {
  const image = imageOf(instance, facts);
  const { aggregates } = facts;
  return (
    oneOf(when.project, [instance.projectId]) &&
    like(when.name, [instance.name]) &&
    oneOf(when.serverTag, instance.tags) &&
    has(when.metadata, [instance.metadata]) &&
    oneOf(when.imageTag, image?.tags ?? []) &&
    has(when.imageProperty, image === null ? [] : [image.properties]) &&
    like(when.flavor, [instance.flavor.name]) &&
    has(when.flavorSpec, [instance.flavor.extraSpecs]) &&
    like(
      when.aggregate,
      aggregates.map(({ name }) => name),
    ) &&
    has(
      when.aggregateMetadata,
      aggregates.map(({ metadata }) => metadata),
    )
  );
}

const oneOf = (wanted: readonly string[], found: readonly string[]): boolean =>
  wanted.length === 0 || wanted.some((one) => found.includes(one));

const like = (patterns: readonly string[], found: readonly string[]): boolean =>
  patterns.length === 0 ||
  patterns.some((pattern) => found.some((text) => matchesGlob(pattern, text)));

type Texts = Readonly<Record<string, string>>;

/** All pairs in one of the maps; `true` and `false` in any capitals, as Nova's tools write them. */
function has(wanted: Texts, found: readonly Texts[]): boolean {
  const pairs = Object.entries(wanted);
  return pairs.length === 0 || found.some((map) => pairs.every(([key, v]) => same(v, map[key])));
}

function same(wanted: string, found: string | undefined): boolean {
  if (found === undefined) return false;
  const folded = wanted.toLowerCase();
  return folded === 'true' || folded === 'false'
    ? found.toLowerCase() === folded
    : found === wanted;
}

/** Whether images must be looked up for it. */
export const asksForImages = ({ mode, tags, rules }: Selection): boolean =>
  (mode !== 'all' && tags.image.length > 0) ||
  rules.some(({ when }) => when.imageTag.length > 0 || Object.keys(when.imageProperty).length > 0);

/** Whether aggregates must be looked up for it. */
export const asksForAggregates = ({ mode, hosts, tags, rules }: Selection): boolean =>
  hosts === 'tagged' ||
  (mode !== 'all' && tags.aggregate.length > 0) ||
  rules.some(
    ({ when }) => when.aggregate.length > 0 || Object.keys(when.aggregateMetadata).length > 0,
  );

/** Whether the extra specs of flavors must be known for it. */
export const asksForFlavors = ({ mode, tags, rules }: Selection): boolean =>
  (mode !== 'all' && tags.flavor.length > 0) ||
  rules.some(({ when }) => Object.keys(when.flavorSpec).length > 0);
