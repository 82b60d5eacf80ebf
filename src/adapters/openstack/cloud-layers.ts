import type { Raw } from './cloud-files.ts';
import { isRaw } from './cloud-files.ts';

/** Settings of one place, with the name of that place for messages and `origins`. */
export interface Layer {
  readonly origin: string;
  readonly values: Raw;
}

/** A setting and where it came from. */
export interface Setting {
  readonly value: unknown;
  readonly origin: string;
}

/** All settings of a cloud in one flat table; keys of `auth` start with `auth.`. */
export type Settings = ReadonlyMap<string, Setting>;

const AUTH_KEYS = new Set([
  'auth_url',
  'username',
  'user_id',
  'password',
  'passcode',
  'user_domain_id',
  'user_domain_name',
  'project_id',
  'project_name',
  'project_domain_id',
  'project_domain_name',
  'domain_id',
  'domain_name',
  'default_domain_id',
  'default_domain_name',
  'system_scope',
  'trust_id',
  'token',
  'endpoint',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
]);

const ALIASES: Readonly<Record<string, string>> = {
  user_name: 'username',
  tenant_id: 'project_id',
  tenant_name: 'project_name',
  auth_token: 'token',
  url: 'endpoint',
  default_domain: 'default_domain_id',
  auth_plugin: 'auth_type',
  endpoint_type: 'interface',
  compute_endpoint_type: 'compute_interface',
  compute_endpoint: 'compute_endpoint_override',
  image_endpoint: 'image_endpoint_override',
  placement_endpoint: 'placement_endpoint_override',
};

/** Keys of which a higher layer that names one silences the others below it. */
const FAMILIES: readonly (readonly string[])[] = [
  ['auth.username', 'auth.user_id'],
  ['auth.project_id', 'auth.project_name'],
  ['auth.user_domain_id', 'auth.user_domain_name'],
  ['auth.project_domain_id', 'auth.project_domain_name'],
];

const present = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/**
 * Merges layers, the last one strongest. Keys of `auth` that stand at the top level are moved into
 * it and win over nested ones of any layer (openstacksdk's `_fix_backwards_auth`); dashes become
 * underscores; old names become the new ones, which win when both are there.
 */
export function collapse(layers: readonly Layer[]): Settings {
  const nested = new Map<string, Setting>();
  const top = new Map<string, Setting>();
  for (const { origin, values } of layers) {
    const auth = values['auth'];
    const inAuth = isRaw(auth) ? read(auth, origin, () => true) : new Map<string, Setting>();
    const onTop = read(values, origin, (key) => AUTH_KEYS.has(key));
    for (const family of FAMILIES) {
      if (!family.some((key) => inAuth.has(key) || onTop.has(key))) continue;
      for (const below of [nested, top]) for (const key of family) below.delete(key);
    }
    for (const [key, setting] of inAuth) nested.set(key, setting);
    for (const [key, setting] of onTop) top.set(key, setting);
  }
  return shareDomains(new Map([...nested, ...top]));
}

function read(
  values: Raw,
  origin: string,
  belongsToAuth: (key: string) => boolean,
): ReadonlyMap<string, Setting> {
  const here = new Map<string, Setting>();
  const entries = Object.entries(values).filter(([key, value]) => key !== 'auth' && present(value));
  const dashed = entries.map(([key, value]) => [key.replaceAll('-', '_'), value] as const);
  // Aliases first, so that the right name, when both are there, is written last.
  const isAlias = (key: string): boolean => ALIASES[key] !== undefined;
  for (const [key, value] of [
    ...dashed.filter(([key]) => isAlias(key)),
    ...dashed.filter(([key]) => !isAlias(key)),
  ]) {
    const name = ALIASES[key] ?? key;
    here.set(belongsToAuth(name) ? `auth.${name}` : name, { value, origin });
  }
  return here;
}

/** With a project, a plain `domain_*` only fills the user's and the project's missing domains. */
function shareDomains(settings: Map<string, Setting>): Settings {
  if (!settings.has('auth.project_id') && !settings.has('auth.project_name')) return settings;
  for (const form of ['id', 'name']) {
    const shared = settings.get(`auth.domain_${form}`);
    if (shared === undefined) continue;
    for (const owner of ['user', 'project']) {
      const other = form === 'id' ? 'name' : 'id';
      const taken =
        settings.has(`auth.${owner}_domain_${form}`) ||
        settings.has(`auth.${owner}_domain_${other}`);
      if (!taken) settings.set(`auth.${owner}_domain_${form}`, shared);
    }
    settings.delete(`auth.domain_${form}`);
  }
  return settings;
}
