import { moveLedger, type Asked, type MoveRequest } from '../domain/drain.ts';
import type { Evacuation } from '../domain/evacuation.ts';
import type { ImageFacts } from '../domain/facts.ts';
import type { EventId, HostName, InstanceId } from '../domain/ids.ts';
import type { Instance } from '../domain/instance.ts';
import { known, type Known } from '../domain/known.ts';
import { parseMoveNote } from '../domain/move.ts';
import { imagesFor, type DrainPolicyParts } from './drain-policy.ts';
import type { MovingParts } from './move-instances.ts';
import type { HistoryEntry, Images } from './ports.ts';

/** What the instances of a host that is drained are counted with. */
export type CensusParts = Pick<MovingParts, 'compute' | 'mover' | 'clock' | 'policy'> &
  DrainPolicyParts & { readonly images?: Images | undefined };

/** For whom the instances are counted. */
export interface CensusOrder {
  readonly host: HostName;
  readonly event: EventId;
  readonly by: string;
  readonly request: MoveRequest;
}

/** The list of what is to move, and what it was made from. */
export interface MoveList {
  readonly ledger: Evacuation;
  readonly instances: readonly Instance[];
  readonly images: ReadonlyMap<string, ImageFacts>;
}

/** Counts the instances of a host that is drained. */
export async function listMoves(
  parts: CensusParts,
  order: CensusOrder,
  asked: Asked,
): Promise<Known<MoveList>> {
  const { compute, mover, clock, policy } = parts;
  const [instances, groups, moves] = await Promise.all([
    compute.instancesOn(order.host),
    compute.groups(),
    mover.movesFrom(order.host),
  ]);
  if (instances.kind === 'unknown') return instances;
  if (groups.kind === 'unknown') return groups;
  if (moves.kind === 'unknown') return moves;
  const images = await imagesFor(parts, instances.value);
  const found = { instances: instances.value, groups: groups.value, moves: moves.value, images };
  const ledger = moveLedger(order.host, order, found, asked, policy, clock.now());
  return known({ ledger, instances: instances.value, images }, instances.at);
}

const HISTORY_LIMIT = 10_000;
const DAY_MS = 86_400_000;

/**
 * Which cold migrations earlier runs have asked for, by the history: only those are confirmed by us.
 * They belong to the drain that the disable names, or to the last day: an operator's disable names
 * none, and of two runs that disable the host at once the name of one is lost.
 */
export async function askedBefore(
  { store, clock }: Pick<MovingParts, 'store' | 'clock'>,
  host: HostName,
  drain: EventId | null,
): Promise<Known<Asked>> {
  const history = await store.history({ host, limit: HISTORY_LIMIT });
  if (history.kind === 'unknown') return history;
  const asked = new Map<InstanceId, { readonly name: string }>();
  const isOurs = ({ event, at }: HistoryEntry): boolean =>
    clock.now() - at < DAY_MS || event === drain;
  for (const { what, instance, detail } of history.value.filter(isOurs)) {
    const note = what === 'moving' ? parseMoveNote(detail) : null;
    if (instance === null || note?.way !== 'cold' || asked.has(instance)) continue;
    asked.set(instance, { name: note.name });
  }
  return known(asked, clock.now());
}
