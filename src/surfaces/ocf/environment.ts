import type { Millis } from '../../domain/time.ts';
import { NO_SETTINGS, parseBoolean, type AgentSettings } from '../agent-settings.ts';
import type { OcfAgentName } from './parameter.ts';
import { parametersOf } from './parameters.ts';

/** The environment that Pacemaker's executor gives an agent, read through the table of parameters. */
export interface OcfEnvironment {
  /** The value of a parameter; its default where none (or an empty one) is given. */
  text(name: string): string;
  flag(name: string): boolean;
  integer(name: string): number;
  readonly settings: AgentSettings;
  /** The name of the resource; tells several resources of one agent apart. */
  readonly instance: string;
  /** True for a monitor without interval: a probe, which only asks whether the resource runs here. */
  readonly isProbe: boolean;
  /** The operation's time-out; after it Pacemaker kills us without warning. */
  readonly timeoutMs: Millis | null;
  /** What is wrong with the parameters; null when nothing is. */
  readonly problem: string | null;
}

/** Reads the environment of an OCF agent. */
export function readOcfEnvironment(
  agent: OcfAgentName,
  env: Readonly<Record<string, string | undefined>>,
): OcfEnvironment {
  const parameters = parametersOf(agent);
  const given = (name: string): string | null => {
    const value = env[`OCF_RESKEY_${name}`];
    return value === undefined || value === '' ? null : value;
  };
  const text = (name: string): string =>
    given(name) ?? parameters.find((parameter) => parameter.name === name)?.default ?? '';
  const interval = Number(env['OCF_RESKEY_CRM_meta_interval'] ?? '0');
  const timeout = Number(env['OCF_RESKEY_CRM_meta_timeout'] ?? '');
  const wrongType = parameters.find(({ name, type }) => {
    if (type === 'boolean') return parseBoolean(text(name)) === null;
    return type === 'integer' && !/^\d{1,6}$/.test(text(name));
  });
  return {
    text,
    flag: (name) => parseBoolean(text(name)) ?? false,
    integer: (name) => Number(text(name)),
    settings: settingsOf(given),
    instance: env['OCF_RESOURCE_INSTANCE'] ?? agent,
    isProbe: !(interval > 0),
    timeoutMs: Number.isFinite(timeout) && timeout > 0 ? timeout : null,
    problem:
      wrongType === undefined
        ? (directoryProblem(text('run_directory')) ?? credentialsProblem(given))
        : `${wrongType.name} must be ${wrongType.type === 'boolean' ? 'yes or no' : 'a whole number'}, not "${text(wrongType.name)}".`,
  };
}

/** The agent and the worker that it starts have different working directories. */
const directoryProblem = (path: string): string | null =>
  path.startsWith('/') ? null : `run_directory must be an absolute path, not "${path}".`;

function credentialsProblem(given: (name: string) => string | null): string | null {
  const endpoint = given('endpoint_type');
  if (endpoint !== null && !['adminURL', 'publicURL', 'internalURL'].includes(endpoint)) {
    return `endpoint_type must be adminURL, publicURL or internalURL, not "${endpoint}".`;
  }
  if (given('auth_url') === null) return null;
  const missing = ['username', 'password', 'tenant_name'].filter((name) => given(name) === null);
  return missing.length === 0
    ? null
    : `auth_url is given without ${missing.join(', ')}; give all four, or none (the configuration file then has the credentials).`;
}

function settingsOf(given: (name: string) => string | null): AgentSettings {
  const here = given('auth_url') !== null;
  const insecure = given('insecure');
  return {
    ...NO_SETTINGS,
    config: given('config'),
    store: given('store'),
    cloud: given('cloud'),
    authUrl: given('auth_url'),
    username: given('username'),
    password: given('password'),
    tenantName: given('tenant_name'),
    userDomain: given('user_domain') ?? (here ? 'Default' : null),
    projectDomain: given('project_domain') ?? (here ? 'Default' : null),
    regionName: given('region_name'),
    endpointType: given('endpoint_type'),
    insecure: insecure === null ? null : (parseBoolean(insecure) ?? false),
  };
}
