import { sentenceOfMove } from '../domain/move-changes.ts';
import type { Evacuation } from '../domain/evacuation.ts';
import type { Instant } from '../domain/time.ts';
import { reportOf, type HostReport } from './report.ts';

/** The view of a list of moves: that of an evacuation, in the words of a planned move. */
export function reportOfMoves(
  ledger: Evacuation,
  phase: 'draining' | 'returning' | 'moved',
  now: Instant,
): HostReport {
  const report = reportOf(ledger, now);
  return {
    ...report,
    phase,
    etaMs: phase === 'moved' ? null : report.etaMs,
    rows: report.rows.map((row) => {
      const progress = ledger.instances[row.id]?.progress;
      return progress === undefined ? row : { ...row, detail: sentenceOfMove(progress) };
    }),
  };
}
