import { wayOf, type MoveRequest } from '../domain/drain.ts';
import type { Evacuation } from '../domain/evacuation.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { moveNote, type Way } from '../domain/move.ts';
import type { WriteOutcome } from '../domain/outcome.ts';
import { choose } from '../domain/pace.ts';
import type { Policy } from '../domain/policy.ts';
import type { Reason } from '../domain/reason.ts';
import type { Instant } from '../domain/time.ts';
import { openMoves, type LookParts, type MoveLook } from './move-look.ts';
import type { Clock, Log } from './ports.ts';

/** What sending works with. */
interface SendingParts extends LookParts {
  readonly clock: Clock;
  readonly policy: Policy;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What is asked for, and where it is now. */
interface Wanted {
  readonly request: MoveRequest;
  readonly sourceOf: (id: InstanceId) => HostName;
}

/** One that goes now. */
export interface Chosen {
  readonly id: InstanceId;
  readonly way: Way;
}

/** Who goes now, why not more, and the list with their intents. */
export interface Intent {
  readonly ledger: Evacuation;
  readonly chosen: readonly Chosen[];
  readonly held: Reason | null;
}

/** Who goes now: the order and the limits of an evacuation, and only what Nova shows idle on its host. */
export function intendMoves(
  ledger: Evacuation,
  look: MoveLook,
  plan: Wanted,
  policy: Policy,
  now: Instant,
): Intent {
  if (look.fleet.kind === 'unknown' || look.peers.kind === 'unknown') {
    return { ledger, chosen: [], held: null };
  }
  // The destination of evacuations is no matter of planned moves.
  const own = { ...policy, destination: { host: null, strict: false } };
  const choice = choose(ledger, look.peers.value, look.fleet.value, own, now);
  const instances = { ...ledger.instances };
  const chosen: Chosen[] = [];
  for (const { id } of choice.chosen) {
    const entry = instances[id];
    const rows = look.rowsOf(id);
    const seen = look.seenOf(id);
    if (rows.kind === 'unknown' || seen.kind === 'unknown') continue;
    if (entry?.progress.at !== 'pending') continue;
    if (seen.value?.host !== plan.sourceOf(id) || seen.value.taskState !== null) continue;
    const verdict = wayOf(seen.value, plan.request);
    if (verdict.verdict !== 'move') continue;
    const after = Math.max(entry.progress.after, rows.value[0]?.id ?? 0);
    const attempt = entry.progress.attempt + 1;
    instances[id] = { ...entry, progress: { at: 'intended', attempt, since: now, after } };
    chosen.push({ id, way: verdict.way });
  }
  const { held, stage } = choice;
  if (chosen.length === 0) return { ledger, chosen, held };
  const staged = stage === undefined ? {} : { stage };
  return { ledger: { ...ledger, ...staged, instances, sentAt: now }, chosen, held };
}

/** Asks Nova, a few at a time; what the history does not hold is not asked for. */
export async function sendMoves(
  parts: SendingParts,
  plan: Wanted,
  ledger: Evacuation,
  chosen: readonly Chosen[],
): Promise<ReadonlyMap<InstanceId, WriteOutcome<unknown>>> {
  const { mover, store, clock, policy, signal } = parts;
  const answers = new Map<InstanceId, WriteOutcome<unknown>>();
  if (chosen.length === 0) return answers;
  const now = clock.now();
  // A later run confirms only cold migrations that it finds here.
  await store.append(
    chosen.map(({ id, way }) => ({
      at: now,
      host: ledger.host,
      event: ledger.mark.event,
      what: 'moving',
      instance: id,
      detail: moveNote({ way, name: ledger.instances[id]?.name ?? id }),
    })),
  );
  const queue = [...chosen];
  const mayLeave = (): boolean => !signal.aborted;
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { id, way } = next;
      const { target } = plan.request;
      const asked =
        way === 'live'
          ? mover.migrateLive(id, target, mayLeave)
          : mover.migrateCold(id, target, mayLeave);
      answers.set(id, await asked);
    }
  };
  const lanes = Math.min(policy.pace.posts, chosen.length);
  await Promise.all(Array.from({ length: lanes }, lane));
  return answers;
}

/** How long after a confirmation another one may be sent, when Nova shows no effect of it. */
const CONFIRM_AGAIN_MS = 10_000;

/** Confirms our cold migrations that have arrived, so that the host is free of them. */
export async function confirmArrived(
  { mover, clock, log }: SendingParts,
  ledger: Evacuation,
  look: MoveLook,
  ours: ReadonlySet<InstanceId>,
  confirmed: Map<InstanceId, Instant>,
): Promise<void> {
  const waiting = openMoves(ledger).filter((id) => {
    const seen = look.seenOf(id);
    const rows = look.rowsOf(id);
    if (seen.kind === 'unknown' || rows.kind === 'unknown' || !ours.has(id)) return false;
    const newest = rows.value[0];
    return (
      ledger.instances[id]?.progress.at === 'arrived' &&
      seen.value?.vmState === 'resized' &&
      newest?.type === 'migration' &&
      newest.status === 'finished' &&
      clock.now() - (confirmed.get(id) ?? -Infinity) >= CONFIRM_AGAIN_MS
    );
  });
  for (const id of waiting) {
    confirmed.set(id, clock.now());
    const outcome = await mover.confirm(id);
    if (outcome.kind === 'applied') continue;
    const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
    log.warn(`The migration of ${id} could not be confirmed: ${why}`, { instance: id });
  }
}
