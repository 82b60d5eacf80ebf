import type { Token } from '../identity.ts';
import { fault } from '../request.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import type { Policy } from '../policy.ts';
import type { Instance } from '../instances.ts';
import type { World } from '../world.ts';

/** One authenticated compute request on its way to a handler. */
export interface Call {
  readonly world: World;
  readonly request: ApiRequest;
  readonly token: Token;
  readonly policy: Policy;
  /** Project of the token. */
  readonly projectId: string;
  /** Minor number of the microversion 2.x. */
  readonly version: number;
  readonly requestId: string;
}

/** Answers a call; `params` are the path segments that stand for ids. */
export type Handler = (call: Call, params: readonly string[]) => ApiResponse;

/** Nova's refusal by policy. */
export function forbidden(rule: string): ApiResponse {
  return fault(403, `Policy doesn't allow os_compute_api:${rule} to be performed.`);
}

/** Whether Nova's database shows an instance to this caller at all, policy aside. */
export function isVisible(call: Call, instance: Instance): boolean {
  return call.policy.contextIsAdmin || instance.projectId === call.projectId;
}

/** The instance of this id, or Nova's 404. */
export function findInstance(call: Call, id: string): Instance | undefined {
  const instance = call.world.instances.byId.get(id);
  return instance === undefined || instance.deleted || !isVisible(call, instance)
    ? undefined
    : instance;
}

/** The 404 for an instance, also for one of another project. */
export function instanceNotFound(id: string): ApiResponse {
  return fault(404, `Instance ${id} could not be found.`);
}

/** Whether the database of the instance's cell is out of reach. */
export function isCellDown(world: World, instance: Instance): boolean {
  return instance.host !== undefined && world.plane.downCells.has(instance.host.cell);
}
