import { formatInstant } from '../../domain/time.ts';
import type { HostReport } from '../../engine/report.ts';
import { doneOf } from './frame.ts';
import { reasonJson } from './refusal.ts';

/** One host without its instances, as `--json` and `--yaml` show it; the names are stable. */
export const hostJson = (report: HostReport): Readonly<Record<string, unknown>> => ({
  host: report.host,
  event: report.event,
  phase: report.phase,
  since: formatInstant(report.since),
  marked_at: formatInstant(report.markedAt),
  by: report.by,
  proof: report.proof,
  total: report.total,
  finished: doneOf(report),
  in_flight: report.inFlight,
  counts: report.counts,
  eta_ms: report.etaMs,
  forecast: report.forecast,
  reasons: report.reasons.map(reasonJson),
});

/** One host with its instances. */
export const reportJson = (report: HostReport): Readonly<Record<string, unknown>> => ({
  ...hostJson(report),
  instances: report.rows.map(({ id, name, state, detail, code, remedy, terminal }) => ({
    id,
    name,
    state,
    detail,
    code,
    remedy,
    terminal,
  })),
});
