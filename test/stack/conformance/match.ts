/**
 * Comparing an answer with what was expected of it.
 */

/** Gives null if it fits, else where and why it does not. */
export function mismatch(actual: unknown, expected: unknown, at = 'body'): string | null {
  if (isObject(expected)) {
    const conditions = Object.keys(expected).filter((key) => key.startsWith('$'));
    if (conditions.length === 0) return membersDiffer(actual, expected, at);
    return first(conditions, (name) => conditionFails(actual, name, expected[name], at));
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return differs(actual, expected, at);
    if (actual.length !== expected.length) {
      return `${at} has ${actual.length} entries, expected ${expected.length}: ${show(actual)}`;
    }
    return first([...expected.keys()], (index) =>
      mismatch(actual[index], expected[index], `${at}[${index}]`),
    );
  }
  return Object.is(actual, expected) ? null : differs(actual, expected, at);
}

/** The member of a body that a path like `server.host` or `list.0.id` leads to. */
export function memberAt(body: unknown, path: string): unknown {
  // A colon or dash may be part of a name, a dot may not.
  return path.split('.').reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)];
    return isObject(value) ? value[key] : undefined;
  }, body);
}

function membersDiffer(
  actual: unknown,
  expected: Readonly<Record<string, unknown>>,
  at: string,
): string | null {
  if (!isObject(actual)) return differs(actual, expected, at);
  return first(Object.keys(expected), (key) =>
    mismatch(actual[key], expected[key], `${at}.${key}`),
  );
}

function conditionFails(actual: unknown, name: string, wanted: unknown, at: string): string | null {
  const fits = ((): boolean => {
    switch (name) {
      case '$match':
        return typeof actual === 'string' && new RegExp(String(wanted)).test(actual);
      case '$type':
        return wanted === (actual === null ? 'null' : typeof actual);
      case '$not':
        return mismatch(actual, wanted) !== null;
      case '$in':
        return Array.isArray(wanted) && wanted.some((one) => mismatch(actual, one) === null);
      case '$some':
        return Array.isArray(actual) && actual.some((one) => mismatch(one, wanted) === null);
      case '$length':
        return Array.isArray(actual) && actual.length === wanted;
      case '$absent':
        return (actual === undefined) === wanted;
      default:
        throw new Error(`there is no condition ${name}`);
    }
  })();
  return fits ? null : differs(actual, { [name]: wanted }, at);
}

function differs(actual: unknown, expected: unknown, at: string): string {
  return `${at} is ${show(actual)}, expected ${show(expected)}`;
}

function show(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}

function first<T>(items: readonly T[], check: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = check(item);
    if (found !== null) return found;
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
