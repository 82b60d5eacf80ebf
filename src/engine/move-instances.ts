import { advanceMove } from '../domain/advance-move.ts';
import type { Change } from '../domain/changes.ts';
import { wayOf, type MoveRequest } from '../domain/drain.ts';
import { isActive, type Evacuation, type Progress, type Tracked } from '../domain/evacuation.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { lookPause } from '../domain/look-pause.ts';
import { moveChanges } from '../domain/move-changes.ts';
import type { WriteOutcome } from '../domain/outcome.ts';
import type { Policy } from '../domain/policy.ts';
import { because, type Reason } from '../domain/reason.ts';
import { awaitsHumans } from '../domain/summary.ts';
import type { Instant } from '../domain/time.ts';
import { lookAtMoves, openMoves, type LookParts, type MoveLook } from './move-look.ts';
import { confirmArrived, intendMoves, sendMoves } from './move-sending.ts';
import type { Clock, Log } from './ports.ts';

/** What moving works with. */
export interface MovingParts extends LookParts {
  readonly clock: Clock;
  readonly policy: Policy;
  readonly log: Log;
  /** Nothing more is sent after it; what Nova has taken goes on. */
  readonly signal: AbortSignal;
}

/** Why nothing more may be moved: for now, or for good. */
export type Obstacle = { readonly for: 'now' | 'good'; readonly why: Reason } | null;

/** What is to be moved, and under which conditions. */
export interface MovePlan {
  readonly ledger: Evacuation;
  readonly request: MoveRequest;
  readonly sourceOf: (id: InstanceId) => HostName;
  /** Migrations that an earlier run of ours has asked for. */
  readonly ours: ReadonlySet<InstanceId>;
  readonly obstacle: (look: MoveLook) => Obstacle;
  readonly watch: (ledger: Evacuation, changes: readonly Change[], now: Instant) => void;
}

/** How it ended; the list tells what became of each instance. */
export interface MoveEnd {
  readonly kind: 'over' | 'interrupted' | 'stopped';
  readonly ledger: Evacuation;
  readonly why: Reason | null;
}

/**
 * Moves instances from living hosts and follows each to the end of its migration. Nothing is kept but
 * what Nova and the history hold: a run that was killed is taken up by the next one. In each look the
 * list is moved on by what Nova shows, then more are asked for as far as the limits allow.
 */
export async function moveInstances(parts: MovingParts, plan: MovePlan): Promise<MoveEnd> {
  const { clock, policy, signal } = parts;
  const ours = new Set(plan.ours);
  const answers = new Map<InstanceId, WriteOutcome<unknown>>();
  const confirmed = new Map<InstanceId, Instant>();
  let { ledger } = plan;
  let shown: Evacuation | null = null;
  const show = (): void => {
    const changes = moveChanges(shown, ledger);
    const now = clock.now();
    plan.watch(ledger, changes, now);
    void parts.store.append(historyOf(ledger, changes, now));
    shown = ledger;
  };
  for (;;) {
    const look = await lookAtMoves(parts, ledger, plan.sourceOf, clock.now());
    ledger = advanceAll(ledger, plan, look, { ours, answers }, policy, clock.now());
    if (openMoves(ledger).length === 0) {
      ledger = { ...ledger, reasons: [] };
      show();
      return { kind: 'over', ledger, why: null };
    }
    const obstacle = plan.obstacle(look) ?? busyElsewhere(ledger.host, look);
    if (obstacle?.for === 'good' || isStopped(signal)) {
      show();
      const kind = obstacle?.for === 'good' ? 'stopped' : 'interrupted';
      return { kind, ledger, why: obstacle?.why ?? null };
    }
    await confirmArrived(parts, ledger, look, ours, confirmed);
    const nobody = { ledger, chosen: [], held: obstacle?.why ?? null };
    const intent =
      obstacle === null ? intendMoves(ledger, look, plan, policy, clock.now()) : nobody;
    ledger = { ...intent.ledger, reasons: intent.held === null ? [] : [intent.held] };
    show();
    for (const { id } of intent.chosen) ours.add(id);
    const sent = await sendMoves(parts, plan, ledger, intent.chosen);
    for (const [id, answer] of sent) answers.set(id, answer);
    if (!isStopped(signal)) await clock.sleep(lookPause(ledger, policy, clock.now()), signal);
  }
}

/** What is remembered between looks, and lost without harm. */
interface Memory {
  readonly ours: ReadonlySet<InstanceId>;
  readonly answers: Map<InstanceId, WriteOutcome<unknown>>;
}

function advanceAll(
  ledger: Evacuation,
  plan: MovePlan,
  look: MoveLook,
  { ours, answers }: Memory,
  policy: Policy,
  now: Instant,
): Evacuation {
  let next = ledger;
  for (const id of openMoves(ledger)) {
    const entry = ledger.instances[id];
    if (entry === undefined) continue;
    const facts = {
      id,
      source: plan.sourceOf(id),
      rows: look.rowsOf(id),
      seen: look.seenOf(id),
      failure: look.failureOf(id),
      answer: answers.get(id) ?? null,
      ours: ours.has(id),
    };
    const progress = ready(advanceMove(entry.progress, facts, policy, now), id, look, plan, now);
    if (progress.at !== 'intended') answers.delete(id);
    if (progress !== entry.progress) next = withProgress(next, id, entry, progress);
  }
  return next;
}

const BUSY_PAUSE_MS = 5000;

/** An instance that waits goes on waiting while it is busy, and is left when it cannot be moved any more. */
function ready(
  progress: Progress,
  id: InstanceId,
  look: MoveLook,
  plan: MovePlan,
  now: Instant,
): Progress {
  const seen = look.seenOf(id);
  if (progress.at !== 'pending' || seen.kind === 'unknown' || seen.value === null) return progress;
  const { host, vmState, taskState } = seen.value;
  // One that is elsewhere was moved meanwhile; the next look at its records tells by whom.
  if (host !== plan.sourceOf(id)) return progress;
  if (taskState !== null) {
    if (progress.notBefore > now) return progress;
    return {
      ...progress,
      notBefore: now + BUSY_PAUSE_MS,
      why: because('NH621', { state: taskState }),
    };
  }
  const verdict = wayOf({ id, vmState }, plan.request);
  return verdict.verdict === 'skip' ? { at: 'skipped', why: verdict.why } : progress;
}

const withProgress = (
  ledger: Evacuation,
  id: InstanceId,
  entry: Tracked,
  progress: Progress,
): Evacuation => ({
  ...ledger,
  instances: { ...ledger.instances, [id]: { ...entry, progress } },
});

/** Evacuations go first: a planned move takes neither their places in flight nor their capacity. */
export function busyElsewhere(
  host: HostName,
  { peers, paused }: Pick<MoveLook, 'peers' | 'paused'>,
): Obstacle {
  if (paused !== null) return { for: 'now', why: paused };
  if (peers.kind === 'unknown') {
    return { for: 'now', why: because('NH104', { what: 'the store', detail: peers.why }) };
  }
  const busy = peers.value.filter(
    (peer) => peer.host !== host && isActive(peer) && !peer.excused && !awaitsHumans(peer),
  );
  if (busy.length === 0) return null;
  return { for: 'now', why: because('NH618', { hosts: busy.map((peer) => peer.host).join(', ') }) };
}

const historyOf = (ledger: Evacuation, changes: readonly Change[], at: Instant) =>
  changes.map(({ instance, what, sentence: detail }) => ({
    at,
    host: ledger.host,
    event: ledger.mark.event,
    // `landed` and `skipped` of a planned move must not be taken for those of an evacuation.
    what: `move-${what}`,
    instance,
    detail,
  }));

// A function, so that the type checker does not take an aborted signal for a constant.
const isStopped = (signal: AbortSignal): boolean => signal.aborted;
