import type { ActionEvent, Instance, InstanceAction } from '../instances.ts';
import { fault, queryValue, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { naiveTime } from '../timings.ts';
import { instanceNotFound, isVisible } from './context.ts';
import type { Call } from './context.ts';
import { readLimit, readTime } from './validation.ts';

function actionView(call: Call, instance: Instance, row: InstanceAction): Record<string, unknown> {
  const view: Record<string, unknown> = {
    action: row.action,
    instance_uuid: instance.id,
    request_id: row.requestId,
    user_id: row.userId,
    project_id: row.projectId,
    start_time: naiveTime(row.startedAtMs),
    message: row.message,
  };
  if (call.version >= 58) view['updated_at'] = naiveTime(row.updatedAtMs);
  return view;
}

function eventView(call: Call, event: ActionEvent): Record<string, unknown> {
  const { version, policy } = call;
  const view: Record<string, unknown> = {
    event: event.event,
    start_time: naiveTime(event.startedAtMs),
    finish_time: event.finishedAtMs === null ? null : naiveTime(event.finishedAtMs),
    result: event.result,
  };
  if (policy.actionEvents) view['traceback'] = event.details;
  if (version >= 62 && policy.actionEvents) view['host'] = event.host;
  if (version >= 62) view['hostId'] = '';
  if (version >= 84) view['details'] = event.details;
  return view;
}

/** Actions of deleted servers stay readable (2.21). */
function findInstance(call: Call, id: string): Instance | undefined {
  const instance = call.world.instances.byId.get(id);
  if (instance === undefined || !isVisible(call, instance)) return undefined;
  return instance.deleted && call.version < 21 ? undefined : instance;
}

/** Every server has been created once; the row is made up, to save its memory. */
function actionsOf(instance: Instance): readonly InstanceAction[] {
  const { userId, projectId, createdAtMs } = instance;
  const creation: InstanceAction = {
    action: 'create',
    requestId: `req-${instance.id}`,
    userId,
    projectId,
    startedAtMs: createdAtMs,
    updatedAtMs: createdAtMs,
    message: null,
    events: [
      {
        event: 'compute__do_build_and_run_instance',
        startedAtMs: createdAtMs,
        host: instance.host?.name ?? null,
        finishedAtMs: createdAtMs,
        result: 'Success',
        details: null,
      },
    ],
  };
  return [creation, ...instance.actions];
}

/** GET /servers/{id}/os-instance-actions: newest first. */
export function listActions(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  const { world, request, version } = call;
  const instance = findInstance(call, id);
  if (instance === undefined) return instanceNotFound(id);
  let rows = [...actionsOf(instance)].reverse();
  if (version >= 58) {
    const limit = readLimit(request.query, world.habits.maxLimit);
    if (typeof limit !== 'number') return limit;
    const marker = queryValue(request.query, 'marker');
    const index = rows.findIndex((row) => row.requestId === marker);
    if (marker !== undefined && index < 0) return fault(400, `marker [${marker}] not found`);
    const sinceMs = readTime(queryValue(request.query, 'changes-since') ?? '') ?? 0;
    rows = rows
      .slice(index + 1)
      .filter((row) => row.updatedAtMs >= sinceMs)
      .slice(0, limit);
  }
  return reply(200, { instanceActions: rows.map((row) => actionView(call, instance, row)) });
}

/** GET /servers/{id}/os-instance-actions/{request id}: with its events, the newest first. */
export function showAction(call: Call, params: readonly string[]): ApiResponse {
  const [id = '', requestId = ''] = params;
  const instance = findInstance(call, id);
  if (instance === undefined) return instanceNotFound(id);
  const row = actionsOf(instance).find((action) => action.requestId === requestId);
  if (row === undefined) return fault(404, `Action ${requestId} not found`);
  const instanceAction = actionView(call, instance, row);
  if (call.version >= 51 || call.policy.actionEvents) {
    instanceAction['events'] = [...row.events].reverse().map((event) => eventView(call, event));
  }
  return reply(200, { instanceAction });
}
