import { formatInstant, formatMillis, type Instant } from '../../domain/time.ts';
import type { HostReport } from '../../engine/report.ts';
import { bar, columns, cut, folded, foldedColumns, printable, type Cell } from './columns.ts';
import type { Paint } from './paint.ts';
import { loudestFirst, reasonText } from './refusal.ts';
import { severityOf, remedyOf } from '../../domain/reason.ts';

/** One row of a report. */
export type ReportRow = HostReport['rows'][number];

/** How many instances need nothing any more, for better or worse. */
export function doneOf({ counts }: Pick<HostReport, 'counts'>): number {
  return counts.landed + counts.gone + counts.skipped + counts.failed;
}

/** `12/40 · 8 arrived · 3 in flight · 1 failed · eta 5 min 10 s` */
export function progressText(report: HostReport): string {
  const { counts } = report;
  const words = [`${String(doneOf(report))}/${String(report.total)}`];
  if (counts.arrived > 0) words.push(`${String(counts.arrived)} arrived`);
  if (report.inFlight > 0) words.push(`${String(report.inFlight)} in flight`);
  if (counts.skipped > 0) words.push(`${String(counts.skipped)} skipped`);
  if (counts.failed > 0) words.push(`${String(counts.failed)} failed`);
  if (counts.stuck > 0) words.push(`${String(counts.stuck)} stuck`);
  if (report.forecast !== null) words.push(forecastWords(report.forecast));
  if (report.etaMs !== null) words.push(`eta ${formatMillis(report.etaMs)}`);
  return words.join(' · ');
}

/** `no room for 3 of 12 (Placement)`: as it was before the start. */
function forecastWords(forecast: NonNullable<HostReport['forecast']>): string {
  const { fits, short, unknown } = forecast;
  return `no room for ${String(short)} of ${String(fits + short + unknown)} (Placement)`;
}

/** How urgent a row is to look at: what needs a human first, then what moves, then what waits. */
const URGENCY: Readonly<Record<string, number>> = {
  stuck: 0,
  failed: 1,
  intended: 2,
  accepted: 2,
  arrived: 2,
  restoring: 2,
  pending: 3,
  skipped: 4,
  landed: 5,
  gone: 6,
};

/** The rows, the most urgent first; equals stay in the order of the inventory. */
export const urgentFirst = (rows: readonly ReportRow[]): readonly ReportRow[] =>
  [...rows].sort((a, b) => (URGENCY[a.state] ?? 3) - (URGENCY[b.state] ?? 3));

/** What a frame is drawn for. */
export interface FrameOptions {
  readonly now: Instant;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/**
 * The live view of one host: head, bar, reasons, and as many instances as the terminal has lines for.
 * It is never higher or wider than the terminal: what is, cannot be drawn over.
 */
export function frameOf(report: HostReport, options: FrameOptions): string {
  const { paint, columns: width } = options;
  // One line is the cursor's.
  const height = Math.max(options.rows - 1, 1);
  const lines = [headOf(report, options), ...progressLines(report, options)];
  lines.push(...reasonLines(report, options));
  const rows = urgentFirst(report.rows);
  if (rows.length === 0) return lines.slice(0, height).join('\n');
  if (height - lines.length > ROOMY) lines.push('');
  const [heading = '', ...blocks] = liveLines(rows, paint, width);
  const room = height - lines.length - 1;
  const shown = fitting(blocks, room);
  lines.push(heading, ...blocks.slice(0, shown));
  const hidden = blocks.length - shown;
  if (hidden > 0) lines.push(paint.quiet(cut(`  … and ${String(hidden)} more`, width)));
  return lines.join('\n').split('\n').slice(0, height).join('\n');
}

/** Lines that are left when an empty one is not missed. */
const ROOMY = 10;

/** How many blocks of lines fit; when not all do, one line is kept for saying so. */
function fitting(blocks: readonly string[], room: number): number {
  const heights = blocks.map((block) => block.split('\n').length);
  const all = heights.reduce((sum, one) => sum + one, 0);
  if (all <= room) return blocks.length;
  let used = 1;
  const first = heights.findIndex((height) => (used += height) > room);
  return Math.max(first, 0);
}

function headOf(report: HostReport, { now, paint, columns: width }: FrameOptions): string {
  const { host, phase, event } = report;
  const elapsed = formatMillis(Math.max(now - report.since, 0));
  const fits = (quiet: string): boolean =>
    cut(`${host}  ${phase}  ${quiet}`, width).endsWith(quiet);
  const quiet = [`${event}  ${elapsed}`, elapsed].find(fits);
  return quiet === undefined
    ? paint.strong(cut(`${host}  ${phase}`, width))
    : `${paint.strong(host)}  ${phase}  ${paint.quiet(quiet)}`;
}

function progressLines(report: HostReport, { paint, columns: width }: FrameOptions): string[] {
  // Who has arrived is looked at once more, which may be last of all; Nova has done its part.
  const done = doneOf(report) + report.counts.arrived;
  const share = report.total === 0 ? 0 : done / report.total;
  const text = progressText(report);
  if (width < NARROW) return [paint.busy(bar(share, width)), cut(text, width)];
  const barWidth = Math.min(40, width - 50);
  return [`${paint.busy(bar(share, barWidth))}  ${cut(text, width - barWidth - 2)}`];
}

/** Below that the bar has a line of its own, and instances go without their ids. */
const NARROW = 64;

/** From there on ids are shown as a whole. */
const WIDE = 120;

function reasonLines(report: HostReport, { paint, columns: width, rows }: FrameOptions): string[] {
  return loudestFirst(report.reasons)
    .slice(0, rows < 20 ? 1 : 3)
    .flatMap((reason) => {
      const line = paint.severity(severityOf(reason), cut(reasonText(reason), width));
      const remedy = `  Remedy: ${remedyOf(reason)}`;
      return severityOf(reason) === 'note' ? [line] : [line, paint.quiet(cut(remedy, width))];
    });
}

/** The instances for a frame: a line each, cut, with the remedy below those that need one. */
function liveLines(rows: readonly ReportRow[], paint: Paint, width: number): readonly string[] {
  const id = width < NARROW ? 'none' : width < WIDE ? 'short' : 'whole';
  const table = columns(
    [headingOf(paint, id), ...rows.map((row) => cellsOf(row, paint, id))],
    width,
  );
  return table.map((line, index) => {
    const remedy = remedyIn(rows[index - 1]);
    // Where nothing must be done, a line is better spent on another instance.
    return remedy === null || remedy.startsWith('none needed')
      ? line
      : `${line}\n${paint.quiet(cut(`  Remedy: ${remedy}`, width))}`;
  });
}

/** A table of instances, with the remedy below those that need one; `width` null: nothing is folded. */
export function instanceLines(
  rows: readonly ReportRow[],
  paint: Paint,
  width: number | null,
): readonly string[] {
  const cells = rows.map((row) => cellsOf(row, paint, 'whole'));
  const table = foldedColumns([headingOf(paint, 'whole'), ...cells], width);
  return table.flatMap((line, index) => {
    const remedy = remedyIn(rows[index - 1]);
    if (remedy === null) return [line];
    const pieces = width === null ? [remedy] : folded(remedy, width - '  Remedy: '.length);
    const begin = (at: number): string => (at === 0 ? '  Remedy: ' : '          ');
    return [line, ...pieces.map((piece, at) => paint.quiet(`${begin(at)}${piece}`))];
  });
}

function remedyIn(row: ReportRow | undefined): string | null {
  const remedy = row?.remedy ?? null;
  return remedy === null || remedy === 'none needed' ? null : printable(remedy);
}

/** How much of the ids there is room for. */
type IdForm = 'none' | 'short' | 'whole';

const headingOf = (paint: Paint, id: IdForm): readonly Cell[] =>
  ['INSTANCE', ...(id === 'none' ? [] : ['ID']), 'STATE', 'DETAIL'].map((text) => ({
    text,
    paint: paint.heading,
  }));

function cellsOf(row: ReportRow, paint: Paint, id: IdForm): readonly Cell[] {
  const shown = id === 'short' ? row.id.slice(0, 8) : row.id;
  return [
    { text: cut(printable(row.name), id === 'none' ? 14 : 32) },
    ...(id === 'none' ? [] : [{ text: shown, paint: paint.quiet }]),
    { text: row.state, paint: statePaint(row.state, paint) },
    { text: printable(row.detail) },
  ];
}

function statePaint(state: string, paint: Paint): (text: string) => string {
  const urgency = URGENCY[state] ?? 3;
  if (urgency < 2) return paint.bad;
  if (urgency === 2) return paint.busy;
  return state === 'landed' ? paint.good : (text) => text;
}

/** `2026-11-20T11:35:09.123Z` without the milliseconds, for people. */
export const shortTime = (instant: Instant): string => formatInstant(instant).replace(/\.\d+/, '');
