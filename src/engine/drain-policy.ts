import { aggregatesOf, factNeeds, type ImageFacts } from '../domain/facts.ts';
import type { HostName } from '../domain/ids.ts';
import type { Instance } from '../domain/instance.ts';
import { known, type Known } from '../domain/known.ts';
import type { Policy } from '../domain/policy.ts';
import { profileFor, type ProfileChoice } from '../domain/profile.ts';
import type { Instant } from '../domain/time.ts';
import { askImages } from './observe-facts.ts';
import type { Compute, Images } from './ports.ts';

/** What the policy of a planned move is found with. */
export interface DrainPolicyParts {
  readonly compute: Compute;
  /** Where it is missing, images have no say in the order. */
  readonly images?: Images | undefined;
  readonly policy: Policy;
}

/** The policy of a host that is drained or filled again, and the profile that it comes from. */
export interface HostPolicy {
  readonly profile: ProfileChoice;
  readonly policy: Policy;
}

/** The policy of a host, by the rule that holds when it fails: that of its profile. */
export async function policyOfHost(
  { compute, policy }: DrainPolicyParts,
  host: HostName,
  now: Instant,
): Promise<Known<HostPolicy>> {
  if (policy.assign.length === 0)
    return known(profileFor(policy, { host, zone: null, aggregates: [] }), now);
  const isAsked = policy.assign.some(({ aggregates }) => aggregates.length > 0);
  const [fleet, aggregates] = await Promise.all([
    compute.fleet(),
    isAsked ? compute.aggregates() : known([], now),
  ]);
  if (fleet.kind === 'unknown') return fleet;
  if (aggregates.kind === 'unknown') return aggregates;
  const service = fleet.value.services.get(host);
  const zone = service !== undefined && 'zone' in service ? service.zone : null;
  const facts = { host, zone, aggregates: aggregatesOf(host, aggregates.value) };
  return known(profileFor(policy, facts), now);
}

/** The images of instances, where the order looks at them; an order is no rule, so nobody waits for them. */
export async function imagesFor(
  parts: DrainPolicyParts,
  instances: readonly Instance[],
): Promise<ReadonlyMap<string, ImageFacts>> {
  if (!factNeeds(parts.policy).ordering) return new Map();
  const { images } = await askImages(parts, instances);
  return images?.kind === 'known' ? images.value : new Map<string, ImageFacts>();
}
