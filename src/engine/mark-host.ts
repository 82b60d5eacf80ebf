import {
  isActive,
  newEvacuation,
  tracked,
  isInFlight,
  UNWATCHED,
  type Evacuation,
  type Progress,
  type Tracked,
} from '../domain/evacuation.ts';
import { failuresBefore } from '../domain/flap.ts';
import type { EventId, HostName, InstanceId } from '../domain/ids.ts';
import type { FenceProof, Mark, MarkOrigin, Request } from '../domain/mark.ts';
import { applied, refused, type WriteOutcome } from '../domain/outcome.ts';
import { because, type Reason } from '../domain/reason.ts';
import { carriedReserve } from '../domain/reserve-return.ts';
import type { Instant } from '../domain/time.ts';
import { changeRecord, RACES_MAX, type CommandOutcome } from './change-record.ts';
import type { Chance, Clock, Log, Store, Stored } from './ports.ts';

/** What the use cases on marks need of the world. */
export interface MarkingParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** A report that a host failed. */
export interface Failure {
  readonly host: HostName;
  readonly origin: MarkOrigin;
  /** The node or person that reports it. */
  readonly by: string;
  readonly claim: FenceProof | null;
  readonly request: Request;
  /** When it happened, where that is known; else it is reported as of now, and so is the claim. */
  readonly at?: Instant;
}

/**
 * Marks a host as failed, durably. Idempotent: a host that is marked already keeps its event, and a
 * new report only renews the time that a fence proof must cover. Applied means durable; uncertain
 * and refused mean that the caller must try again (the fence agent within its own time-out).
 */
export async function markHost(
  parts: MarkingParts,
  failure: Failure,
): Promise<WriteOutcome<{ readonly event: EventId; readonly fresh: boolean }>> {
  const { store, clock, chance } = parts;
  const candidate = chance.event(clock.now());
  for (let race = 0; race < RACES_MAX; race += 1) {
    const stored = await store.read(failure.host);
    if (stored.kind === 'unknown') return refused('not-sent', stored.why);
    const current = stored.value;
    // An earlier try of ours, whose outcome was uncertain, may have been carried out, but perhaps only
    // on a master that no replica followed: written once more, so that it is acknowledged.
    const next =
      current?.evacuation.mark.event === candidate
        ? current.evacuation
        : markedRecord(current, failure, candidate, clock.now());
    const outcome = await store.write({ version: current?.version ?? 0, epoch: null }, next);
    if (outcome.kind === 'applied') {
      const fresh = next.mark.event === candidate;
      await announce(parts, next, fresh);
      return applied({ event: next.mark.event, fresh });
    }
    if (outcome.kind === 'refused' && outcome.refusal.cause !== 'wrong-state') return outcome;
    if (outcome.kind === 'uncertain' && race >= 2) return outcome;
  }
  return refused('wrong-state', 'other writers kept changing the record');
}

function markedRecord(
  current: Stored | null,
  failure: Failure,
  event: EventId,
  now: number,
): Evacuation {
  const { host, origin, by, request } = failure;
  const at = failure.at ?? now;
  // Whoever vouches for the host does so now, however long it took to reach the store; what Pacemaker
  // has on record happened when it happened.
  const claim =
    failure.claim === null || failure.at !== undefined
      ? failure.claim
      : { ...failure.claim, at: now };
  const fresh: Mark = { event, firstAt: at, at, origin, by, claim, request };
  const record = current?.evacuation;
  if (record === undefined) return newEvacuation(host, fresh, now);
  if (isActive(record)) return renewed(record, { ...failure, claim }, now);
  // What we imposed for an earlier event and never lifted is still ours to lift.
  const carried = record.phase === 'closed' ? null : record.isolation;
  return {
    ...newEvacuation(host, fresh, now),
    ...failuresBefore(record),
    ...carriedReserve(record, now),
    isolation: carried === null ? null : { ...carried, since: now, seen: false },
  };
}

/**
 * A second report of a host that is already marked. By an agent it is a new failure to be covered; one
 * with a time of its own is that only when it is younger than the mark, and never when it comes from
 * Pacemaker, who is asked about hosts without a mark: one that was made meanwhile is of that failure.
 */
function renewed(record: Evacuation, failure: Failure, now: number): Evacuation {
  const { mark } = record;
  const { origin, by } = failure;
  const isYounger = failure.at === undefined || (origin !== 'pacemaker' && failure.at > mark.at);
  const isNews = origin !== 'operator' && isYounger;
  const request = widened(mark.request, failure.request);
  const open = reopened(record, request, isNews, now);
  const at = isNews ? Math.max(mark.at, failure.at ?? now) : mark.at;
  const claim = claimOf(mark, failure, at);
  if (!isNews) return { ...open, mark: { ...mark, claim, request } };
  return {
    ...open,
    mark: { ...mark, at, origin, by, claim, request },
    proof: null,
    isolation: record.isolation === null ? null : { ...record.isolation, seen: false },
    life: UNWATCHED,
  };
}

/** The claim of a mark that was reported again: one that covers its failure is not given for an older one. */
function claimOf(mark: Mark, { origin, claim, at: own }: Failure, at: Instant): FenceProof | null {
  if (origin === 'operator') return claim ?? mark.claim;
  if (own === undefined) return claim === null ? null : { ...claim, at };
  const covering = [mark.claim, claim].find((one) => one !== null && one.at >= at);
  return covering ?? claim ?? (at > mark.at ? null : mark.claim);
}

/** What both reports ask for together; nobody who was asked for once is left out by the other. */
function widened(first: Request, second: Request): Request {
  const [one, two] = [first.instances, second.instances];
  return {
    instances: one === null || two === null ? null : [...new Set([...one, ...two])],
    // Nobody sends a whole host elsewhere by naming a place for some of it, or half-way.
    target: one === null ? first.target : (second.target ?? first.target),
    force: first.force || second.force,
  };
}

/**
 * Takes up again what was left out for a reason that holds no more: it was not asked for before, or
 * the host had come back and has failed once more. They are listed and classified anew.
 */
function reopened(record: Evacuation, request: Request, isNews: boolean, now: number): Evacuation {
  const kept = tracked(record).filter(([id, { progress }]) => {
    const code = progress.at === 'skipped' ? progress.why.code : null;
    const wanted = request.instances === null || request.instances.includes(id);
    return !((code === 'NH308' && wanted) || (code === 'NH307' && isNews));
  });
  if (kept.length === tracked(record).length) return record;
  return { ...record, instances: Object.fromEntries(kept), phase: 'marked', phaseSince: now };
}

async function announce(parts: MarkingParts, record: Evacuation, fresh: boolean): Promise<void> {
  const { store, clock } = parts;
  const { host, mark } = record;
  await store.nudge(host);
  await store.append([
    {
      at: clock.now(),
      host,
      event: mark.event,
      what: fresh ? 'marked' : 'marked-again',
      instance: null,
      detail: `by ${mark.by} (${mark.origin})${mark.claim === null ? '' : `, ${mark.claim.detail}`}`,
    },
  ]);
}

/**
 * Takes a mark back: what was not sent stays on the host; refused while evacuations are in flight,
 * since Nova cannot cancel them. The isolation is lifted by the way back, when the host is alive.
 */
export function unmarkHost(
  parts: MarkingParts,
  command: { readonly host: HostName; readonly by: string },
): Promise<CommandOutcome> {
  return changeRecord(parts, command.host, 'unmarked', `by ${command.by}`, (record, now) => {
    if (!isActive(record)) return because('NH603', { host: record.host });
    const flying = tracked(record).filter(([, { progress }]) => isAsked(progress)).length;
    if (flying > 0) return because('NH604', { host: record.host, count: flying });
    const why = because('NH309', { by: command.by });
    const instances: Record<InstanceId, Tracked> = {};
    for (const [id, entry] of tracked(record)) {
      instances[id] = abandoned(entry, why);
    }
    // It may never have been off: what it was building for other hosts must not count as lost.
    const over = { phaseSince: now, reasons: [], forgiven: true } as const;
    const taken = { ...record, instances, proof: null, ...over };
    return { ...taken, phase: record.isolation === null ? 'closed' : 'settled' };
  });
}

/** Whether a request is out that the evacuation of an instance hangs on. */
const isAsked = (progress: Progress): boolean =>
  isInFlight(progress) || progress.at === 'resetting';

function abandoned(entry: Tracked, why: Reason): Tracked {
  switch (entry.progress.at) {
    case 'pending':
      return { ...entry, progress: { at: 'skipped', why } };
    case 'stuck':
      return {
        ...entry,
        progress: { at: 'failed', attempt: entry.progress.attempt, why: entry.progress.why },
      };
    case 'arrived':
    case 'recreating':
    case 'restoring': {
      const { destination, since } = entry.progress;
      return destination === null
        ? { ...entry, progress: { at: 'skipped', why } }
        : { ...entry, progress: { at: 'landed', destination, since, restored: 'failed' } };
    }
    case 'resetting':
    case 'intended':
    case 'accepted':
    case 'landed':
    case 'skipped':
    case 'gone':
    case 'failed':
      return entry;
  }
}

/** Asks for the way back now: no probation and no switch, but never before the host has cleaned up. */
export function readmitHost(
  parts: MarkingParts,
  command: { readonly host: HostName; readonly by: string },
): Promise<CommandOutcome> {
  return changeRecord(parts, command.host, 'enable-asked', `by ${command.by}`, (record) => {
    if (isActive(record)) {
      return because('NH605', { host: record.host, detail: 'an evacuation under way' });
    }
    if (record.phase === 'closed') return because('NH603', { host: record.host });
    return { ...record, readmission: { ...record.readmission, asked: true } };
  });
}
