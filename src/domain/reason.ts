import type { Severity } from './reason-entry.ts';
import { REASONS_OF_HOSTS } from './reasons-of-hosts.ts';
import { REASONS_OF_INSTANCES } from './reasons-of-instances.ts';
import { REASONS_OF_MOVES } from './reasons-of-moves.ts';
import { REASONS_OF_RESERVES } from './reasons-of-reserves.ts';

/**
 * The one catalogue of reasons: log, page, command line and docs are made from it. Codes are never
 * reused.
 */
export const CATALOGUE = {
  ...REASONS_OF_HOSTS,
  ...REASONS_OF_INSTANCES,
  ...REASONS_OF_MOVES,
  ...REASONS_OF_RESERVES,
} as const;

/** A code of the catalogue. */
export type ReasonCode = keyof typeof CATALOGUE;

/** A reason with the values of its parameters. */
export interface Reason {
  readonly code: ReasonCode;
  readonly values: Readonly<Record<string, string>>;
}

/** Makes a reason; values are texts so that a reason is stable under JSON. */
export function because(code: ReasonCode, values: Record<string, string | number> = {}): Reason {
  return {
    code,
    values: Object.fromEntries(Object.entries(values).map(([key, v]) => [key, String(v)])),
  };
}

const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

/** The sentence of a reason, without its code. */
export const sentenceOf = (reason: Reason): string =>
  fill(CATALOGUE[reason.code].sentence, reason.values);

/** What the reader can do about it. */
export const remedyOf = (reason: Reason): string =>
  fill(CATALOGUE[reason.code].remedy, reason.values);

/** How loud it is. */
export const severityOf = (reason: Reason): Severity => CATALOGUE[reason.code].severity;
