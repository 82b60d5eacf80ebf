import type { ActionEvent, Instance, InstanceAction } from './instances.ts';
import type { World } from './world.ts';

/** Begins an instance action. */
export function beginAction(
  world: World,
  instance: Instance,
  action: string,
  by: { readonly requestId: string; readonly userId: string; readonly projectId: string },
): InstanceAction {
  const nowMs = world.clock.now();
  const row: InstanceAction = {
    action,
    requestId: by.requestId,
    userId: by.userId,
    projectId: by.projectId,
    startedAtMs: nowMs,
    updatedAtMs: nowMs,
    message: null,
    events: [],
  };
  instance.actions.push(row);
  return row;
}

/** Begins one step of an action. */
export function beginEvent(
  world: World,
  action: InstanceAction,
  event: string,
  host: string | null,
): ActionEvent {
  const nowMs = world.clock.now();
  const row: ActionEvent = {
    event,
    startedAtMs: nowMs,
    host,
    finishedAtMs: null,
    result: null,
    details: null,
  };
  action.events.push(row);
  action.updatedAtMs = nowMs;
  return row;
}

/** Ends one step; an error also marks the action, as Nova's event_finish does. */
export function finishEvent(
  world: World,
  action: InstanceAction,
  event: ActionEvent,
  failure?: string,
): void {
  event.finishedAtMs = world.clock.now();
  event.result = failure === undefined ? 'Success' : 'Error';
  event.details = failure ?? null;
  action.updatedAtMs = event.finishedAtMs;
  if (failure !== undefined) action.message = 'Error';
}
