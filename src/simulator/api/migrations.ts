import type { Migration } from '../migrations.ts';
import { fault, queryValue, reply } from '../request.ts';
import type { ApiResponse, Query } from '../request.ts';
import { naiveTime } from '../timings.ts';
import { forbidden } from './context.ts';
import type { Call } from './context.ts';
import { readLimit, readTime, refuseUnknownQuery } from './validation.ts';

function knownParameters(version: number): ReadonlySet<string> {
  const names = ['hidden', 'host', 'instance_uuid', 'migration_type', 'source_compute', 'status'];
  if (version >= 59) names.push('limit', 'marker', 'changes-since');
  if (version >= 66) names.push('changes-before');
  if (version >= 80) names.push('user_id', 'project_id');
  return new Set(names);
}

/** The smallest index that holds every row the filters can leave; rows are in the order of their ids. */
function candidates(call: Call): readonly Migration[] {
  const { world, request } = call;
  const { query } = request;
  const instanceId = queryValue(query, 'instance_uuid');
  if (instanceId !== undefined) return world.instances.byId.get(instanceId)?.migrations ?? [];
  const hostName = queryValue(query, 'host');
  if (hostName !== undefined) {
    const host = world.hosts.get(hostName);
    if (host === undefined) return [];
    return [...host.migrationsFrom, ...host.migrationsTo].sort((a, b) => a.id - b.id);
  }
  const source = queryValue(query, 'source_compute');
  if (source !== undefined) return world.hosts.get(source)?.migrationsFrom ?? [];
  return world.migrations;
}

function matches(
  call: Call,
  row: Migration,
  times: { sinceMs?: number; beforeMs?: number },
): boolean {
  const { query } = call.request;
  const status = queryValue(query, 'status');
  const type = queryValue(query, 'migration_type');
  const userId = queryValue(query, 'user_id');
  const projectId = queryValue(query, 'project_id');
  const { sinceMs, beforeMs } = times;
  return (
    !row.deleted &&
    !call.world.plane.downCells.has(row.source.cell) &&
    (status === undefined || row.status === status) &&
    (type === undefined || row.type === type) &&
    (userId === undefined || row.userId === userId) &&
    (projectId === undefined || row.projectId === projectId) &&
    // SQL compares NULL with nothing: a fresh `accepted` row is in no period at all.
    (sinceMs === undefined || (row.updatedAtMs !== undefined && row.updatedAtMs >= sinceMs)) &&
    (beforeMs === undefined || (row.updatedAtMs !== undefined && row.updatedAtMs <= beforeMs))
  );
}

function readTimes(query: Query): { sinceMs?: number; beforeMs?: number } | ApiResponse {
  const times: { sinceMs?: number; beforeMs?: number } = {};
  for (const [name, key] of [
    ['changes-since', 'sinceMs'],
    ['changes-before', 'beforeMs'],
  ] as const) {
    const text = queryValue(query, name);
    if (text === undefined) continue;
    const timeMs = readTime(text);
    if (timeMs === undefined) {
      return fault(
        400,
        `Invalid input for query parameters ${name}. Value: ${text}. '${text}' is not a 'date-time'`,
      );
    }
    times[key] = timeMs;
  }
  return times;
}

function migrationView(call: Call, row: Migration): Record<string, unknown> {
  const { version } = call;
  const shown = call.policy.migrationsHost;
  const view: Record<string, unknown> = {
    id: row.id,
    instance_uuid: row.instance.id,
    status: row.status,
    source_compute: shown ? row.source.name : null,
    source_node: shown ? row.source.nodeName : null,
    dest_compute: shown ? (row.destName ?? null) : null,
    dest_node: shown ? (row.dest?.nodeName ?? null) : null,
    dest_host: shown ? (row.dest?.ip ?? null) : null,
    old_instance_type_id: 1,
    new_instance_type_id: 1,
    created_at: naiveTime(row.createdAtMs),
    updated_at: row.updatedAtMs === undefined ? null : naiveTime(row.updatedAtMs),
  };
  if (version >= 23) view['migration_type'] = row.type;
  if (version >= 59) view['uuid'] = row.uuid;
  if (version >= 80) {
    view['user_id'] = row.userId;
    view['project_id'] = row.projectId;
  }
  return view;
}

/** GET /os-migrations: newest first and paged from 2.59 on; below, everything in the order of the table. */
export function listMigrations(call: Call): ApiResponse {
  const { world, request, version } = call;
  const { query } = request;
  if (!call.policy.migrationsIndex) return forbidden('os-migrations:index');
  const refusal = version >= 59 ? refuseUnknownQuery(query, knownParameters(version)) : undefined;
  if (refusal !== undefined) return refusal;
  const times = version >= 59 ? readTimes(query) : {};
  if ('status' in times) return times;
  const rows = candidates(call);
  if (version < 59) {
    const found = rows.filter((row) => matches(call, row, times));
    return reply(200, { migrations: found.map((row) => migrationView(call, row)) });
  }
  const limit = readLimit(query, world.habits.maxLimit);
  if (typeof limit !== 'number') return limit;
  const markerId = queryValue(query, 'marker');
  const marker = markerId === undefined ? undefined : world.migrationsByUuid.get(markerId);
  if (markerId !== undefined && marker === undefined) {
    return fault(400, `Marker ${markerId} could not be found.`);
  }
  const page: Migration[] = [];
  for (let index = rows.length - 1; index >= 0 && page.length < limit; index -= 1) {
    const row = rows[index];
    if (row === undefined || (marker !== undefined && row.id >= marker.id)) continue;
    if (matches(call, row, times)) page.push(row);
  }
  const migrations = page.map((row) => migrationView(call, row));
  const last = page.at(-1);
  if (last === undefined || page.length < limit) return reply(200, { migrations });
  const href = `http://nova.internal:8774/v2.1/os-migrations?marker=${last.uuid}`;
  return reply(200, { migrations, migrations_links: [{ rel: 'next', href }] });
}
