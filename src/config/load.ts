import * as v from 'valibot';
import { didYouMean } from '../domain/nearest.ts';
import { crossCheck, oddities } from './cross-check.ts';
import type { Config, ConfigOutcome } from './config.ts';
import { readConfigFile } from './file.ts';
import { showOrigin, type Given, type Origin } from './origin.ts';
import { readSecrets } from './secrets.ts';
import { KEYS, rowOf, variableOf, type Key, type Settings } from './table.ts';
import { clipped, type Flaw } from './values.ts';

/** What reading a file gave. */
export type ReadFile = (
  path: string,
) =>
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Everything a configuration is made from. */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--config`; null when it was not given. */
  readonly file: string | null;
  /** What options say, by key; the last one wins. */
  readonly options: readonly OptionValue[];
  readonly home: string;
  readonly isRoot: boolean;
  readonly readFile: ReadFile;
}

/** What an option says about a key. */
export interface OptionValue {
  readonly key: string;
  readonly value: string;
  /** The option as the user wrote it, for messages. */
  readonly option: string;
  /** A command line can be read by every user of the machine, so it must not hold secrets. */
  readonly via: 'argv' | 'stdin';
}

/** The file that is read when nobody names another; it need not exist. */
export const DEFAULT_FILE = '/etc/nova-ha/config.yaml';

/**
 * Loads the configuration: defaults, then the file, then NOVA_HA_* variables, then options; the later
 * one wins. Without any file the defaults work.
 */
export function loadConfig(sources: ConfigSources): ConfigOutcome {
  const named = sources.file ?? nonEmpty(sources.env['NOVA_HA_CONFIG']);
  if (named === '') return wrong('--config names no file.');
  const file = expand(named ?? DEFAULT_FILE, sources.home);
  const read = sources.readFile(file);
  if (read.kind === 'unreadable') return wrong(`${file}: it cannot be read: ${read.why}.`);
  if (read.kind === 'absent' && named !== null) {
    const by = sources.file === null ? 'NOVA_HA_CONFIG' : '--config';
    return wrong(`${file}: there is no such file (named by ${by}).`);
  }
  const content =
    read.kind === 'text' ? readConfigFile(file, read.text) : { given: [], problems: [] };
  const options = fromOptions(sources.options);
  const given = [...content.given, ...fromEnvironment(sources.env), ...options.given];
  const checked = checkAll(given);
  const problems = [...content.problems, ...options.problems, ...checked.problems];
  if (problems.length > 0) return { kind: 'wrong', problems };
  const completed = complete(checked, sources);
  const secrets = readSecrets(completed, checked.origins, sources.readFile);
  const faults = [...secrets.problems, ...crossCheck(secrets.settings, checked.origins)];
  if (faults.length > 0) return { kind: 'wrong', problems: faults };
  const config: Config = {
    file: read.kind === 'text' ? file : null,
    settings: Object.freeze(secrets.settings),
    origins: Object.freeze({ ...checked.origins, ...secrets.origins }),
    warnings: Object.freeze([
      ...oddVariables(sources.env),
      ...oddities(secrets.settings, checked.origins),
    ]),
  };
  return { kind: 'ok', config: Object.freeze(config) };
}

const wrong = (problem: string): ConfigOutcome => ({ kind: 'wrong', problems: [problem] });

const nonEmpty = (value: string | undefined): string | null =>
  value === undefined || value === '' ? null : value;

function fromEnvironment(env: ConfigSources['env']): Given[] {
  return KEYS.flatMap((key) => {
    const variable = variableOf(key);
    const value = nonEmpty(env[variable]);
    return value === null ? [] : [{ key, value, origin: { from: 'env', variable } as const }];
  });
}

/** A foreign variable must not stop a fence agent, so it is a warning and no error. */
function oddVariables(env: ConfigSources['env']): string[] {
  const known = new Set(['NOVA_HA_CONFIG', ...KEYS.map(variableOf)]);
  return Object.keys(env)
    .filter((name) => name.startsWith('NOVA_HA_') && !known.has(name))
    .map((name) => {
      const near = didYouMean(name, known);
      return `${name}: there is no such setting, it is ignored.${near === null ? '' : ` ${near}`}`;
    });
}

function fromOptions(options: ConfigSources['options']): {
  readonly given: Given[];
  readonly problems: string[];
} {
  const given: Given[] = [];
  const problems: string[] = [];
  for (const { key: written, value, option, via } of options) {
    const key = written.replaceAll('-', '_');
    if (!isKey(key)) {
      const near = didYouMean(key, KEYS);
      problems.push(`${option}: unknown key "${key}".${near === null ? '' : ` ${near}`}`);
    } else if (rowOf(key).secret && via === 'argv') {
      problems.push(`${option}: ${refusalOf(key)}`);
    } else given.push({ key, value, origin: { from: 'option', option } });
  }
  return { given, problems };
}

function refusalOf(key: Key): string {
  const [is, instead] =
    rowOf(key).kind.masked === true
      ? ['may hold secrets', 'the configuration file']
      : ['is a secret', `${key}_file`];
  return `${key} ${is} and every user can read a command line; use ${variableOf(key)} or ${instead}.`;
}

const isKey = (key: string): key is Key => (KEYS as readonly string[]).includes(key);

interface Checked {
  readonly values: Partial<Record<Key, unknown>>;
  readonly origins: Record<Key, Origin>;
  readonly problems: readonly string[];
}

function checkAll(given: readonly Given[]): Checked {
  const values: Partial<Record<Key, unknown>> = {};
  const origins = Object.fromEntries(KEYS.map((key) => [key, { from: 'default' }])) as Record<
    Key,
    Origin
  >;
  const problems: string[] = [];
  for (const one of given) {
    const { key, value, origin } = one;
    if (!isKey(key)) continue;
    const { kind, secret } = rowOf(key);
    const result = v.safeParse(kind.schema, value);
    if (result.success) {
      values[key] = result.output;
      origins[key] = origin;
    } else if (kind.flaws !== undefined) {
      problems.push(...kind.flaws(value).map((flaw) => flawText(one, flaw)));
    } else {
      const seen = secret ? '' : `, not ${clipped(value)}`;
      problems.push(`${showOrigin(origin)}: ${key} must be ${kind.type}${seen}.`);
    }
  }
  return { values, origins, problems };
}

/** A flaw with its place: `config.yaml:3:5: power[0].timeout must be …`. */
function flawText({ key, origin, locate }: Given, { path, at, says }: Flaw): string {
  const part = path.map((step) => (typeof step === 'number' ? `[${String(step)}]` : `.${step}`));
  return `${showOrigin(locate?.(path, at) ?? origin)}: ${says(`${key}${part.join('')}`)}`;
}

/** Fills in what nobody gave, and turns `~/` into the home directory. */
function complete(checked: Checked, sources: ConfigSources): Settings {
  const flat: Partial<Record<Key, unknown>> = {};
  for (const key of KEYS) {
    const value = checked.values[key] ?? rowOf(key).fallback;
    flat[key] = typeof value === 'string' ? expand(value, sources.home) : value;
  }
  const settings = flat as unknown as Settings;
  const state = settings.state_directory ?? stateDirectory(sources);
  return {
    ...settings,
    state_directory: state,
    run_directory: settings.run_directory ?? runDirectory(sources, state),
    'store.directory': settings['store.directory'] ?? `${state}/store`,
  };
}

function stateDirectory({ env, home, isRoot }: ConfigSources): string {
  if (isRoot) return '/var/lib/nova-ha';
  const base = nonEmpty(env['XDG_STATE_HOME']);
  // The XDG rules say that a relative path is invalid and must be ignored.
  return `${base?.startsWith('/') === true ? base : `${home}/.local/state`}/nova-ha`;
}

function runDirectory({ env, isRoot }: ConfigSources, state: string): string {
  // What systemd (or the OCF agent) has made for us; several are separated by colons.
  const given = nonEmpty(env['RUNTIME_DIRECTORY'])?.split(':')[0];
  if (given?.startsWith('/') === true) return given;
  if (isRoot) return '/run/nova-ha';
  const base = nonEmpty(env['XDG_RUNTIME_DIR']);
  return base?.startsWith('/') === true ? `${base}/nova-ha` : `${state}/run`;
}

const expand = (value: string, home: string): string =>
  value.startsWith('~/') ? `${home}${value.slice(1)}` : value;
