import { wayOf, type MoveRequest } from '../domain/drain.ts';
import { tracked, type Evacuation, type Tracked } from '../domain/evacuation.ts';
import type { ImageFacts } from '../domain/facts.ts';
import { asEvent, type HostName, type InstanceId } from '../domain/ids.ts';
import type { Instance } from '../domain/instance.ts';
import { known, type Known } from '../domain/known.ts';
import { sentenceOfMove } from '../domain/move-changes.ts';
import { parseDrainNote, type Way } from '../domain/move.ts';
import { orderOf } from '../domain/order.ts';
import type { ProfileChoice } from '../domain/profile.ts';
import type { Reason } from '../domain/reason.ts';
import { inOrder, scheduleOf, type Schedule, type Slot } from '../domain/schedule.ts';
import { askedBefore, listMoves } from './drain-census.ts';
import type { DrainParts } from './drain-host.ts';
import { policyOfHost, type HostPolicy } from './drain-policy.ts';
import { busyElsewhere, type MovingParts } from './move-instances.ts';
import { lookAtMoves } from './move-look.ts';

/** What would become of one instance. */
export interface PlannedMove {
  readonly id: InstanceId;
  readonly name: string;
  readonly vmState: string;
  readonly verdict: Way | 'skip';
  /** Why it stays. */
  readonly why: Reason | null;
  /** Where it stands already; null: it waits, or stays for a reason. */
  readonly state: string | null;
  /** What is odd about its order. */
  readonly notes: readonly Reason[];
  /** When it is asked for; null for what stays or moves already. */
  readonly slot: Slot | null;
}

/** What a drain or failback would do, in the order in which it would do it. */
export interface MovesPlan {
  readonly profile: ProfileChoice;
  /** Whether groups go one after the other; else they are names only. */
  readonly sequence: boolean;
  readonly groups: Schedule['groups'];
  /** What would hold it now: a pause, evacuations. */
  readonly holds: readonly Reason[];
  readonly moves: readonly PlannedMove[];
}

/** A list of moves, and what it was made from. */
interface Counted extends HostPolicy {
  readonly ledger: Evacuation;
  readonly request: MoveRequest;
  readonly instances: readonly Instance[];
  readonly images: ReadonlyMap<string, ImageFacts>;
}

/**
 * What a drain would do; changes nothing. The list is made by the very function that a drain makes it
 * with, so that the plan is what then happens.
 */
export async function planDrain(
  general: DrainParts,
  { host, request }: { readonly host: HostName; readonly request: MoveRequest },
): Promise<Known<MovesPlan>> {
  const [chosen, fleet] = await Promise.all([
    policyOfHost(general, host, general.clock.now()),
    general.compute.fleet(),
  ]);
  if (chosen.kind === 'unknown') return chosen;
  if (fleet.kind === 'unknown') return fleet;
  const service = fleet.value.services.get(host);
  const note =
    service !== undefined && 'disabledReason' in service
      ? parseDrainNote(service.disabledReason)
      : null;
  const asked = await askedBefore(general, host, note === null ? null : asEvent(note.event));
  if (asked.kind === 'unknown') return asked;
  const parts = { ...general, policy: chosen.value.policy };
  const order = { host, event: asEvent('plan'), by: 'plan', request };
  const list = await listMoves(parts, order, asked.value);
  if (list.kind === 'unknown') return list;
  return known(await planOf(parts, { ...list.value, ...chosen.value, request }), list.at);
}

/** The plan of a list of moves, by the functions that then send them. */
export async function planOf(parts: MovingParts, counted: Counted): Promise<MovesPlan> {
  const { ledger, policy, profile } = counted;
  const schedule = scheduleOf(ledger, policy);
  const nobody = { ...ledger, instances: {} };
  const look = await lookAtMoves(parts, nobody, () => ledger.host, parts.clock.now());
  const held = busyElsewhere(ledger.host, look);
  const notes = notesOf(counted);
  const moves = tracked(ledger).map(([id, entry]): PlannedMove => {
    const slot = entry.progress.at === 'pending' ? schedule.slotOf(entry) : null;
    const { name, before } = entry;
    const common = { id, name, vmState: before.vmState, slot };
    const told = slot === null ? [] : (notes.get(id) ?? []);
    return { ...common, notes: told, ...verdictOf(id, entry, counted.request) };
  });
  return {
    profile,
    sequence: policy.order.sequence,
    groups: schedule.groups,
    holds: held === null ? [] : [held.why],
    moves: inOrder(moves, ({ verdict, slot }) => ({ isSkipped: verdict === 'skip', slot })),
  };
}

function verdictOf(
  id: InstanceId,
  { before, progress }: Tracked,
  request: MoveRequest,
): Pick<PlannedMove, 'verdict' | 'why' | 'state'> {
  switch (progress.at) {
    case 'pending': {
      const verdict = wayOf({ id, vmState: before.vmState }, request);
      return verdict.verdict === 'skip'
        ? { verdict: 'skip', why: verdict.why, state: null }
        : { verdict: verdict.way, why: null, state: null };
    }
    case 'skipped':
      return { verdict: 'skip', why: progress.why, state: null };
    case 'accepted': {
      const verdict = before.taskState === 'migrating' ? 'live' : 'cold';
      return { verdict, why: null, state: `${sentenceOfMove(progress)} already` };
    }
    default:
      return { verdict: 'skip', why: null, state: sentenceOfMove(progress) };
  }
}

/** What is odd about the orders; the list keeps the orders alone. */
function notesOf({
  instances,
  images,
  policy,
}: Counted): ReadonlyMap<InstanceId, readonly Reason[]> {
  return new Map(
    instances.map((instance) => [instance.id, orderOf(instance, policy, { images }).warnings]),
  );
}
