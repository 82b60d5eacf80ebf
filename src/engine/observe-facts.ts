import type { Evacuation } from '../domain/evacuation.ts';
import { factNeeds, wantedTags, type ImageFacts } from '../domain/facts.ts';
import type { Instance } from '../domain/instance.ts';
import { known, unknown, type Known } from '../domain/known.ts';
import type { Observation } from '../domain/observation.ts';
import type { Policy } from '../domain/policy.ts';
import { isTrue } from '../domain/selection.ts';
import type { Instant } from '../domain/time.ts';
import type { Compute, Images } from './ports.ts';

/** What the facts that rules look at are read from. */
export interface FactParts {
  readonly compute: Compute;
  /** Absent where nothing is set up that could ask Glance. */
  readonly images?: Images | undefined;
  readonly policy: Policy;
}

/** What was learnt about the region, whatever instances there are. */
export type RegionFacts = Pick<Observation, 'aggregates' | 'anyTagged' | 'snapshots'>;

/** Asked beside the inventory, and only if a rule needs it: aggregates, tags anywhere, snapshots. */
export async function askRegion(parts: FactParts, now: Instant): Promise<RegionFacts> {
  const [tags, snapshots] = await Promise.all([askTags(parts), askSnapshots(parts, now)]);
  return { ...tags, ...snapshots };
}

async function askSnapshots(
  { images, policy }: FactParts,
  now: Instant,
): Promise<Pick<Observation, 'snapshots'>> {
  const { snapshotsMs } = factNeeds(policy);
  if (snapshotsMs === null) return {};
  return { snapshots: (await images?.madeSince(now - snapshotsMs)) ?? NO_GLANCE };
}

async function askTags({
  compute,
  images,
  policy,
}: FactParts): Promise<Pick<Observation, 'aggregates' | 'anyTagged'>> {
  const needs = factNeeds(policy);
  if (!needs.aggregates && !needs.anyTagged) return {};
  const keys = wantedTags(policy);
  const wanted = (kind: keyof typeof keys): boolean => needs.anyTagged && keys[kind].length > 0;
  const [aggregates, flavors, onImages] = await Promise.all([
    needs.aggregates || wanted('aggregate') ? compute.aggregates() : NOBODY,
    wanted('flavor') ? compute.flavors() : NOBODY,
    wanted('image') ? (images?.anyTagged(keys.image) ?? NO_GLANCE) : NOWHERE,
  ]);
  const all = { ...(aggregates === NOBODY ? {} : { aggregates }) };
  if (!needs.anyTagged) return all;
  const onFlavors = someTagged(flavors, keys.flavor, ({ extraSpecs }) => extraSpecs);
  const onAggregates = someTagged(aggregates, keys.aggregate, ({ metadata }) => metadata);
  return { ...all, anyTagged: either([onImages, onFlavors, onAggregates]) };
}

/** The images of the instances that are new to the record, if a rule looks at images. */
export async function askImages(
  { images, policy }: FactParts,
  instances: readonly Instance[],
): Promise<Pick<Observation, 'images'>> {
  const needs = factNeeds(policy);
  if (!needs.images && !needs.ordering) return {};
  const ids = [...new Set(instances.flatMap(({ imageId }) => (imageId === null ? [] : [imageId])))];
  if (ids.length === 0) return { images: known<ReadonlyMap<string, ImageFacts>>(new Map(), 0) };
  return { images: (await images?.byId(ids)) ?? NO_GLANCE };
}

/** What the record does not have yet. */
export const newcomers = (
  evacuation: Evacuation,
  seen: Pick<Observation, 'inventory'>,
): readonly Instance[] =>
  seen.inventory.kind === 'known'
    ? seen.inventory.value.filter(({ id }) => evacuation.instances[id] === undefined)
    : [];

const NOBODY: Known<readonly never[]> = known([], 0);
const NOWHERE: Known<boolean> = known(false, 0);
const NO_GLANCE = unknown('nothing here can ask Glance');

function someTagged<T>(
  list: Known<readonly T[]>,
  keys: readonly string[],
  textsOf: (one: T) => Readonly<Record<string, string>>,
): Known<boolean> {
  if (list.kind === 'unknown') return list;
  return known(
    list.value.some((one) => keys.some((key) => isTrue(textsOf(one)[key]))),
    list.at,
  );
}

/** One yes is enough, whatever the others would have said; a no needs all of them. */
function either(answers: readonly Known<boolean>[]): Known<boolean> {
  const yes = answers.find((one) => one.kind === 'known' && one.value);
  return yes ?? answers.find((one) => one.kind === 'unknown') ?? NOWHERE;
}
