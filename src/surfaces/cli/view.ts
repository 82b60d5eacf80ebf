import type { Change } from '../../domain/changes.ts';
import type { Instant } from '../../domain/time.ts';
import type { HostReport } from '../../engine/report.ts';
import type { ExitName } from './exit.ts';

/** How somebody watches an evacuation or a planned move: a live table, lines, or JSON. */
export interface View {
  update(report: HostReport, changes: readonly Change[], now: Instant): void;
  /** The store does not answer (a sentence), or answers again (null). */
  trouble(why: string | null): void;
  /** Nothing more will be shown. */
  end(): void;
  /** The closing words. */
  summary(report: HostReport, exit: ExitName, now: Instant): void;
}
