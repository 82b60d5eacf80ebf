import { expandHome } from './cloud-files.ts';
import type { Settings } from './cloud-layers.ts';

/** A setting that cannot be used; the message names its place and the way to mend it. */
export interface Misfit {
  readonly kind: 'misfit';
  readonly message: string;
}

/** Typed access to the settings of a cloud; collects the first thing that is wrong. */
export interface Reader {
  /** A text; whole numbers count as texts. Undefined when absent or unusable. */
  text(key: string): string | undefined;
  /** openstacksdk's reading: only `true` in any case is true. */
  flag(key: string): boolean | undefined;
  /** A list given as YAML list or separated by commas. */
  list(key: string): readonly string[] | undefined;
  /** A file name with `~` expanded. */
  path(key: string): string | null;
  has(key: string): boolean;
  /** Key and origin as `auth.password (clouds.yaml)`. */
  where(key: string): string;
  fail(message: string): void;
  problem(): Misfit | null;
}

/** Makes a reader over the settings of a cloud. */
export function createReader(settings: Settings, home: string): Reader {
  let first: Misfit | null = null;
  const fail = (message: string): void => {
    first ??= { kind: 'misfit', message };
  };
  const where = (key: string): string => {
    const origin = settings.get(key)?.origin;
    return origin === undefined ? key : `${key} (${origin})`;
  };
  const text = (key: string): string | undefined => {
    const value = settings.get(key)?.value;
    if (value === undefined) return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
      return String(value);
    }
    fail(`${where(key)} must be a text: put its value in quotes`);
    return undefined;
  };
  return {
    text,
    fail,
    where,
    problem: () => first,
    has: (key) => settings.has(key),
    path: (key) => {
      const value = text(key);
      return value === undefined ? null : expandHome(value, home);
    },
    flag: (key) => {
      const value = settings.get(key)?.value;
      if (value === undefined || typeof value === 'boolean') return value;
      return typeof value === 'string' && value.toLowerCase() === 'true';
    },
    list: (key) => {
      const value = settings.get(key)?.value;
      if (value === undefined) return undefined;
      if (Array.isArray(value)) return value.map(String);
      return text(key)
        ?.split(',')
        .map((part) => part.trim());
    },
  };
}

/**
 * Python's `str.format` as openstacksdk applies it to URLs: `{region_name}` is replaced by that
 * setting, `{{` is a brace. Unknown names are an error, as they are there.
 */
export function formatText(template: string, reader: Reader, key: string): string {
  return template.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) return whole[0] ?? '';
    const value = reader.text(name) ?? reader.text(`auth.${name}`);
    if (value === undefined) {
      reader.fail(`${reader.where(key)} uses {${name}}, which is not set: set ${name}`);
    }
    return value ?? '';
  });
}
