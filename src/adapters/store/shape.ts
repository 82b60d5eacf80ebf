/**
 * A check of the structure of a parsed value: null when it fits, else what is wrong and where. The
 * type parameter ties it to a domain type, so that a field added there fails to compile here.
 * Hand-written because a record with 1,000 instances is read in every turn.
 */
export interface Shape<T> {
  (value: unknown): string | null;
  readonly of?: T;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

const wrong = (expected: string, value: unknown): string =>
  `: expected ${expected}, found ${found(value)}`;

/** A text; also for the branded names, which are texts at run time. */
export const text = <T extends string = string>(): Shape<T> => {
  return (value) => (typeof value === 'string' ? null : wrong('a text', value));
};

/** A finite number. */
export const number: Shape<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? null : wrong('a number', value);

/** True or false. */
export const truth: Shape<boolean> = (value) =>
  typeof value === 'boolean' ? null : wrong('true or false', value);

/** One of a closed set of texts. */
export function oneOf<T extends string>(allowed: readonly T[]): Shape<T> {
  const set = new Set<unknown>(allowed);
  return (value) => (set.has(value) ? null : wrong(`one of ${allowed.join(', ')}`, value));
}

/** Null or the inner shape. */
export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : inner(value));
}

/** Nothing or the inner shape: for what is left out when it is the default, and by earlier releases. */
export function optional<T>(inner: Shape<T>): Shape<T | undefined> {
  return (value) => (value === undefined ? null : inner(value));
}

/** A list of which every element fits. */
export function list<T>(inner: Shape<T>): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return wrong('a list', value);
    for (let index = 0; index < value.length; index += 1) {
      const problem = inner(value[index]);
      if (problem !== null) return `[${String(index)}]${problem}`;
    }
    return null;
  };
}

/** An object with free keys of which every value fits. */
export function table<T>(inner: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isObject(value)) return wrong('an object', value);
    for (const key of Object.keys(value)) {
      const problem = inner(value[key]);
      if (problem !== null) return `.${key}${problem}`;
    }
    return null;
  };
}

/** An object with these fields; further ones are left alone, a newer release may have written them. */
export function object<T extends object>(fields: {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Shape<T[K] | undefined> : Shape<T[K]>;
}): Shape<T> {
  const checks = Object.entries<Shape<unknown>>(fields);
  return (value) => {
    if (!isObject(value)) return wrong('an object', value);
    for (const [key, check] of checks) {
      const problem = check(value[key]);
      if (problem !== null) return `.${key}${problem}`;
    }
    return null;
  };
}

/** An object whose shape is told by the text in its field `tag`. */
export function variant<T extends object, Tag extends keyof T & string>(
  tag: Tag,
  cases: { readonly [K in T[Tag] & string]: Shape<Extract<T, Readonly<Record<Tag, K>>>> },
): Shape<T> {
  const shapes = new Map(Object.entries<Shape<unknown>>(cases));
  return (value) => {
    if (!isObject(value)) return wrong('an object', value);
    const name = value[tag];
    const shape = typeof name === 'string' ? shapes.get(name) : undefined;
    if (shape !== undefined) return shape(value);
    return `.${tag}${wrong(`one of ${[...shapes.keys()].join(', ')}`, name)}`;
  };
}
