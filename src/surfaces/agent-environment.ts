import type { AgentSettings } from './agent-settings.ts';

/**
 * The settings of an agent as NOVA_HA_* variables, so that there is one way into the configuration for
 * the agents themselves and for the worker that they start; secrets stay off every command line.
 */
export function configEnvironment(settings: AgentSettings): Readonly<Record<string, string>> {
  const variables: Readonly<Record<string, string | null>> = {
    NOVA_HA_CONFIG: settings.config,
    NOVA_HA_CLOUD: settings.cloud,
    NOVA_HA_OPENSTACK_AUTH_URL: settings.authUrl,
    NOVA_HA_OPENSTACK_USERNAME: settings.username,
    NOVA_HA_OPENSTACK_PASSWORD: settings.password,
    NOVA_HA_OPENSTACK_PROJECT_NAME: settings.tenantName,
    NOVA_HA_OPENSTACK_USER_DOMAIN_NAME: settings.userDomain,
    NOVA_HA_OPENSTACK_PROJECT_DOMAIN_NAME: settings.projectDomain,
    NOVA_HA_OPENSTACK_CACERT: settings.cacert,
    NOVA_HA_OPENSTACK_INSECURE: settings.insecure === null ? null : String(settings.insecure),
    NOVA_HA_REGION: settings.regionName,
    NOVA_HA_INTERFACE: settings.endpointType?.replace(/URL$/, '') ?? null,
    ...storeVariables(settings.store),
  };
  const given = Object.entries(variables).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return Object.fromEntries(given);
}

/** `file:DIRECTORY` and Redis URLs say kind and place at once. */
function storeVariables(store: string | null): Readonly<Record<string, string | null>> {
  if (store === null) return {};
  const directory = /^file:(?:\/\/)?(\/.*)$/.exec(store)?.[1];
  if (directory !== undefined) {
    return { NOVA_HA_STORE_KIND: 'file', NOVA_HA_STORE_DIRECTORY: directory };
  }
  return /^(rediss?|unix):\/\//.test(store)
    ? { NOVA_HA_STORE_KIND: 'redis', NOVA_HA_STORE_REDIS_URL: store }
    : { NOVA_HA_STORE_KIND: store };
}
