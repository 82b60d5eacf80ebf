import { sentenceOfProgress } from '../domain/changes.ts';
import {
  isTerminal,
  tracked,
  type Evacuation,
  type Phase,
  type Progress,
} from '../domain/evacuation.ts';
import type { EventId, HostName, InstanceId } from '../domain/ids.ts';
import { because, remedyOf, type Reason } from '../domain/reason.ts';
import { reserveReasons } from '../domain/reserve-changes.ts';
import { summaryOf, type Counts } from '../domain/summary.ts';
import type { Instant, Millis } from '../domain/time.ts';

/** One instance as people read it. */
export interface InstanceRow {
  readonly id: InstanceId;
  readonly name: string;
  readonly state: Progress['at'];
  readonly detail: string;
  readonly code: string | null;
  readonly remedy: string | null;
  readonly terminal: boolean;
}

/** One host as people read it: the view that command line, page and API share. */
export interface HostReport {
  readonly host: HostName;
  readonly event: EventId;
  /** A phase of an evacuation, or what is done instead. */
  readonly phase: Phase | 'draining' | 'returning' | 'moved';
  readonly since: Instant;
  readonly markedAt: Instant;
  readonly by: string;
  readonly proof: string | null;
  readonly total: number;
  readonly counts: Counts;
  readonly inFlight: number;
  /** Remaining time at the rate so far; null while there is none to go by. */
  readonly etaMs: Millis | null;
  /** What Placement said before the start, while something still waits; null: all fit, or nobody looked. */
  readonly forecast: NonNullable<Evacuation['forecast']> | null;
  readonly reasons: readonly Reason[];
  readonly rows: readonly InstanceRow[];
}

/** Makes the view of a record. */
export function reportOf(evacuation: Evacuation, now: Instant): HostReport {
  const summary = summaryOf(evacuation);
  const { mark, host } = evacuation;
  return {
    host,
    event: mark.event,
    phase: evacuation.phase,
    since: evacuation.phaseSince,
    markedAt: mark.firstAt,
    by: mark.by,
    proof: evacuation.proof?.detail ?? null,
    total: summary.total,
    counts: summary.counts,
    inFlight: summary.inFlight,
    etaMs: eta(evacuation, now),
    forecast: summary.counts.pending > 0 ? (evacuation.forecast ?? null) : null,
    reasons: [...evacuation.reasons, ...reserveReasons(evacuation)],
    rows: tracked(evacuation).map(([id, { name, progress, restore }]) => {
      const why = reasonOf(progress, host, id);
      return {
        id,
        name,
        state: progress.at,
        detail: sentenceOfProgress(progress, restore),
        code: why?.code ?? null,
        remedy: why === null ? null : remedyOf(why),
        terminal: isTerminal(progress),
      };
    }),
  };
}

function reasonOf(progress: Progress, host: HostName, id: InstanceId): Reason | null {
  const why = 'why' in progress ? progress.why : null;
  if (why !== null) return { code: why.code, values: { host, id, ...why.values } };
  if (progress.at === 'landed' && progress.restored === 'failed') {
    return because('NH411', { id, detail: 'it did not stop in time' });
  }
  return null;
}

function eta(evacuation: Evacuation, now: Instant): Millis | null {
  if (evacuation.phase !== 'evacuating') return null;
  let moved = 0;
  let open = 0;
  for (const [, { progress }] of tracked(evacuation)) {
    if (progress.at === 'landed' || progress.at === 'arrived') moved += 1;
    else if (!isTerminal(progress) && progress.at !== 'stuck') open += 1;
  }
  const elapsed = now - evacuation.phaseSince;
  return moved === 0 || elapsed <= 0 ? null : Math.round((elapsed * open) / moved);
}
