import * as v from 'valibot';
import { parse } from 'yaml';
import { didYouMean } from '../domain/nearest.ts';
import { AS_WRITTEN } from './as-written.ts';
import { clipped, type Flaw, type ValueKind } from './values.ts';

type Read<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'flawed'; readonly flaws: readonly Flaw[] };

/** A kind whose value has parts, each of which may be wrong in its own place. */
function structured<T>(options: {
  readonly type: string;
  readonly read: (value: unknown) => Read<T>;
  readonly show: (value: T) => string;
}): ValueKind<T> {
  const { type, show } = options;
  // Environment variables and options hold text: YAML in its short form, which JSON is too.
  const read = (value: unknown): Read<T> =>
    options.read(typeof value === 'string' ? fromYaml(value) : value);
  return {
    type,
    show,
    schema: v.pipe(
      v.unknown(),
      v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
        const outcome = read(dataset.value);
        if (outcome.kind === 'ok') return outcome.value;
        addIssue({ message: `must be ${type}` });
        return NEVER;
      }),
    ),
    flaws: (value) => {
      const outcome = read(value);
      return outcome.kind === 'ok' ? [] : outcome.flaws;
    },
  };
}

function fromYaml(text: string): unknown {
  try {
    const value: unknown = parse(text, AS_WRITTEN);
    // What refers to itself is no value; whoever quotes it in a message would fail.
    JSON.stringify(value);
    return value;
  } catch {
    return text;
  }
}

/** Names with values of one kind; the values are never quoted in messages when `quiet`. */
export function mapOf<T>(
  kinds: { readonly name: ValueKind<string>; readonly value: ValueKind<T> },
  options: { readonly type: string; readonly quiet?: boolean },
): ValueKind<Readonly<Record<string, T>>> {
  const { name, value: kind } = kinds;
  return structured<Readonly<Record<string, T>>>({
    type: options.type,
    read: (value) => {
      if (!isPlainObject(value)) return flawed([mustBe(options.type, value, options.quiet)]);
      const flaws: Flaw[] = [];
      const pairs: (readonly [string, T])[] = [];
      for (const [key, part] of Object.entries(value)) {
        if (!v.is(name.schema, key))
          flaws.push({
            path: [key],
            at: 'name',
            says: (own) => `the name in ${own} must be ${name.type}.`,
          });
        const read = readPart(kind, part, options.quiet);
        if (read.kind === 'ok') pairs.push([key, read.value]);
        else flaws.push(...read.flaws.map((flaw) => below(key, flaw)));
      }
      return flaws.length > 0 ? flawed(flaws) : ok(Object.fromEntries(pairs));
    },
    show: (map) =>
      `{${Object.entries(map)
        .map(([key, part]) => `${key}: ${kind.show(part)}`)
        .join(', ')}}`,
  });
}

/** A list whose entries have parts. */
export const sequenceOf = <T>(kind: ValueKind<T>, type: string): ValueKind<readonly T[]> =>
  structured<readonly T[]>({
    type,
    read: (value) => {
      if (!Array.isArray(value)) return flawed([mustBe(type, value, true)]);
      const parts: T[] = [];
      const flaws: Flaw[] = [];
      value.forEach((part: unknown, index) => {
        const read = readPart(kind, part, true);
        if (read.kind === 'ok') parts.push(read.value);
        else flaws.push(...read.flaws.map((flaw) => below(index, flaw)));
      });
      return flaws.length > 0 ? flawed(flaws) : ok(parts);
    },
    show: (parts) => `[${parts.map(kind.show).join(', ')}]`,
  });

/** A part of an object: its kind, and what holds when it is left out (undefined: it must be given). */
export interface Field<T> {
  readonly kind: ValueKind<Exclude<T, null>>;
  readonly fallback?: T;
}

/** The value that fields describe. */
export type Fields<Shape> = { readonly [K in keyof Shape]: Field<Shape[K]> };

/** An object with known names; a name that is none is answered with the nearest. */
export function objectOf<Shape extends object>(options: {
  readonly type: string;
  readonly fields: Fields<Shape>;
  readonly show: (value: Shape) => string;
}): ValueKind<Shape> {
  const { type, fields, show } = options;
  const known = Object.entries<Field<unknown>>(fields as Readonly<Record<string, Field<unknown>>>);
  const names = known.map(([name]) => name);
  return structured<Shape>({
    type,
    read: (value) => {
      if (!isPlainObject(value)) return flawed([mustBe(type, value, true)]);
      const given = Object.entries(value);
      const nameOf = (key: string): string => key.replaceAll('-', '_');
      const flaws: Flaw[] = given
        .filter(([key]) => !names.includes(nameOf(key)))
        .map(([key]) => strange(key, names));
      const shape: Record<string, unknown> = {};
      for (const [name, { kind, fallback }] of known) {
        const [pair] = given.filter(([key]) => nameOf(key) === name);
        if (pair === undefined) {
          shape[name] = fallback;
          if (fallback === undefined) flaws.push(missing(name, kind.type));
          continue;
        }
        const read = readPart(kind, pair[1]);
        if (read.kind === 'ok') shape[name] = read.value;
        else flaws.push(...read.flaws.map((flaw) => below(pair[0], flaw)));
      }
      return flaws.length > 0 ? flawed(flaws) : ok(shape as Shape);
    },
    show,
  });
}

/** An object of which any part may be left out; what is left out is absent. */
export const someOf = (
  kinds: Readonly<Record<string, ValueKind<unknown>>>,
  type: string,
): ValueKind<Readonly<Record<string, unknown>>> =>
  structured({
    type,
    read: (value) => {
      if (!isPlainObject(value)) return flawed([mustBe(type, value, true)]);
      const flaws: Flaw[] = [];
      const parts: Record<string, unknown> = {};
      for (const [key, part] of Object.entries(value)) {
        const name = key.replaceAll('-', '_');
        const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
        if (kind === undefined) {
          flaws.push(strange(key, Object.keys(kinds)));
          continue;
        }
        const read = readPart(kind, part);
        if (read.kind === 'ok') parts[name] = read.value;
        else flaws.push(...read.flaws.map((flaw) => below(key, flaw)));
      }
      return flaws.length > 0 ? flawed(flaws) : ok(parts);
    },
    show: (parts) =>
      `{${Object.entries(parts)
        .map(([name, part]) => `${name}: ${kinds[name]?.show(part) ?? ''}`)
        .join(', ')}}`,
  });

/** A kind of which not every value will do; the problem completes "select.rules[0] ...". */
export const restricted = <T>(
  kind: ValueKind<T>,
  problemOf: (value: T) => string | null,
): ValueKind<T> =>
  structured({
    type: kind.type,
    read: (value) => {
      const read = readPart(kind, value, true);
      const problem = read.kind === 'ok' ? problemOf(read.value) : null;
      if (problem === null) return read;
      return flawed([{ path: [], at: 'value', says: (own) => `${own} ${problem}.` }]);
    },
    show: kind.show,
  });

function readPart<T>(kind: ValueKind<T>, value: unknown, quiet = false): Read<T> {
  const result = v.safeParse(kind.schema, value);
  if (result.success) return ok(result.output);
  return flawed(kind.flaws?.(value) ?? [mustBe(kind.type, value, quiet)]);
}

const ok = <T>(value: T): Read<T> => ({ kind: 'ok', value });
const flawed = (flaws: readonly Flaw[]): Read<never> => ({ kind: 'flawed', flaws });

const below = (step: string | number, flaw: Flaw): Flaw => ({
  ...flaw,
  path: [step, ...flaw.path],
});

const mustBe = (type: string, value: unknown, quiet = false): Flaw => ({
  path: [],
  at: 'value',
  says: (own) => `${own} must be ${type}${quiet ? '' : `, not ${clipped(value)}`}.`,
});

const missing = (name: string, type: string): Flaw => ({
  path: [],
  at: 'value',
  says: (own) => `${own} needs ${name}: ${type}.`,
});

function strange(key: string, names: readonly string[]): Flaw {
  const near = didYouMean(key, names) ?? `There may be: ${names.join(', ')}.`;
  return { path: [key], at: 'name', says: (own) => `unknown key "${own}". ${near}` };
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
