import { unknown } from '../../domain/known.ts';
import { refused, uncertain, type WriteOutcome } from '../../domain/outcome.ts';
import { complaintOf, type ExecOutcome } from '../exec.ts';

/** Exit codes that all of Pacemaker's command line tools share (CRM_EX_* of Pacemaker 2.0 and newer). */
export const EXIT = {
  ok: 0,
  privileges: 4,
  notConfigured: 78,
  disconnected: 102,
  noSuchObject: 105,
  noQuorum: 106,
  exists: 108,
  timeout: 124,
} as const;

/** What the reads and writes of a tool need besides the tool. */
export interface ToolOptions {
  /** How long one call may take; the tools themselves need about 10 to 30 ms. */
  readonly timeoutMs?: number;
}

/** The deadline of a call unless configured otherwise, in milliseconds. */
export const TOOL_TIMEOUT_MS = 5000;

const NOT_RUNNING =
  'Pacemaker does not run on this machine (or is just starting); run nova-ha on a full member of the cluster';

/** Why a tool gave no answer, as an unknown read. */
export function noAnswer(
  tool: string,
  outcome: ExecOutcome,
): { readonly kind: 'unknown'; readonly why: string } {
  return unknown(trouble(tool, outcome));
}

/**
 * Why a change was not (or perhaps) made: the tool says by its exit code that it did not reach
 * Pacemaker, had no right or no quorum; everything else, a time-out above all, is uncertain.
 */
export function noChange(tool: string, outcome: ExecOutcome): WriteOutcome<never> {
  const why = trouble(tool, outcome);
  if (outcome.kind === 'not-started') return refused('not-sent', why);
  if (outcome.kind === 'uncertain') return uncertain(why);
  switch (outcome.code) {
    case EXIT.disconnected:
    case EXIT.noQuorum:
      return refused('not-sent', why);
    case EXIT.privileges:
      return refused('forbidden', why);
    case EXIT.noSuchObject:
    case EXIT.exists:
      return refused('wrong-state', why);
    default:
      return uncertain(why);
  }
}

function trouble(tool: string, outcome: ExecOutcome): string {
  if (outcome.kind === 'not-started') {
    return `${outcome.why}; install pacemaker-cli-utils, or run nova-ha on a member of the cluster`;
  }
  if (outcome.kind === 'uncertain') return outcome.why;
  switch (outcome.code) {
    case EXIT.disconnected:
      return NOT_RUNNING;
    case EXIT.privileges:
      return `${tool}: permission denied; run nova-ha as root or hacluster`;
    case EXIT.noQuorum:
      return 'this part of the cluster has no quorum, so Pacemaker takes no change here';
    default:
      return `${tool} failed with exit code ${String(outcome.code)}: ${complaintOf(outcome)}`;
  }
}
