import type { Evacuation } from '../../domain/evacuation.ts';
import type { HostName } from '../../domain/ids.ts';
import type { Summary } from '../../domain/summary.ts';
import type { HistoryEntry } from '../../engine/ports.ts';
import { evacuationShape, historyShape, summaryShape } from './record-shape.ts';
import type { Shape } from './shape.ts';

/** The number in every text that we write; it grows when an older release could not read it. */
export const FORMAT = 1;

/** A decoded value, or a sentence fragment that says what is wrong with the text and how to mend it. */
export type Decoded<T> =
  { readonly kind: 'decoded'; readonly value: T } | ({ readonly kind: 'damaged' } & Damage);

/** What is wrong with a text, as a sentence fragment. */
export interface Damage {
  readonly problem: string;
  /** A newer release wrote it: nothing is wrong with the text, this release is too old for it. */
  readonly newer?: true;
}

/** What cannot be read, why, and what helps; nobody is told to throw away what a newer release wrote. */
export const damageText = (what: string, { problem, newer }: Damage, remedy: string): string =>
  newer === true
    ? `${what} cannot be read: ${problem}`
    : `${what} is damaged: ${problem}; ${remedy}`;

/** The damage that is none: what a newer release wrote. */
export const fromNewer = (format: number): { readonly kind: 'damaged' } & Damage => ({
  kind: 'damaged',
  problem: `it is in format ${String(format)} of a newer nova-ha, this one reads up to ${String(FORMAT)}: update this one`,
  newer: true,
});

/** The text of a record. */
export const encodeRecord = (evacuation: Evacuation): string => wrap('record', evacuation);

/** The text of a summary; one line. */
export const encodeSummary = (summary: Summary): string => wrap('summary', summary);

/** The text of a history entry; one line. */
export const encodeHistory = (entry: HistoryEntry): string => wrap('history', entry);

/** Reads a record; `host` is whose it must be. */
export function decodeRecord(text: string, host: HostName): Decoded<Evacuation> {
  return belongsTo(host, unwrap('record', evacuationShape, text));
}

/** Reads a summary; `host` is whose it must be. */
export function decodeSummary(text: string, host: HostName): Decoded<Summary> {
  return belongsTo(host, unwrap('summary', summaryShape, text));
}

/** Reads a history entry. */
export const decodeHistory = (text: string): Decoded<HistoryEntry> =>
  unwrap('history', historyShape, text);

type Kind = 'record' | 'summary' | 'history' | 'board';

/** The text of a document of one kind. */
export const wrap = (kind: Kind, value: unknown): string =>
  JSON.stringify({ format: FORMAT, [kind]: value });

/** Parses a text as JSON without throwing. */
export function parseJson(text: string): Decoded<unknown> {
  try {
    return { kind: 'decoded', value: JSON.parse(text) as unknown };
  } catch {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    return damaged(text === '' ? 'it is empty' : `it is no JSON (${JSON.stringify(shown)})`);
  }
}

/** Reads a document of one kind. */
export function unwrap<T>(kind: Kind, shape: Shape<T>, text: string): Decoded<T> {
  const parsed = parseJson(text);
  if (parsed.kind === 'damaged') return parsed;
  const outer = parsed.value;
  if (typeof outer !== 'object' || outer === null || !('format' in outer)) {
    return damaged('it was not written by nova-ha (no "format")');
  }
  if (typeof outer.format === 'number' && outer.format > FORMAT) {
    return fromNewer(outer.format);
  }
  if (outer.format !== FORMAT)
    return damaged(`its format ${JSON.stringify(outer.format)} is unknown`);
  const value = (outer as Readonly<Record<string, unknown>>)[kind];
  const problem = shape(value);
  // The shape has just proven what the type says.
  return problem === null ? { kind: 'decoded', value: value as T } : damaged(`${kind}${problem}`);
}

function belongsTo<T extends { readonly host: HostName }>(
  host: HostName,
  decoded: Decoded<T>,
): Decoded<T> {
  if (decoded.kind === 'damaged' || decoded.value.host === host) return decoded;
  return damaged(`it says that it belongs to host ${JSON.stringify(decoded.value.host)}`);
}

const damaged = (problem: string): { readonly kind: 'damaged'; readonly problem: string } => ({
  kind: 'damaged',
  problem,
});
