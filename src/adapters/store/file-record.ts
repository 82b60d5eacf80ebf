import type { Evacuation } from '../../domain/evacuation.ts';
import type { HostName } from '../../domain/ids.ts';
import { summaryOf, type Summary } from '../../domain/summary.ts';
import {
  decodeRecord,
  decodeSummary,
  encodeRecord,
  encodeSummary,
  FORMAT,
  fromNewer,
  parseJson,
  type Decoded,
} from './codec.ts';
import { number, object } from './shape.ts';

/**
 * The first line of a version file. `version` counts the writes of the record; it lags behind the
 * file's number, because a new leaseholder adds a file with a higher epoch and the same record.
 */
export interface Header {
  readonly format: number;
  /** 0: there is no record yet, only a lease was taken. */
  readonly version: number;
  readonly epoch: number;
}

const headerShape = object<Header>({ format: number, version: number, epoch: number });

/** The header that stands for a host without any file. */
export const noHeader: Header = { format: FORMAT, version: 0, epoch: 0 };

/** How many lines tell header and summary. */
export const HEAD_LINES = 2;

/** The text of a version file: header, summary and record, a line each. */
export function encodeVersion(
  counters: { readonly version: number; readonly epoch: number },
  evacuation: Evacuation,
): string {
  const body = [encodeSummary(summaryOf(evacuation)), encodeRecord(evacuation), ''];
  return [JSON.stringify({ format: FORMAT, ...counters }), ...body].join('\n');
}

/** The same version with another epoch: what shuts out the holder of an older lease. */
export function withEpoch(header: Header, text: string, epoch: number): string {
  const body = header.version === 0 ? '' : text.slice(text.indexOf('\n') + 1);
  return `${JSON.stringify({ ...header, epoch })}\n${body}`;
}

/** Reads the first line. */
export function decodeHeader(text: string): Decoded<Header> {
  const parsed = parseJson(text.split('\n', 1)[0] ?? '');
  if (parsed.kind === 'damaged') return parsed;
  const problem = headerShape(parsed.value);
  if (problem !== null) return { kind: 'damaged', problem: `its header${problem}` };
  const header = parsed.value as Header;
  if (header.format === FORMAT) return { kind: 'decoded', value: header };
  if (header.format > FORMAT) return fromNewer(header.format);
  return { kind: 'damaged', problem: `its format ${String(header.format)} is unknown` };
}

/** Reads the summary; null when there is no record. */
export function decodeHead(text: string, host: HostName): Decoded<Summary | null> {
  const header = decodeHeader(text);
  if (header.kind === 'damaged') return header;
  if (header.value.version === 0) return { kind: 'decoded', value: null };
  return decodeSummary(text.split('\n', 2)[1] ?? '', host);
}

/** Reads header and record; the record is null when there is none. */
export function decodeVersion(
  text: string,
  host: HostName,
): Decoded<{ readonly header: Header; readonly evacuation: Evacuation | null }> {
  const header = decodeHeader(text);
  if (header.kind === 'damaged') return header;
  if (header.value.version === 0) {
    return { kind: 'decoded', value: { header: header.value, evacuation: null } };
  }
  const record = decodeRecord(text.split('\n', 3)[2] ?? '', host);
  if (record.kind === 'damaged') return record;
  return { kind: 'decoded', value: { header: header.value, evacuation: record.value } };
}
