import { hostNameProblem } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import { parseBoolean, type AgentSettings } from '../agent-settings.ts';
import { shown, type Given } from './given.ts';
import type { AgentName, FenceOption } from './option.ts';
import { advertisedActions } from './options.ts';

/** What the agent is to do, after aliases: `reboot` is `off`, `enable` is `on`, and so on. */
export type FenceAction =
  | 'on'
  | 'off'
  | 'status'
  | 'list'
  | 'list-status'
  | 'monitor'
  | 'metadata'
  | 'manpage'
  | 'validate-all'
  | 'help'
  | 'version';

/** A validated call of a fence agent. */
export interface FenceRequest {
  readonly action: FenceAction;
  readonly plugs: readonly string[];
  /** Pacemaker's name of the node, when its fencing daemon is the caller. */
  readonly clusterNode: string | null;
  readonly domain: string | null;
  readonly settings: AgentSettings;
  readonly separator: string;
  readonly verbosity: number;
  readonly quiet: boolean;
  readonly debugFile: string | null;
  readonly wait: boolean;
  readonly recordOnly: string;
  readonly delayMs: Millis;
  readonly retryMs: Millis;
  readonly isolateMs: Millis;
  readonly settleMs: Millis;
  readonly pauseMs: Millis;
}

/** The request, or the sentence that says what is wrong with what was given. */
export type Requested =
  | { readonly kind: 'ok'; readonly request: FenceRequest }
  | { readonly kind: 'wrong'; readonly message: string };

const wrong = (message: string): Requested => ({ kind: 'wrong', message });

/** The longest time that any option may ask for: a day. */
const LIMIT_SECONDS = 86_400;

/**
 * Makes a request of what was given. `env` tells whether Pacemaker's fencing daemon is the caller
 * (`PCMK_service`): `power_timeout` does not count then, as in every fence agent.
 */
export function requestOf(
  agent: AgentName,
  options: readonly FenceOption[],
  given: Given,
  env: Readonly<Record<string, string | undefined>>,
): Requested {
  if (given.problem !== null) return wrong(`Parse error: ${given.problem}`);
  const value = (name: string): string =>
    given.values.get(name) ?? options.find((option) => option.name === name)?.default ?? '';
  const flag = (name: string): boolean => parseBoolean(value(name)) ?? false;
  const seconds = (name: string): Millis => Number(value(name)) * 1000;
  const text = (name: string): string | null => nonEmpty(given.values.get(name));

  const action = actionOf(agent, value('action'), flag);
  if (action === null) return wrong(`Failed: Unrecognised action '${shown(value('action'))}'.`);
  const plugs = splitPlugs(value('plug'), value('plug_separator'));
  const problem = isAboutItself(action)
    ? null
    : (numberProblem(options, given) ?? plugProblem(action, plugs));
  if (problem !== null) return wrong(`Failed: ${problem}`);
  const power = powerTimeoutMs(given, env);
  return {
    kind: 'ok',
    request: {
      action,
      plugs,
      clusterNode: clusterNodeOf(given, plugs, env),
      domain: text('domain') ?? text('compute_domain'),
      settings: settingsOf(given, options),
      separator: value('separator'),
      verbosity: flag('quiet') ? 0 : verbosityOf(given),
      quiet: flag('quiet'),
      debugFile: text('debug_file'),
      wait: flag('wait'),
      recordOnly: value('record_only'),
      delayMs: seconds('delay'),
      retryMs: (given.values.has('retry_timeout') ? null : power) ?? seconds('retry_timeout'),
      isolateMs: seconds('isolate_timeout'),
      settleMs: (given.values.has('settle_timeout') ? null : power) ?? seconds('settle_timeout'),
      pauseMs: Math.max(100, seconds('stonith_status_sleep')),
    },
  };
}

/** Only a name that is fit for a query is one. */
function clusterNodeOf(
  given: Given,
  plugs: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if (env['PCMK_service'] !== 'pacemaker-fenced') return null;
  const only = plugs.length === 1 ? plugs[0] : undefined;
  const name = nonEmpty(given.nodename ?? undefined) ?? only ?? '';
  return hostNameProblem(name) === null ? name : null;
}

const nonEmpty = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text;

/** Whether an action tells only about the agent, so that nothing else that was given matters. */
export const isAboutItself = (action: FenceAction): boolean =>
  ['metadata', 'manpage', 'help', 'version'].includes(action);

function actionOf(
  agent: AgentName,
  given: string,
  flag: (name: string) => boolean,
): FenceAction | null {
  if (flag('help')) return 'help';
  if (flag('version')) return 'version';
  const word = given.trim().toLowerCase();
  const aliases: Readonly<Record<string, string>> = {
    'meta-data': 'metadata',
    reboot: 'off',
    ...(agent === 'fence_nova' ? { enable: 'on', disable: 'off' } : {}),
  };
  const action = aliases[word] ?? word;
  return advertisedActions(agent).includes(action) ? (action as FenceAction) : null;
}

function splitPlugs(plug: string, separator: string): readonly string[] {
  const parts = separator === '' ? [plug] : plug.split(separator);
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
}

function plugProblem(action: FenceAction, plugs: readonly string[]): string | null {
  if (['list', 'list-status', 'monitor'].includes(action)) return null;
  if (plugs.length === 0)
    return 'You have to enter plug number or machine identification: plug is missing.';
  for (const plug of plugs) {
    const problem = hostNameProblem(plug);
    if (problem !== null) return `the plug "${shown(plug)}" is no host: ${problem}.`;
  }
  return null;
}

function numberProblem(options: readonly FenceOption[], given: Given): string | null {
  for (const option of options) {
    const value = given.values.get(option.name);
    if (value === undefined || (option.type !== 'second' && option.type !== 'integer')) continue;
    if (/^\d{1,6}$/.test(value) && Number(value) <= LIMIT_SECONDS) continue;
    const kind = option.type === 'second' ? 'time in seconds' : 'integer';
    return `The value you have entered for --${option.long} is not a valid ${kind}: a whole number from 0 to ${String(LIMIT_SECONDS)} is.`;
  }
  return null;
}

function powerTimeoutMs(
  given: Given,
  env: Readonly<Record<string, string | undefined>>,
): Millis | null {
  const disabled = given.values.get('disable_timeout');
  const off =
    disabled === undefined
      ? env['PCMK_service'] === 'pacemaker-fenced'
      : (parseBoolean(disabled) ?? false);
  const power = given.values.get('power_timeout');
  return off || power === undefined || Number(power) === 0 ? null : Number(power) * 1000;
}

function verbosityOf(given: Given): number {
  const level = given.values.get('verbose_level');
  if (level !== undefined) return Number(level);
  return given.values.get('verbose') === '1' ? 1 : 0;
}

/** The defaults of credentials count only beside an auth_url: else the configuration file decides. */
function settingsOf(given: Given, options: readonly FenceOption[]): AgentSettings {
  const text = (name: string): string | null => nonEmpty(given.values.get(name));
  const here = text('auth_url') !== null;
  const orDefault = (name: string): string | null =>
    text(name) ?? (here ? nonEmpty(options.find((o) => o.name === name)?.default ?? '') : null);
  const insecure = given.values.get('insecure');
  return {
    config: text('config'),
    store: text('store'),
    cloud: text('cloud'),
    authUrl: text('auth_url'),
    username: text('username'),
    password: text('password'),
    passwordScript: text('password_script'),
    tenantName: text('tenant_name'),
    userDomain: orDefault('user_domain'),
    projectDomain: orDefault('project_domain'),
    regionName: text('region_name'),
    endpointType: orDefault('endpoint_type'),
    insecure: insecure === undefined ? null : insecure === '1',
    cacert: text('cacert'),
  };
}
