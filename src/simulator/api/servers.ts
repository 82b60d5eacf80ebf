import { beginAction } from '../action-log.ts';
import { setGuest } from '../guests.ts';
import { release } from '../hosts.ts';
import { removeInstance } from '../instances.ts';
import type { Instance } from '../instances.ts';
import { fault, queryValue, reply, unexpectedError } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import type { World } from '../world.ts';
import { findInstance, instanceNotFound, isCellDown } from './context.ts';
import type { Call } from './context.ts';
import { isTrue, readSelection, selectPage } from './server-query.ts';
import { serverView } from './server-view.ts';

/** Any filter, limit or sort switches the placeholders for down cells off (servers.py, _is_cell_down_supported). */
function placeholders(world: World, call: Call): unknown[] {
  const names = Object.keys(call.request.query).filter((name) => name !== 'all_tenants');
  if (call.version < 69 || names.length > 0 || world.plane.downCells.size === 0) return [];
  const all = isTrue(queryValue(call.request.query, 'all_tenants')) && call.policy.contextIsAdmin;
  return world.instances.ordered
    .filter(
      (instance) => isCellDown(world, instance) && (all || instance.projectId === call.projectId),
    )
    .map((instance) => placeholder(instance));
}

function placeholder(instance: Instance): unknown {
  return {
    id: instance.id,
    status: 'UNKNOWN',
    tenant_id: instance.projectId,
    created: new Date(instance.createdAtMs).toISOString(),
    links: [],
  };
}

function listServers(call: Call, view: (instance: Instance) => unknown): ApiResponse {
  const selection = readSelection(call);
  if ('status' in selection) return selection;
  const page = selectPage(selection);
  const servers = [...placeholders(call.world, call), ...page.map(view)];
  const last = page.at(-1);
  if (last === undefined || page.length < selection.limit) return reply(200, { servers });
  const href = `http://nova.internal:8774/v2.1${call.request.path}?marker=${last.id}`;
  return reply(200, { servers, servers_links: [{ rel: 'next', href }] });
}

/** GET /servers/detail. */
export function listServersDetail(call: Call): ApiResponse {
  return listServers(call, (instance) => serverView(call, instance));
}

/** GET /servers. */
export function listServersBrief(call: Call): ApiResponse {
  return listServers(call, (instance) => ({ id: instance.id, name: instance.name, links: [] }));
}

/** GET /servers/{id}; only here server groups are shown (2.71). */
export function showServer(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  const instance = findInstance(call, id);
  if (instance === undefined) return instanceNotFound(id);
  if (isCellDown(call.world, instance)) {
    if (call.version < 69) return unexpectedError('nova.exception.NovaException');
    return reply(200, { server: placeholder(instance) });
  }
  const server = serverView(call, instance);
  if (call.version >= 71) {
    server['server_groups'] = instance.groupId === undefined ? [] : [instance.groupId];
  }
  return reply(200, { server });
}

/** DELETE /servers/{id}: a guest on a living host is destroyed, one that an evacuation still builds is not. */
export function deleteServer(call: Call, params: readonly string[]): ApiResponse {
  const { world } = call;
  const [id = ''] = params;
  const instance = findInstance(call, id);
  if (instance === undefined) return instanceNotFound(id);
  if (instance.lockedBy !== undefined && !call.policy.unlockOverride) {
    return fault(409, `Instance ${id} is locked`);
  }
  beginAction(world, instance, 'delete', {
    requestId: call.requestId,
    userId: call.token.user.id,
    projectId: call.projectId,
  });
  deleteInstance(world, instance);
  return reply(204);
}

/** Deletes the record, and the guest if its host lives to hear of it. */
export function deleteInstance(world: World, instance: Instance): void {
  const { host } = instance;
  if (host?.compute === 'running') setGuest(world, host, instance, undefined);
  for (const other of world.hostList) release(other, instance);
  removeInstance(world, instance);
}
