import type { HostName, InstanceId } from './ids.ts';

/** The two ways off a living host: `live` for running guests, `cold` for stopped ones. */
export type Way = 'live' | 'cold';

/** A record of `GET /os-migrations` other than an evacuation. */
export interface Move {
  readonly id: number;
  readonly instance: InstanceId;
  readonly type: 'live-migration' | 'migration' | 'resize';
  readonly status: string;
  readonly source: HostName;
  /** Null until the scheduler has chosen. */
  readonly destination: HostName | null;
  readonly createdAt: string;
}

/** What the status of a move tells. */
export type MoveStage =
  'under-way' | 'finished' | 'confirming' | 'done' | 'cancelled' | 'reverted' | 'failed';

/**
 * Reads a status (nova/compute/manager.py). A live migration goes from `accepted` over `queued`,
 * `preparing` and `running` to `completed`; a cold one from `pre-migrating` over `migrating` and
 * `post-migrating` to `finished`, and only a confirmation brings it over `confirming` to `confirmed`.
 * `failed` was rolled back, `error` not always; a word that nobody knows counts as under way.
 */
export function moveStageOf(status: string): MoveStage {
  switch (status) {
    case 'finished':
    case 'confirming':
    case 'cancelled':
    case 'reverted':
      return status;
    case 'completed':
    case 'confirmed':
    case 'done':
      return 'done';
    case 'failed':
    case 'error':
      return 'failed';
    default:
      return 'under-way';
  }
}

/** The task_states of a live or cold migration that Nova has taken. */
const MOVING = new Set([
  'migrating',
  'resize_prep',
  'resize_migrating',
  'resize_migrated',
  'resize_finish',
]);

/** Whether a task_state is that of a migration. */
export const isMoving = (taskState: string | null): boolean =>
  taskState !== null && MOVING.has(taskState);

/** The moves by instance, the newest first. */
export function movesByInstance(moves: readonly Move[]): ReadonlyMap<InstanceId, readonly Move[]> {
  const groups = new Map<InstanceId, Move[]>();
  for (const move of moves) groups.set(move.instance, [...(groups.get(move.instance) ?? []), move]);
  for (const group of groups.values()) group.sort((a, b) => b.id - a.id);
  return groups;
}

const PREFIX = 'nova-ha: drain ';

/** What our `disabled_reason` says of a drained host. */
export interface DrainNote {
  readonly event: string;
  readonly by: string;
  readonly reason: string | null;
}

/**
 * The `disabled_reason` of a host that is being drained (255 characters at most, which the adapter
 * sees to): by it we know our own disable again, whoever runs the command next.
 */
export const drainNote = ({ event, by, reason }: DrainNote): string =>
  `${PREFIX}${event} by ${by.replace(/[\s:]+/g, '_')}${reason === null ? '' : `: ${reason}`}`;

/** Reads a `disabled_reason`; null when it is none of a drain. */
export function parseDrainNote(text: string | null): DrainNote | null {
  if (text?.startsWith(PREFIX) !== true) return null;
  const match = /^(\S+) by ([^\s:]+)(?:: (.*))?$/s.exec(text.slice(PREFIX.length));
  if (match === null) return null;
  return { event: match[1] ?? '', by: match[2] ?? '', reason: match[3] ?? null };
}

/** What the history says of a move that was about to be asked for. */
export interface MoveNote {
  readonly way: Way;
  readonly name: string;
}

/** The detail of the history's entry `moving`, by which a later run knows what was asked for by us. */
export const moveNote = ({ way, name }: MoveNote): string => `${way}: ${name}`;

/** Reads the detail of such an entry; null for any other text. */
export function parseMoveNote(text: string): MoveNote | null {
  const match = /^(live|cold): (.*)$/s.exec(text);
  return match === null
    ? null
    : { way: match[1] === 'live' ? 'live' : 'cold', name: match[2] ?? '' };
}
