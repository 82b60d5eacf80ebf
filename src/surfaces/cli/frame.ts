import { formatInstant, formatMillis, type Instant } from '../../domain/time.ts';
import type { HostReport } from '../../engine/report.ts';
import { bar, columns, cut, printable, type Cell } from './columns.ts';
import type { Paint } from './paint.ts';
import { loudestFirst, reasonText } from './refusal.ts';
import { severityOf, remedyOf } from '../../domain/reason.ts';

/** One row of a report. */
export type ReportRow = HostReport['rows'][number];

/** How many instances need nothing any more, for better or worse. */
export function doneOf({ counts }: Pick<HostReport, 'counts'>): number {
  return counts.landed + counts.gone + counts.skipped + counts.failed;
}

/** `12/40 · 3 in flight · 1 failed · eta 5 min 10 s` */
export function progressText(report: HostReport): string {
  const { counts } = report;
  const words = [`${String(doneOf(report))}/${String(report.total)}`];
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

/** The live view of one host: head, bar, reasons, and as many instances as the terminal has lines for. */
export function frameOf(report: HostReport, options: FrameOptions): string {
  const { now, paint, columns: width } = options;
  const head = `${paint.strong(report.host)}  ${report.phase}  ${paint.quiet(`${report.event}  ${formatMillis(Math.max(now - report.since, 0))}`)}`;
  const barWidth = Math.max(10, Math.min(40, width - 50));
  const share = report.total === 0 ? 0 : doneOf(report) / report.total;
  const text = cut(progressText(report), width - barWidth - 2);
  const lines = [head, `${paint.busy(bar(share, barWidth))}  ${text}`];
  lines.push(...reasonLines(report, options));
  const rows = urgentFirst(report.rows);
  // Two lines for the heading and the closing count, one for the cursor.
  const room = Math.max(options.rows - lines.length - 4, 3);
  if (rows.length > 0) lines.push('', ...instanceLines(rows.slice(0, room), paint, width));
  const hidden = rows.slice(room);
  if (hidden.length > 0) lines.push(paint.quiet(`  … and ${String(hidden.length)} more`));
  return lines.join('\n');
}

function reasonLines(report: HostReport, { paint, columns: width }: FrameOptions): string[] {
  return loudestFirst(report.reasons)
    .slice(0, 3)
    .flatMap((reason) => {
      const line = paint.severity(severityOf(reason), cut(reasonText(reason), width));
      const remedy = `  Remedy: ${remedyOf(reason)}`;
      return severityOf(reason) === 'note' ? [line] : [line, paint.quiet(cut(remedy, width))];
    });
}

/** A table of instances, with the remedy below those that need one; `width` null: nothing is cut. */
export function instanceLines(
  rows: readonly ReportRow[],
  paint: Paint,
  width: number | null,
): readonly string[] {
  const heading = ['INSTANCE', 'ID', 'STATE', 'DETAIL'].map((text) => ({
    text,
    paint: paint.heading,
  }));
  const table = columns([heading, ...rows.map((row) => cellsOf(row, paint))], width);
  const [first = '', ...lines] = table;
  return [
    first,
    ...lines.flatMap((line, index) => {
      const remedy = rows[index]?.remedy ?? null;
      if (remedy === null || remedy === 'none needed') return [line];
      return [line, paint.quiet(cut(`  Remedy: ${printable(remedy)}`, width ?? Infinity))];
    }),
  ];
}

function cellsOf(row: ReportRow, paint: Paint): readonly Cell[] {
  return [
    { text: cut(printable(row.name), 32) },
    { text: row.id, paint: paint.quiet },
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
