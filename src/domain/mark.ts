import type { EventId, HostName, InstanceId } from './ids.ts';
import { parseNovaTime, type Instant } from './time.ts';

/** Where a belief that a host is off may come from (configuration `fence.proof`). */
export type ProofSource = 'pacemaker' | 'power' | 'mark' | 'operator';

/** Why we believe that the host is off, and since when that belief is known to hold. */
export interface FenceProof {
  readonly source: ProofSource;
  readonly at: Instant;
  /** One fragment for log and history, such as `stonith "reboot" by ctl-2` or `confirmed by anna`. */
  readonly detail: string;
}

/** Who reported the failure. */
export type MarkOrigin = 'fence-agent' | 'operator' | 'pacemaker' | 'rebuilt';

/** What an operator asked for by hand; the empty request means: everything, where the scheduler likes. */
export interface Request {
  readonly instances: readonly InstanceId[] | null;
  readonly target: HostName | null;
  /** Go ahead although the storm thresholds say hold. */
  readonly force: boolean;
}

/** The record that says: this host failed, its instances must be evacuated. */
export interface Mark {
  readonly event: EventId;
  /** When the failure was reported first. */
  readonly firstAt: Instant;
  /** When it was reported last; a fence proof must not be older than this. */
  readonly at: Instant;
  readonly origin: MarkOrigin;
  /** The node or person that reported it. */
  readonly by: string;
  /** The proof that came with the report: an operator's word, or the fence agent's own call. */
  readonly claim: FenceProof | null;
  readonly request: Request;
}

/** Everything, wherever the scheduler likes, thresholds respected. */
export const wholeHost: Request = { instances: null, target: null, force: false };

/**
 * Whether a proof covers the failure: not older than the last report, give or take `skewMs` (the
 * clocks of agent and prover differ, and Pacemaker's history counts whole seconds).
 */
export function covers(proof: FenceProof, mark: Mark, skewMs: number): boolean {
  return proof.at >= mark.at - skewMs;
}

/** When an event was, as its id (`20261118T082640Z-7f3a`) tells; null when it tells nothing. */
export function eventTime(event: EventId): Instant | null {
  const [, date = '', time = ''] = /^(\d{8})T(\d{6})Z-/.exec(event) ?? [];
  const day = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].join('-');
  return parseNovaTime(`${day} ${[time.slice(0, 2), time.slice(2, 4), time.slice(4)].join(':')}`);
}

const PREFIX = 'nova-ha: ';

/**
 * What our `disabled_reason` tells, so that a wiped store can be rebuilt from Nova. `ignored`: an operator
 * has had the evacuation forgotten; `silent`: only its nova-compute died. Neither is a mark.
 */
export type ReasonStage = 'evacuating' | 'evacuated' | 'ignored' | 'silent';

const STAGES: readonly string[] = ['evacuating', 'evacuated', 'ignored', 'silent'];
const isStage = (word: string): word is ReasonStage => STAGES.includes(word);

/** What our `disabled_reason` says. */
export interface OurReason {
  readonly event: EventId;
  readonly stage: ReasonStage;
  readonly trusted: boolean;
  /** Set when somebody else had forced the host down before: that is not ours to lift. */
  readonly theirs?: true;
}

/**
 * Our `disabled_reason` (Nova allows 1 to 255 characters, and `AUTO:` must not be its beginning:
 * nova-compute re-enables such services by itself). `trusted` says that the mark came with a proof.
 */
export function disabledReason(reason: OurReason): string {
  const { event, stage, trusted, theirs } = reason;
  return `${PREFIX}${event} ${stage}${trusted ? ' (fenced)' : ''}${theirs === true ? THEIRS : ''}`;
}

const THEIRS = ' (was forced down)';

/** Reads a `disabled_reason`; null when it is not ours. */
export function parseDisabledReason(text: string | null): OurReason | null {
  if (text?.startsWith(PREFIX) !== true) return null;
  const match = /^(\S+) (\w+)( \(fenced\))?( \(was forced down\))?$/.exec(
    text.slice(PREFIX.length),
  );
  const [, event = '', stage = '', trusted, theirs] = match ?? [];
  if (!isStage(stage)) return null;
  const read = { event: event as EventId, stage, trusted: trusted !== undefined };
  return theirs === undefined ? read : { ...read, theirs: true };
}
