import * as v from 'valibot';
import { hostNameProblem } from '../domain/ids.ts';
import { formatDuration, parseDuration } from './duration.ts';

/** A kind of value: how it is described, checked and written. */
export interface ValueKind<T> {
  /** Completes "must be …" and stands in the documentation. */
  readonly type: string;
  /** Takes what a YAML file holds as well as the text of an environment variable or option. */
  readonly schema: v.GenericSchema<unknown, T>;
  readonly show: (value: T) => string;
  /** Where a value of several parts is wrong; called for values that the schema does not take. */
  readonly flaws?: (value: unknown) => readonly Flaw[];
  /** Set when `show` leaves secrets out by itself. */
  readonly masked?: true;
}

/** What is wrong about a part of a value. */
export interface Flaw {
  /** The way to the part, by names and by places in lists. */
  readonly path: readonly (string | number)[];
  /** Whether the name of the part is wrong, or what stands there. */
  readonly at: 'name' | 'value';
  /** The sentence about it, given what the part is called, such as `power[0].timeout`. */
  readonly says: (part: string) => string;
}

/** Texts, and numbers as text: for names like `0815`. */
export const asText = v.union([v.string(), v.pipe(v.number(), v.transform(String))]);

/** A text that is not empty; numbers are taken as text, for names like `0815`. */
export const text = (type = 'a text'): ValueKind<string> => ({
  type,
  schema: v.pipe(asText, v.trim(), v.minLength(1)),
  show: (value) => value,
});

/** A secret: taken letter by letter, but for the line break that files and `echo` put behind it. */
export const verbatim = (): ValueKind<string> => ({
  type: 'a text',
  schema: v.pipe(
    asText,
    v.transform((written) => written.replace(/\r?\n$/, '')),
    v.minLength(1),
  ),
  show: (value) => value,
});

/** A text that may be empty, which switches something off. */
export const textOrNone = (): ValueKind<string> => ({
  type: 'a text (may be empty)',
  schema: v.pipe(asText, v.trim()),
  show: (value) => value,
});

/** A file or directory; absolute, because a daemon and a shell have different working directories. */
export const path = (): ValueKind<string> => ({
  type: 'an absolute path (or one that begins with ~/)',
  schema: v.pipe(v.string(), v.regex(/^(\/|~\/)./)),
  show: (value) => value,
});

/** A whole number between two bounds, both included. */
export const integer = (min: number, max: number): ValueKind<number> => ({
  type: `a whole number from ${String(min)} to ${String(max)}`,
  schema: v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+(\.0+)?$/), v.transform(Number))]),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
  ),
  show: String,
});

/** A share of a whole, from 0 to 1; `50%` is taken too. */
export const share = (): ValueKind<number> => ({
  type: 'a share from 0 to 1 (or from 0% to 100%)',
  schema: v.pipe(
    v.union([
      v.number(),
      v.pipe(v.string(), v.regex(/^(\d+(\.\d+)?|\.\d+)%?$/), v.transform(toShare)),
    ]),
    v.minValue(0),
    v.maxValue(1),
  ),
  show: String,
});

const toShare = (written: string): number =>
  written.endsWith('%') ? Number(written.slice(0, -1)) / 100 : Number(written);

/** A length of time in milliseconds, written `30s`, `5m`, `1h30m` or as a number of seconds. */
export const duration = (minMs: number, maxMs: number): ValueKind<number> => ({
  type: `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
  schema: v.pipe(
    asText,
    v.transform(parseDuration),
    v.number(),
    v.minValue(minMs),
    v.maxValue(maxMs),
  ),
  show: formatDuration,
});

const SWITCHES: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

/** `true` or `false`; the words of YAML 1.1 (`yes`, `off`) are understood too. */
export const flag = (): ValueKind<boolean> => ({
  type: 'true or false',
  schema: v.union([
    v.boolean(),
    v.pipe(
      asText,
      v.transform((written) => SWITCHES[written.toLowerCase()]),
      v.boolean(),
    ),
  ]),
  show: String,
});

/** A name of a machine, as Nova and Pacemaker have them. */
export const machineName = (): ValueKind<string> => ({
  type: 'a host name (letters, digits, ".", "-" and "_")',
  schema: v.pipe(
    asText,
    v.trim(),
    v.check((written) => hostNameProblem(written) === null),
  ),
  show: (value) => value,
});

/** One of a few words. */
export const oneOf = <const T extends string>(...words: readonly T[]): ValueKind<T> => ({
  type: alternatives(words),
  schema: v.picklist(words),
  show: (value) => value,
});

/** A list of values of one kind; in an environment variable they stand with commas between them. */
export const listOf = <T>(kind: ValueKind<T>): ValueKind<readonly T[]> => ({
  type: `a list; every entry is ${kind.type}`,
  schema: v.pipe(
    v.union([
      v.array(v.unknown()),
      v.pipe(
        v.string(),
        v.transform((written) => written.split(',').map((entry) => entry.trim())),
      ),
    ]),
    v.minLength(1),
    v.array(kind.schema),
  ),
  show: (values) => `[${values.map(kind.show).join(', ')}]`,
});

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** A value as messages quote it: as JSON, and not too long. */
export function clipped(value: unknown): string {
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}
