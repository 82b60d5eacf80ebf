import { exclusiveGroupOf } from './classify.ts';
import { newEvacuation, type Evacuation, type Progress, type Tracked } from './evacuation.ts';
import type { EventId, HostName, InstanceId } from './ids.ts';
import type { Instance, ServerGroup } from './instance.ts';
import { wholeHost } from './mark.ts';
import { isMoving, moveStageOf, movesByInstance, type Move, type Way } from './move.ts';
import { keptOrder, orderOf, type ImageProperties } from './order.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import type { Instant } from './time.ts';

/** What the operator asked for. */
export interface MoveRequest {
  readonly instances: readonly InstanceId[] | null;
  readonly target: HostName | null;
  /** `cold`: running instances are stopped for the move; `live-only`: stopped ones stay. */
  readonly ways: 'both' | 'cold' | 'live-only';
}

/** How an instance is moved, or the one reason why it is not. */
export type MoveVerdict =
  | { readonly verdict: 'move'; readonly way: Way }
  | { readonly verdict: 'skip'; readonly why: Reason };

/**
 * The way that Nova has for a vm_state (compute/api.py): live migration takes ACTIVE and PAUSED, cold
 * migration ACTIVE and STOPPED.
 */
export function wayOf(
  state: { readonly id: InstanceId; readonly vmState: string },
  { ways }: MoveRequest,
): MoveVerdict {
  const move = (way: Way): MoveVerdict => ({ verdict: 'move', way });
  const { id, vmState } = state;
  switch (vmState) {
    case 'active':
      return move(ways === 'cold' ? 'cold' : 'live');
    case 'paused':
      return ways === 'cold' ? skip(because('NH620', { state: vmState })) : move('live');
    case 'stopped':
      return ways === 'live-only' ? skip(because('NH623')) : move('cold');
    case 'resized':
      return skip(because('NH624', { id }));
    default:
      return skip(because('NH620', { state: vmState }));
  }
}

const skip = (why: Reason): MoveVerdict => ({ verdict: 'skip', why });

/** Decides how an instance of a host that is drained is moved; the first rule that applies names the reason. */
export function classifyMove(
  instance: Instance,
  groups: readonly ServerGroup[],
  request: MoveRequest,
): MoveVerdict {
  const { id, taskState } = instance;
  if (request.instances !== null && !request.instances.includes(id)) return skip(because('NH308'));
  if (taskState === 'deleting' || taskState === 'soft-deleting') return skip(because('NH304'));
  // One that moves already is followed; how it began counts no more.
  if (isMoving(taskState))
    return { verdict: 'move', way: taskState === 'migrating' ? 'live' : 'cold' };
  const affinity = groups.find(
    ({ policy, members }) => policy === 'affinity' && members.includes(id),
  );
  if (affinity !== undefined) return skip(because('NH607', { group: affinity.name }));
  return wayOf(instance, request);
}

/** What the instances that are to move are made from. */
export interface MoveCensus {
  readonly instances: readonly Instance[];
  readonly groups: readonly ServerGroup[];
  readonly moves: readonly Move[];
  /** What the order may look at; absent where it does not. */
  readonly images?: ImageProperties['images'];
}

/** What is known of the moves that an earlier run asked for, by instance. */
export type Asked = ReadonlyMap<InstanceId, { readonly name: string }>;

/**
 * The list of what is to move, in the shape of an evacuation so that order, limits and reports are the
 * same; it lives in memory only, since Nova and the history hold all that a later run needs. Instances
 * that an earlier run has moved and not confirmed are on the list too: they have left the host.
 */
export function moveLedger(
  host: HostName,
  start: { readonly event: EventId; readonly by: string; readonly request: MoveRequest },
  census: MoveCensus,
  asked: Asked,
  policy: Policy,
  now: Instant,
): Evacuation {
  const { event, by, request } = start;
  const mark = {
    event,
    firstAt: now,
    at: now,
    origin: 'operator',
    by,
    claim: null,
    request: { ...wholeHost, instances: request.instances, target: request.target },
  } as const;
  const rows = movesByInstance(census.moves);
  const instances: Record<InstanceId, Tracked> = {};
  for (const instance of census.instances) {
    const verdict = classifyMove(instance, census.groups, request);
    const mine = rows.get(instance.id) ?? [];
    instances[instance.id] = {
      name: instance.name,
      projectId: instance.projectId,
      before: {
        vmState: instance.vmState,
        taskState: instance.taskState,
        powerState: instance.powerState,
        locked: instance.locked,
      },
      exclusiveGroup: exclusiveGroupOf(instance, census.groups),
      ...keptOrder(orderOf(instance, policy, { images: census.images ?? new Map() })),
      progress:
        verdict.verdict === 'skip' ? { at: 'skipped', why: verdict.why } : firstProgress(mine, now),
    };
  }
  for (const [id, mine] of rows) {
    const name = asked.get(id)?.name;
    const stage = moveStageOf(mine[0]?.status ?? 'done');
    const isOpen = stage === 'under-way' || stage === 'finished' || stage === 'confirming';
    if (name === undefined || !isOpen || instances[id] !== undefined) continue;
    instances[id] = { ...UNSEEN, name, progress: firstProgress(mine, now) };
  }
  return { ...newEvacuation(host, mark, now), phase: 'evacuating', instances };
}

const UNSEEN: Omit<Tracked, 'name' | 'progress'> = {
  projectId: '',
  before: { vmState: '', taskState: null, powerState: 0, locked: false },
  exclusiveGroup: null,
};

/** What is under way already is followed from its record on; every older record is over. */
function firstProgress(rows: readonly Move[], now: Instant): Progress {
  const [newest] = rows;
  const isOpen =
    newest !== undefined &&
    ['under-way', 'finished', 'confirming'].includes(moveStageOf(newest.status));
  if (!isOpen) {
    return { at: 'pending', attempt: 0, after: newest?.id ?? 0, notBefore: now, why: null };
  }
  const { id: migration, destination } = newest;
  const after = migration - 1;
  return { at: 'accepted', attempt: 0, since: now, after, migration, destination, looked: 0 };
}
