import type { Host } from './hosts.ts';
import type { Instance } from './instances.ts';
import type { World } from './world.ts';

/** States of a migration record. */
export type MigrationStatus =
  | 'accepted'
  | 'pre-migrating'
  | 'done'
  | 'completed'
  | 'failed'
  | 'error'
  | 'queued'
  | 'preparing'
  | 'running'
  | 'migrating'
  | 'post-migrating'
  | 'finished'
  | 'confirming'
  | 'confirmed';

/** One row of Nova's migrations table. */
export interface Migration {
  readonly id: number;
  readonly uuid: string;
  readonly instance: Instance;
  readonly type: 'evacuation' | 'live-migration' | 'migration';
  readonly source: Host;
  readonly userId: string;
  readonly projectId: string;
  readonly createdAtMs: number;
  dest: Host | undefined;
  /** The requested host before any destination has claimed it. */
  destName: string | undefined;
  status: MigrationStatus;
  /** Undefined until the first change: why changes-since never finds a fresh row. */
  updatedAtMs: number | undefined;
  deleted: boolean;
}

/** Adds a row; evacuations start as `accepted`. */
export function createMigration(
  world: World,
  fields: Pick<
    Migration,
    'instance' | 'type' | 'source' | 'userId' | 'projectId' | 'destName' | 'status'
  >,
): Migration {
  const migration: Migration = {
    ...fields,
    id: world.migrations.length + 1,
    uuid: world.random.uuid(),
    createdAtMs: world.clock.now(),
    dest: undefined,
    updatedAtMs: undefined,
    deleted: fields.instance.deleted,
  };
  world.migrations.push(migration);
  world.migrationsByUuid.set(migration.uuid, migration);
  fields.instance.migrations.push(migration);
  fields.source.migrationsFrom.push(migration);
  const named = fields.destName === undefined ? undefined : world.hosts.get(fields.destName);
  if (named !== undefined && named !== fields.source) named.migrationsTo.push(migration);
  return migration;
}

/** Changes the state of a row. */
export function setMigrationStatus(world: World, row: Migration, status: MigrationStatus): void {
  row.status = status;
  row.updatedAtMs = world.clock.now();
}

/** Names the destination that has claimed the row. */
export function setMigrationDest(row: Migration, dest: Host): void {
  row.dest = dest;
  row.destName = dest.name;
  if (dest !== row.source && !dest.migrationsTo.includes(row)) dest.migrationsTo.push(row);
}

/** Whether Nova refuses to un-force this host (os-services, _check_for_evacuations: status `done` only). */
export function hasDoneEvacuations(host: Host): boolean {
  return host.migrationsFrom.some(
    (row) => row.status === 'done' && row.type === 'evacuation' && !row.deleted,
  );
}

/** The row a conductor takes for an instance: the first accepted one, which need not be the newest. */
export function firstAccepted(instance: Instance): Migration | undefined {
  return instance.migrations.find((row) => row.status === 'accepted');
}
