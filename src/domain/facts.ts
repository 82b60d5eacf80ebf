import type { HostName } from './ids.ts';
import { NOT_ASKED } from './known.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { everyPolicy } from './profile.ts';
import { because, type Reason } from './reason.ts';
import { asksForAggregates, asksForFlavors, asksForImages, type TagKeys } from './selection.ts';
import { snapshotsFor, type Snapshots } from './storage.ts';
import type { Millis } from './time.ts';

/** A host aggregate as `GET /os-aggregates` shows it; its hosts are names of compute services. */
export interface Aggregate {
  readonly id: number;
  readonly name: string;
  readonly zone: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly hosts: readonly HostName[];
}

/** What Glance tells of an image; properties are its custom texts (`evacuable`, `os_type`, ...). */
export interface ImageFacts {
  readonly name: string;
  readonly tags: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

/** What rules may look at beside the instance itself. What no rule asks for is left empty. */
export interface InventoryFacts {
  /** The aggregates that the failed host is in. */
  readonly aggregates: readonly Aggregate[];
  /** By id; an image that Glance does not know (any more) is absent. */
  readonly images: ReadonlyMap<string, ImageFacts>;
  /** Whether any image, flavor or aggregate of the region carries a tag of `select`. */
  readonly anyTagged: boolean;
  /** The young snapshots in Glance; absent where no rule needs them. */
  readonly snapshots?: Snapshots;
}

/** The facts of a policy that asks for none. */
export const NO_FACTS: InventoryFacts = { aggregates: [], images: new Map(), anyTagged: false };

/** Which facts a policy looks at. */
export interface FactNeeds {
  readonly aggregates: boolean;
  readonly images: boolean;
  /** Images for the order alone: asked for, but never waited for, since an order is no rule. */
  readonly ordering: boolean;
  /** The extra specs of flavors, which come with the instances. */
  readonly flavors: boolean;
  /** Whether anything at all is tagged. */
  readonly anyTagged: boolean;
  /** How old snapshots of instances may be to be of interest; null: none is. */
  readonly snapshotsMs: Millis | null;
}

/** What the policy, with all its profiles, needs to know; the default policy needs nothing. */
export function factNeeds(policy: Policy): FactNeeds {
  const every = everyPolicy(policy);
  const selections = every.map(({ select }) => select);
  return {
    aggregates:
      policy.assign.some(({ aggregates }) => aggregates.length > 0) ||
      selections.some(asksForAggregates),
    images: selections.some(asksForImages),
    ordering: every.some(({ order }) => order.sources.includes('image')),
    flavors: selections.some(asksForFlavors),
    anyTagged: selections.some(({ mode }) => mode === 'tagged-or-all'),
    snapshotsMs: snapshotsFor(everyPolicy(policy)),
  };
}

/** The facts, or the reason for which the host waits. */
export type FactsOutcome =
  | { readonly kind: 'known'; readonly facts: InventoryFacts }
  | { readonly kind: 'unknown'; readonly why: Reason };

/**
 * The facts for the instances of a host, or why they are not known. A failed look-up is never an
 * empty answer: "not tagged" would leave guests behind, "nothing is tagged" would move too many.
 */
export function factsFor(
  host: HostName,
  seen: Pick<Observation, 'inventory' | 'aggregates' | 'images' | 'anyTagged' | 'snapshots'>,
  policy: Policy,
): FactsOutcome {
  const needs = factNeeds(policy);
  const { aggregates = NOT_ASKED, images = NOT_ASKED, anyTagged = NOT_ASKED } = seen;
  const { snapshots = NOT_ASKED } = seen;
  if (needs.flavors && seen.inventory.kind === 'known') {
    const hidden = seen.inventory.value.find(({ flavor }) => flavor.extraSpecsHidden === true);
    if (hidden !== undefined) return lacking('the flavors', { why: SPECS_HIDDEN });
  }
  if (needs.aggregates && aggregates.kind === 'unknown')
    return lacking('the aggregates', aggregates);
  if (needs.images && images.kind === 'unknown') return lacking('the images', images);
  if (needs.anyTagged && anyTagged.kind === 'unknown') return lacking('all tags', anyTagged);
  if (needs.snapshotsMs !== null && snapshots.kind === 'unknown')
    return lacking('the snapshots', snapshots);
  return {
    kind: 'known',
    facts: {
      aggregates: aggregates.kind === 'known' ? aggregatesOf(host, aggregates.value) : [],
      images: images.kind === 'known' ? images.value : NO_FACTS.images,
      anyTagged: anyTagged.kind === 'known' && anyTagged.value,
      ...(snapshots.kind === 'known'
        ? { snapshots: { at: snapshots.at, images: snapshots.value } }
        : {}),
    },
  };
}

/** The aggregates that a host is in. */
export const aggregatesOf = (
  host: HostName,
  aggregates: readonly Aggregate[],
): readonly Aggregate[] => aggregates.filter(({ hosts }) => hosts.includes(host));

const lacking = (what: string, { why }: { readonly why: string }): FactsOutcome => ({
  kind: 'unknown',
  why: because('NH104', { what, detail: why }),
});

const SPECS_HIDDEN =
  'Nova does not show the extra specs of flavors: allow the policy rule os_compute_api:os-flavor-extra-specs:index (servers:show:flavor-extra-specs from 2025.2 on) to our role';
/** The keys under which a tag anywhere in the region would be found. */
export function wantedTags(policy: Policy): Pick<TagKeys, 'image' | 'flavor' | 'aggregate'> {
  const chosen = everyPolicy(policy)
    .map(({ select }) => select)
    .filter(({ mode }) => mode === 'tagged-or-all');
  const all = (kind: 'image' | 'flavor' | 'aggregate'): readonly string[] => [
    ...new Set(chosen.flatMap(({ tags }) => tags[kind])),
  ];
  return { image: all('image'), flavor: all('flavor'), aggregate: all('aggregate') };
}
