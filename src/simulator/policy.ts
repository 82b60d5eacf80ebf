/** What a role may do in Nova; an administrator may do everything unless told otherwise. */
export interface Policy {
  /** context_is_admin: without it instances of other projects do not exist (404), whatever else is allowed. */
  readonly contextIsAdmin: boolean;
  readonly servicesList: boolean;
  readonly servicesUpdate: boolean;
  readonly evacuate: boolean;
  /** servers:detail:get_all_tenants. */
  readonly getAllTenants: boolean;
  /** servers:allow_all_filters; without it the host filter is dropped in silence. */
  readonly allowAllFilters: boolean;
  /** os-extended-server-attributes; without it servers have no OS-EXT-SRV-ATTR fields. */
  readonly extendedServerAttributes: boolean;
  readonly hostStatus: boolean;
  readonly flavorExtraSpecs: boolean;
  readonly migrationsIndex: boolean;
  /** os-migrations:index:host (2025.2); without it source and destination are null. */
  readonly migrationsHost: boolean;
  readonly actionEvents: boolean;
  readonly aggregates: boolean;
  readonly hypervisors: boolean;
  readonly serverGroupsAll: boolean;
  readonly resetState: boolean;
  readonly unlockOverride: boolean;
  readonly migrateLive: boolean;
}

const NAMES = [
  'contextIsAdmin',
  'servicesList',
  'servicesUpdate',
  'evacuate',
  'getAllTenants',
  'allowAllFilters',
  'extendedServerAttributes',
  'hostStatus',
  'flavorExtraSpecs',
  'migrationsIndex',
  'migrationsHost',
  'actionEvents',
  'aggregates',
  'hypervisors',
  'serverGroupsAll',
  'resetState',
  'unlockOverride',
  'migrateLive',
] as const satisfies readonly (keyof Policy)[];

type MutablePolicy = { -readonly [Name in keyof Policy]: Policy[Name] };

function uniform(allowed: boolean): MutablePolicy {
  return Object.fromEntries(NAMES.map((name) => [name, allowed])) as unknown as MutablePolicy;
}

/** Joins what several roles may do; `overrides` changes single rules of a role. */
export function policyOf(
  roles: readonly string[],
  overrides: Readonly<Record<string, Partial<Policy>>>,
): Policy {
  const joined = uniform(false);
  for (const role of roles) {
    const own = { ...uniform(role === 'admin'), ...overrides[role] };
    for (const name of NAMES) joined[name] ||= own[name];
  }
  return joined;
}
