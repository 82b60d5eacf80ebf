import type { Evacuation } from '../../domain/evacuation.ts';
import type { HostName } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time.ts';
import { decodeRecord, encodeRecord, FORMAT, fromNewer, parseJson, type Decoded } from './codec.ts';

/**
 * What lies in the CIB for one host: the record without its instances (those are in the file store
 * of the machine that `keeper` names), so that a few hundred bytes are replicated and not 300 kB.
 */
export interface Entry {
  /** Counts the writes to the entry; the record's version for every machine but the keeper. */
  readonly version: number;
  /** What the keeper adds to the version of its file to get the record's version. */
  readonly offset: number;
  /** Grows when another machine becomes the keeper. */
  readonly epoch: number;
  /** Which machine's file store holds the progress; null: none yet. */
  readonly keeper: string | null;
  /** True while the newest write is one of another machine, which the keeper has not taken up yet. */
  readonly foreign: boolean;
  readonly core: Evacuation;
}

/**
 * The text of an entry: `v1:version:phase:event:base64url(JSON)`. The head is for people who look at
 * it with crm_attribute; the rest is coded so that neither crmsh nor XPath has to quote anything.
 */
export function encodeEntry({ version, core, ...rest }: Entry): string {
  const body = JSON.stringify({ ...rest, record: encodeRecord(core) });
  const coded = Buffer.from(body, 'utf8').toString('base64url');
  return `v1:${String(version)}:${core.phase}:${core.mark.event}:${coded}`;
}

/** Reads an entry; `host` is whose it must be. */
export function decodeEntry(text: string, host: HostName): Decoded<Entry> {
  const format = Number(/^v(\d+):/.exec(text)?.[1] ?? 0);
  if (format > FORMAT) return fromNewer(format);
  const match = /^v1:(\d+):[a-z]+:[^:]*:([\w-]+)$/.exec(text);
  if (match === null) return damaged('it was not written by nova-ha');
  const [, version = '', coded = ''] = match;
  const parsed = parseJson(Buffer.from(coded, 'base64url').toString('utf8'));
  if (parsed.kind === 'damaged') return parsed;
  const body = parsed.value;
  if (typeof body !== 'object' || body === null) return damaged('its body is no object');
  const { offset, epoch, keeper, foreign, record } = body as Readonly<Record<string, unknown>>;
  if (typeof offset !== 'number' || typeof epoch !== 'number' || typeof record !== 'string')
    return damaged('its body is cut off');
  const core = decodeRecord(record, host);
  if (core.kind === 'damaged') return core;
  return {
    kind: 'decoded',
    value: {
      version: Number(version),
      offset,
      epoch,
      keeper: typeof keeper === 'string' ? keeper : null,
      foreign: foreign === true,
      core: core.value,
    },
  };
}

/** The part of a record that goes into the CIB. */
export const coreOf = (evacuation: Evacuation): Evacuation => ({
  ...evacuation,
  instances: {},
});

/**
 * Whether two records differ in what must be replicated at once. Signs of life, the steps of the way
 * back and the reasons change often and can be observed anew, so they alone cause no write.
 */
export function sameCore(a: Evacuation, b: Evacuation): boolean {
  return essence(a) === essence(b);
}

/** What every controller must know at once: whoever takes over has nothing else. */
const ESSENTIAL: readonly (keyof Evacuation)[] = [
  'host',
  'mark',
  'phase',
  'phaseSince',
  'proof',
  'isolation',
  'excused',
  'lostAt',
  'reserve',
];

const essence = (record: Evacuation): string => JSON.stringify(ESSENTIAL.map((key) => record[key]));

const isEssential = (key: string): boolean => (ESSENTIAL as readonly string[]).includes(key);

const essentials = (record: Evacuation): Partial<Evacuation> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => isEssential(key)));

/** What the file alone is kept up to date with, but for the instances. */
const besides = (record: Evacuation): Partial<Evacuation> =>
  Object.fromEntries(
    Object.entries(record).filter(([key]) => key !== 'instances' && !isEssential(key)),
  );

/**
 * The record as this machine may act on it. Only the keeper knows the instances, and only if its
 * file is about the same event. A keeper without them (its directory was wiped) goes back to `marked`:
 * the inventory is taken anew, where an empty list would pass for "everything is done".
 */
export function presentedRecord(
  entry: Entry,
  file: Evacuation | null,
  as: { readonly keeper: string; readonly now: Instant },
): Evacuation {
  const { core } = entry;
  if (entry.keeper !== as.keeper) return core;
  if (file?.mark.event !== core.mark.event) return restarted(core, as.now);
  const { instances } = file;
  // After a write of another machine, what it wrote about life and way back is the newer word.
  if (entry.foreign || !sameMark(file, core)) return { ...core, instances };
  // Both are whole records, so together they are one.
  return { ...essentials(core), ...besides(file), instances } as Evacuation;
}

/** Whether two records are about the same report of a failure. */
export const sameMark = (a: Evacuation, b: Evacuation): boolean =>
  JSON.stringify(a.mark) === JSON.stringify(b.mark);

/**
 * Whether a writer without lease leaves what the file is believed for as it is, so that the mark can
 * be written although the file cannot (a full disk must not keep a host from being marked).
 */
export function fileUntouched(next: Evacuation, file: Evacuation | null): boolean {
  if (file?.mark.event !== next.mark.event) return Object.keys(next.instances).length === 0;
  const kept = (record: Evacuation): string =>
    JSON.stringify([record.instances, ...(sameMark(file, next) ? sorted(besides(record)) : [])]);
  return kept(next) === kept(file);
}

const sorted = (fields: object): readonly unknown[] =>
  Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * The record of an evacuation whose progress is lost: what was under way is found again in Nova, and
 * requests that were about to reach it get time to show before anything is sent.
 */
export const restarted = (core: Evacuation, now: Instant): Evacuation =>
  core.phase === 'evacuating' ? { ...core, phase: 'marked', instances: {}, lostAt: now } : core;

const damaged = (problem: string): { readonly kind: 'damaged'; readonly problem: string } => ({
  kind: 'damaged',
  problem,
});
