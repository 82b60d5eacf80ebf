import type { HostName, InstanceId } from './ids.ts';
import { parseNovaTime } from './time.ts';

/** An evacuation record of `GET /os-migrations` (microversion >= 2.59). */
export interface Migration {
  readonly id: number;
  readonly uuid: string;
  readonly instance: InstanceId;
  readonly status: string;
  readonly source: HostName;
  /** Null until a destination has claimed it (or for ever, for an orphan). */
  readonly destination: HostName | null;
  readonly createdAt: string;
  /** Null in a fresh `accepted` row, which is why `changes-since` must never be used. */
  readonly updatedAt: string | null;
}

/** What a migration's status tells about the evacuation behind it. */
export type MigrationStage = 'accepted' | 'building' | 'arrived' | 'completed' | 'failed' | 'other';

/**
 * Reads a status: `accepted` is queued (or an orphan), `pre-migrating` is being built on the
 * destination, `done` means that the instance's host was changed, `completed` that the source's
 * nova-compute has restarted since, which is no proof of success by itself.
 */
export function stageOf(status: string): MigrationStage {
  switch (status) {
    case 'accepted':
      return 'accepted';
    case 'pre-migrating':
      return 'building';
    case 'done':
      return 'arrived';
    case 'completed':
      return 'completed';
    case 'failed':
    case 'error':
    case 'cancelled':
      return 'failed';
    default:
      return 'other';
  }
}

/** Whether the older of two evacuations was not certainly over before the younger one was asked for. */
export function overlap(one: Migration, other: Migration): boolean {
  if (one.id === other.id) return false;
  const [older, younger] = one.id < other.id ? [one, other] : [other, one];
  const isOver = ['failed', 'arrived', 'completed'].includes(stageOf(older.status));
  const ended = older.updatedAt === null ? null : parseNovaTime(older.updatedAt);
  const asked = parseNovaTime(younger.createdAt);
  return !isOver || ended === null || asked === null || ended >= asked;
}

/** The rows by instance, the newest first (Nova's ids grow within the cell of the source host). */
export function byInstance(
  migrations: readonly Migration[],
): ReadonlyMap<InstanceId, readonly Migration[]> {
  const groups = new Map<InstanceId, Migration[]>();
  for (const migration of migrations) {
    const group = groups.get(migration.instance);
    if (group === undefined) groups.set(migration.instance, [migration]);
    else group.push(migration);
  }
  for (const group of groups.values()) group.sort((a, b) => b.id - a.id);
  return groups;
}
