import { LineCounter, parseDocument } from 'yaml';
import type { CollectionTag, ScalarTag } from 'yaml';
import type { FileRead } from './disk.ts';

/** A mapping of a configuration file whose values nobody has looked at yet. */
export type Raw = Readonly<Record<string, unknown>>;

/** Where files are looked for; given by the caller so that tests need no disk. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly readFile: (path: string) => FileRead;
}

/** The clouds of the first file found, or none; errors name file, line and column. */
export type CloudFile =
  | { readonly kind: 'found'; readonly path: string; readonly clouds: Raw }
  | { readonly kind: 'none'; readonly searched: readonly string[] }
  | { readonly kind: 'error'; readonly message: string };

const BOOLEAN = 'tag:yaml.org,2002:bool';

// YAML 1.1 also has `y` and `n`, which PyYAML leaves texts.
const PYTHON_BOOLEAN: ScalarTag = {
  tag: BOOLEAN,
  default: true,
  test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|true|on)$/i.test(text),
};

// `12e3` stays a text because PyYAML's floats need a dot.
const differsInPython = (tag: string | CollectionTag | ScalarTag): boolean =>
  typeof tag !== 'string' && (tag.tag === BOOLEAN || ('format' in tag && tag.format === 'EXP'));

/** Whether a value is a mapping. */
export const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The places of `clouds.yaml` or `secure.yaml` in openstacksdk's order: the variable, the working
 * directory, the user's and the system's configuration directories.
 */
export function candidates(
  kind: 'clouds' | 'secure',
  { env, cwd, home }: Omit<Surroundings, 'readFile'>,
): readonly string[] {
  const explicit = env[kind === 'clouds' ? 'OS_CLIENT_CONFIG_FILE' : 'OS_CLIENT_SECURE_FILE'];
  const snap = env['SNAP_REAL_HOME'];
  // The XDG specification: a variable that is empty counts as unset.
  const user = env['XDG_CONFIG_HOME'] || `${snap ?? home}/.config`;
  const system = (env['XDG_CONFIG_DIRS'] || '/etc/xdg').split(':').filter((part) => part !== '');
  const directories = [
    cwd,
    `${user}/openstack`,
    ...system.map((part) => `${part}/openstack`),
    '/etc/openstack',
  ];
  const inDirectories = [...new Set(directories)].flatMap((directory) =>
    ['yaml', 'yml', 'json'].map((ending) => `${directory}/${kind}.${ending}`),
  );
  return explicit === undefined || explicit === ''
    ? inDirectories
    : [expandHome(explicit, home), ...inDirectories];
}

/** `~/x` as `/home/me/x`. */
export const expandHome = (path: string, home: string): string =>
  path === '~' || path.startsWith('~/') ? `${home}${path.slice(1)}` : path;

/** The first file that exists and may be read; a damaged one is an error, never skipped in silence. */
export function findCloudFile(kind: 'clouds' | 'secure', surroundings: Surroundings): CloudFile {
  const searched = candidates(kind, surroundings);
  for (const path of searched) {
    const read = surroundings.readFile(path);
    if (read.kind === 'text') return parseCloudFile(path, read.text);
  }
  return { kind: 'none', searched };
}

/** Reads the text of a clouds.yaml, secure.yaml or their JSON form. */
export function parseCloudFile(path: string, text: string): CloudFile {
  const lines = new LineCounter();
  // YAML 1.1 with merge keys is what PyYAML reads; integers stay exact because a project id may be
  // 32 digits long.
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    intAsBigInt: true,
    lineCounter: lines,
    customTags: (tags) => [PYTHON_BOOLEAN, ...tags.filter((tag) => !differsInPython(tag))],
  });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const what = (problem.message.split('\n', 1)[0] ?? '').replace(/ at line \d+.*$/, '');
    return {
      kind: 'error',
      message: `${path}, line ${line}, column ${col}: this is not valid YAML: ${what}`,
    };
  }
  const content: unknown = document.toJS();
  if (content === null) return { kind: 'found', path, clouds: {} };
  const clouds = isRaw(content) ? content['clouds'] : undefined;
  if (!isRaw(content) || (clouds !== undefined && clouds !== null && !isRaw(clouds))) {
    return {
      kind: 'error',
      message: `${path}: "clouds" must be a mapping of cloud names; see the clouds.yaml documentation of openstacksdk`,
    };
  }
  return { kind: 'found', path, clouds: isRaw(clouds) ? clouds : {} };
}

/** Merges mappings of any depth; the second one wins. */
export function deepMerge(under: Raw, over: Raw): Raw {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isRaw(below) && isRaw(value) ? deepMerge(below, value) : value;
  }
  return merged;
}
