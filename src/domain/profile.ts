import type { Aggregate } from './facts.ts';
import { matchesGlob } from './glob.ts';
import type { HostName } from './ids.ts';
import type { Policy } from './policy.ts';

/**
 * The sections of the policy that concern one host, so that a profile may override them. What counts
 * for the region as a whole (budgets, storms, proofs, isolation) has one value for all.
 */
export const PROFILE_SECTIONS = [
  'select',
  'states',
  'storage',
  'order',
  'destination',
  'capacity',
  'reserve',
  'retry',
  'flap',
  'readmit',
  'died',
] as const;

type ProfileSection = (typeof PROFILE_SECTIONS)[number];

/** A named policy: whole sections that take the place of the general ones. */
export type ProfilePolicy = Partial<Pick<Policy, ProfileSection>>;

/** Which hosts a profile is for; every condition that is given must hold. */
export interface AssignRule {
  readonly profile: string;
  /** Patterns of host names. */
  readonly hosts: readonly string[];
  readonly zones: readonly string[];
  /** Patterns of names of aggregates; one that the host is in is enough. */
  readonly aggregates: readonly string[];
}

/** What decides which profile a host has. */
export interface HostFacts {
  readonly host: HostName;
  readonly zone: string | null;
  /** The aggregates that the host is in. */
  readonly aggregates: readonly Pick<Aggregate, 'name'>[];
}

/** The rule that applies to a host: the first that matches; null: none does, the default applies. */
export function assignmentOf(policy: Policy, facts: HostFacts): AssignRule | null {
  return policy.assign.find((rule) => applies(rule, facts)) ?? null;
}

function applies(rule: AssignRule, { host, zone, aggregates }: HostFacts): boolean {
  const any = (patterns: readonly string[], names: readonly string[]): boolean =>
    patterns.length === 0 ||
    patterns.some((pattern) => names.some((name) => matchesGlob(pattern, name)));
  return (
    any(rule.hosts, [host]) &&
    any(rule.zones, zone === null ? [] : [zone]) &&
    any(
      rule.aggregates,
      aggregates.map(({ name }) => name),
    )
  );
}

/** Why a host has its profile, or none, in words. */
function describeRule(policy: Policy, rule: AssignRule | null): string {
  if (rule === null) {
    return policy.assign.length === 0
      ? 'no profiles are assigned'
      : 'no entry of assign matches it';
  }
  const parts = [
    ['host', rule.hosts],
    ['zone', rule.zones],
    ['aggregate', rule.aggregates],
  ] as const;
  const given = parts.filter(([, patterns]) => patterns.length > 0);
  const words = given.map(([name, patterns]) => `${name} ${patterns.join(', ')}`).join('; ');
  return `assign[${String(policy.assign.indexOf(rule))}]: ${words === '' ? 'every host' : words}`;
}

/** The policy with the sections of the profile that was chosen when the host was counted. */
export function policyOf(
  policy: Policy,
  chosen: { readonly profile?: string | undefined },
): Policy {
  const { profile: name } = chosen;
  const profile = name === undefined ? undefined : policy.profiles[name];
  // A profile that is configured no more: the general policy is what the operator has left.
  if (profile === undefined) return policy;
  let merged = resolved.get(profile);
  if (merged?.base !== policy) {
    merged = { base: policy, policy: { ...policy, ...profile } };
    resolved.set(profile, merged);
  }
  return merged.policy;
}

/** The profile that applies to a host and what decides that, as people read it. */
export interface ProfileChoice {
  readonly name: string | null;
  readonly why: string;
}

/** What applies to a host that is looked at now: its profile, and the policy with it. */
export function profileFor(
  policy: Policy,
  facts: HostFacts,
): { readonly profile: ProfileChoice; readonly policy: Policy } {
  const rule = assignmentOf(policy, facts);
  return {
    profile: { name: rule?.profile ?? null, why: describeRule(policy, rule) },
    policy: policyOf(policy, { profile: rule?.profile }),
  };
}

/** Asked in every turn, answered once per policy. */
const resolved = new WeakMap<ProfilePolicy, { readonly base: Policy; readonly policy: Policy }>();

/** The general policy and each profile's, resolved. */
export const everyPolicy = (policy: Policy): readonly Policy[] => [
  policy,
  ...Object.keys(policy.profiles).map((profile) => policyOf(policy, { profile })),
];
