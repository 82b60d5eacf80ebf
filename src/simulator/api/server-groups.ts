import { fault, queryValue, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import type { ServerGroup } from '../world.ts';
import type { Call } from './context.ts';
import { readLimit } from './validation.ts';

function groupView(call: Call, group: ServerGroup): Record<string, unknown> {
  const { id, name, policy, projectId, userId, maxServerPerHost } = group;
  const view: Record<string, unknown> = {
    id,
    name,
    members: [...group.members].map((instance) => instance.id),
  };
  if (call.version >= 64) {
    view['policy'] = policy;
    view['rules'] = maxServerPerHost === undefined ? {} : { max_server_per_host: maxServerPerHost };
  } else {
    view['policies'] = [policy];
    view['metadata'] = {};
  }
  if (call.version >= 13) {
    view['project_id'] = projectId;
    view['user_id'] = userId;
  }
  return view;
}

/** GET /os-server-groups: all projects only for an administrator, whatever the policy says. */
export function listServerGroups(call: Call): ApiResponse {
  const { world, request } = call;
  const asksAll = queryValue(request.query, 'all_projects') !== undefined;
  const seesAll = asksAll && call.policy.contextIsAdmin && call.policy.serverGroupsAll;
  const groups = [...world.groups.values()].filter(
    (group) => seesAll || group.projectId === call.projectId,
  );
  const limit = readLimit(request.query, world.habits.maxLimit);
  if (typeof limit !== 'number') return limit;
  const offset = Number(queryValue(request.query, 'offset') ?? '0');
  const page = groups.slice(offset, offset + limit);
  return reply(200, { server_groups: page.map((group) => groupView(call, group)) });
}

/** GET /os-server-groups/{id}. */
export function showServerGroup(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  const group = call.world.groups.get(id);
  if (group === undefined) return fault(404, `Instance group ${id} could not be found.`);
  return reply(200, { server_group: groupView(call, group) });
}
