import type { HostName } from '../../domain/ids.ts';
import { because, severityOf } from '../../domain/reason.ts';
import type { Known } from '../../domain/known.ts';
import { formatInstant, formatMillis, type Instant } from '../../domain/time.ts';
import { reportOf, type HostReport } from '../../engine/report.ts';
import { boardLines, viewBoard } from './board.ts';
import { columns, foldedColumns, printable, type Cell } from './columns.ts';
import type { ExitName } from './exit.ts';
import { doneOf, instanceLines, progressText } from './frame.ts';
import { say, sayJson, tell, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import type { Doors, GlobalOptions, Parts } from './parts.ts';
import type { StatusOptions } from './program-marks.ts';
import { loudestFirst, reasonText, refuse } from './refusal.ts';
import { hostJson, reportJson } from './report-json.ts';
import { storeTrouble, withParts } from './session.ts';
import { createView, troubleText } from './views.ts';
import { watchHost } from './watch.ts';
import { verdictOn } from './verdict.ts';

/** `status [HOST]`: reads the store only, so it works while OpenStack does not. */
export function status(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName | undefined,
  options: StatusOptions,
): Promise<ExitName> {
  return withParts(doors, global, io, (parts) => {
    if (host === undefined)
      return options.watch === true ? watchAll(parts, io, options) : all(parts, io, options);
    return options.watch === true
      ? watchOne(parts, io, host, options)
      : one(parts, io, host, options);
  });
}

async function one(
  parts: Parts,
  io: Io,
  host: HostName,
  options: StatusOptions,
): Promise<ExitName> {
  const read = await parts.store.read(host);
  if (read.kind === 'unknown') return storeTrouble(parts, io, read.why);
  if (read.value === null) {
    for (const line of boardLines(io, await viewBoard(parts, host))) tell(io, line);
    return refuse(io, because('NH603', { host }));
  }
  const now = parts.clock.now();
  const report = reportOf(read.value.evacuation, now);
  const board = await viewBoard(parts, host);
  const document = { at: formatInstant(now), ...board.json, ...reportJson(report) };
  if (await structured(io, document, options)) return 'done';
  const paint = createPaint(io);
  for (const line of boardLines(io, board)) say(io, line);
  say(io, `${paint.strong(report.host)}  ${report.phase}  ${report.event}`);
  say(io, progressText(report));
  for (const reason of loudestFirst(report.reasons))
    say(io, paint.severity(severityOf(reason), reasonText(reason)));
  if (report.rows.length > 0) say(io, '');
  const width = io.isTty ? io.size().columns : null;
  if (report.rows.length > 0)
    for (const line of instanceLines(report.rows, paint, width)) say(io, line);
  return 'done';
}

async function watchOne(
  parts: Parts,
  io: Io,
  host: HostName,
  options: StatusOptions,
): Promise<ExitName> {
  const view = await createView(io, options);
  const watched = await watchHost({ ...parts, host, view, ...WATCH, signal: io.signal });
  if (watched.kind === 'no-record') return refuse(io, because('NH603', { host }));
  if (watched.kind !== 'over') return 'done';
  const now = parts.clock.now();
  view.summary(reportOf(watched.evacuation, now), verdictOn(watched.evacuation), now);
  return 'done';
}

const WATCH = { everyMs: 500, deadlineMs: null } as const;

async function all(parts: Parts, io: Io, options: StatusOptions): Promise<ExitName> {
  const reports = await reportsOf(parts);
  if (reports.kind === 'unknown') return storeTrouble(parts, io, reports.why);
  const at = formatInstant(parts.clock.now());
  const board = await viewBoard(parts);
  const document = { at, ...board.json, hosts: reports.value.map(hostJson) };
  if (await structured(io, document, options)) return 'done';
  for (const line of boardLines(io, board)) say(io, line);
  if (reports.value.length === 0) tell(io, 'No host is marked.');
  else for (const line of table(io, reports.value, parts.clock.now())) say(io, line);
  return 'done';
}

async function watchAll(parts: Parts, io: Io, options: StatusOptions): Promise<ExitName> {
  const live = io.isTty && options.json !== true && options.yaml !== true ? await io.live() : null;
  let before = '';
  let trouble = '';
  while (!io.signal.aborted) {
    const reports = await reportsOf(parts);
    const now = parts.clock.now();
    const board = await viewBoard(parts);
    const why = reports.kind === 'unknown' ? printable(troubleText(reports.why)) : '';
    if (live !== null) {
      const lines = reports.kind === 'unknown' ? [why] : liveTable(io, reports.value, now);
      live.draw(inFrame(io, [...boardLines(io, board, io.size().columns), ...lines]));
    } else if (reports.kind === 'known') {
      // In a pipe only what changed, and time passing is no change.
      const still = reports.value.map((report) => ({ ...report, etaMs: 0 }));
      const shown = JSON.stringify([board.json, still]);
      if (shown !== before) await all(parts, io, options);
      before = shown;
    } else if (trouble === '') tell(io, why);
    trouble = why;
    await parts.clock.sleep(1000, io.signal);
  }
  live?.done();
  return 'done';
}

/** The records of all hosts, the one that changed phase last first. */
async function reportsOf(parts: Parts): Promise<Known<readonly HostReport[]>> {
  const list = await parts.store.list();
  if (list.kind === 'unknown') return list;
  const hosts = [...list.value].sort((a, b) => b.phaseSince - a.phaseSince);
  const records = await Promise.all(hosts.map((summary) => parts.store.read(summary.host)));
  const now = parts.clock.now();
  const reports: HostReport[] = [];
  for (const record of records) {
    if (record.kind === 'unknown') return record;
    if (record.value !== null) reports.push(reportOf(record.value.evacuation, now));
  }
  return { kind: 'known', value: reports, at: now };
}

const HEADINGS = ['HOST', 'EVENT', 'PHASE', 'DONE', 'IN FLIGHT', 'SINCE', 'ETA', 'WHY'] as const;

/** From how many columns on a terminal has room for what is wanted less. */
const ROOM_FOR: Readonly<Partial<Record<(typeof HEADINGS)[number], number>>> = {
  EVENT: 120,
  'IN FLIGHT': 64,
  SINCE: 64,
  ETA: 64,
};

/** A line per host, with what is wrong with it; nothing of that is cut. */
const table = (io: Io, reports: readonly HostReport[], now: Instant): readonly string[] =>
  foldedColumns(rowsOf(io, reports, now), io.isTty ? io.size().columns : null);

/** The same for a part of the terminal that is drawn again and again. */
const liveTable = (io: Io, reports: readonly HostReport[], now: Instant): readonly string[] =>
  reports.length === 0
    ? ['No host is marked.']
    : columns(rowsOf(io, reports, now), io.size().columns);

/** As many lines as the terminal has, and a word about those that it has no room for. */
function inFrame(io: Io, lines: readonly string[]): string {
  const height = io.size().rows - 1;
  if (lines.length <= height) return lines.join('\n');
  const shown = lines.slice(0, Math.max(height - 1, 1));
  return [...shown, `  … and ${String(lines.length - shown.length)} more lines`].join('\n');
}

function rowsOf(
  io: Io,
  reports: readonly HostReport[],
  now: Instant,
): readonly (readonly Cell[])[] {
  const paint = createPaint(io);
  const rows = reports.map((report) => {
    const [reason] = loudestFirst(report.reasons);
    const more = report.reasons.length > 1 ? ` (+${String(report.reasons.length - 1)})` : '';
    return [
      { text: report.host, paint: paint.strong },
      { text: report.event },
      { text: report.phase },
      { text: `${String(doneOf(report))}/${String(report.total)}` },
      { text: String(report.inFlight) },
      { text: formatMillis(Math.max(now - report.since, 0)) },
      { text: report.etaMs === null ? '-' : formatMillis(report.etaMs) },
      reason === undefined
        ? { text: io.isTty ? '' : '-' }
        : {
            text: `${reasonText(reason)}${more}`,
            paint: (text: string) => paint.severity(severityOf(reason), text),
          },
    ];
  });
  const width = io.isTty ? io.size().columns : Infinity;
  const isShown = (_cell: Cell, at: number): boolean =>
    width >= (ROOM_FOR[HEADINGS[at] ?? 'WHY'] ?? 0);
  const head = HEADINGS.map((text) => ({ text, paint: paint.heading }));
  return [head, ...rows].map((row) => row.filter(isShown));
}

/** Prints the document as JSON or YAML when that was asked for. */
async function structured(
  io: Io,
  document: Readonly<Record<string, unknown>>,
  options: StatusOptions,
): Promise<boolean> {
  if (options.json === true) sayJson(io, document);
  if (options.yaml === true) {
    const { stringify } = await import('yaml');
    io.out(stringify({ schema: 1, ...document }, { aliasDuplicateObjects: false }));
  }
  return options.json === true || options.yaml === true;
}
