import { fault, queryValue } from '../request.ts';
import type { ApiResponse, Query } from '../request.ts';

/** Writes a JSON value as Python does, for Nova's messages. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return value.includes("'") ? `"${value}"` : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, item]) => `'${key}': ${pythonRepr(item)}`);
    return `{${entries.join(', ')}}`;
  }
  return typeof value === 'number' ? String(value) : 'None';
}

/** Nova's text for properties that a schema does not know; undefined if there are none. */
export function unexpectedProperties(
  names: readonly string[],
  known: ReadonlySet<string>,
): string | undefined {
  const extra = names.filter((name) => !known.has(name)).sort();
  if (extra.length === 0) return undefined;
  const list = extra.map((name) => `'${name}'`).join(', ');
  return `Additional properties are not allowed (${list} ${extra.length === 1 ? 'was' : 'were'} unexpected)`;
}

/** A value inside a sentence of Nova: strings bare, everything else as Python writes it. */
function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** Nova's text for an invalid value below the top of a body. */
export function invalidField(path: string, value: unknown, message: string): ApiResponse {
  return fault(
    400,
    `Invalid input for field/attribute ${path}. Value: ${pythonText(value)}. ${message}`,
  );
}

/** Nova's text for an invalid value in a query. */
export function invalidQuery(name: string, value: string, message: string): ApiResponse {
  return fault(400, `Invalid input for query parameters ${name}. Value: ${value}. ${message}`);
}

/** Refuses unknown query parameters, as list calls do from some microversion on. */
export function refuseUnknownQuery(
  query: Query,
  known: ReadonlySet<string>,
): ApiResponse | undefined {
  const message = unexpectedProperties(Object.keys(query), known);
  return message === undefined ? undefined : fault(400, message);
}

/** Limit of a page, or Nova's 400; `maxLimit` caps it in silence. */
export function readLimit(query: Query, maxLimit: number): number | ApiResponse {
  const text = queryValue(query, 'limit');
  if (text === undefined) return maxLimit;
  if (!/^[0-9]+$/.test(text)) {
    return invalidQuery('limit', text, `'${text}' does not match '^[0-9]*$'`);
  }
  return Math.min(Number(text), maxLimit);
}

const TRUE_WORDS = ['True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes'];
const FALSE_WORDS = ['False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no'];

/** What Nova's messages list as acceptable booleans. */
export const BOOLEAN_WORDS: readonly unknown[] = [true, ...TRUE_WORDS, false, ...FALSE_WORDS];

/** A boolean as Nova's schemas accept it: a real one or one of many words. */
export function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  if (TRUE_WORDS.includes(value)) return true;
  return FALSE_WORDS.includes(value) ? false : undefined;
}

/** Whether a text is a UUID as Nova accepts it. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text);
}

/** Reads an ISO time; undefined if it is none. A time without a zone is UTC, as everywhere in Nova. */
export function readTime(text: string): number | undefined {
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(text);
  const timeMs = Date.parse(hasZone ? text : `${text}Z`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
