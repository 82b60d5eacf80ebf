import { beginAction } from '../action-log.ts';
import { DEFAULT_IMAGE_ID } from '../booting.ts';
import { afterOnCompute, castToCompute } from '../compute-steps.ts';
import { setGuest } from '../guests.ts';
import { saveInstance } from '../instances.ts';
import type { Instance } from '../instances.ts';
import { acceptRebuild } from '../recreating.ts';
import { asRecord, asText, fault, reply, unexpectedError } from '../request.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { takeSnapshot } from '../snapshots.ts';
import { findInstance, forbidden, instanceNotFound } from './context.ts';
import type { Call } from './context.ts';
import { evacuateServer } from './evacuate.ts';
import { confirmResize, migrateCold, migrateLive } from './move-actions.ts';
import { serverView } from './server-view.ts';
import { deleteInstance } from './servers.ts';
import { invalidField, pythonRepr, unexpectedProperties } from './validation.ts';

const GIB = 1_073_741_824;

type Action = (call: Call, instance: Instance, value: unknown) => ApiResponse;

/** The lock holds for everybody but an administrator; the state checks hold for all. */
function refuse(
  call: Call,
  instance: Instance,
  action: string,
  vmStates: readonly string[],
): ApiResponse | undefined {
  const { id, vmState, taskState } = instance;
  if (instance.lockedBy !== undefined && !call.policy.unlockOverride) {
    return fault(409, `Instance ${id} is locked`);
  }
  if (!vmStates.includes(vmState)) {
    return fault(409, `Cannot '${action}' instance ${id} while it is in vm_state ${vmState}`);
  }
  if (taskState !== null) {
    return fault(409, `Cannot '${action}' instance ${id} while it is in task_state ${taskState}`);
  }
  return undefined;
}

function logAction(call: Call, instance: Instance, action: string): void {
  const { requestId, projectId } = call;
  beginAction(call.world, instance, action, { requestId, userId: call.token.user.id, projectId });
}

/** Casts to the present host; the message waits if nobody listens, and is void if the instance left meanwhile. */
function castPower(call: Call, instance: Instance, running: boolean): void {
  const { world } = call;
  const { host } = instance;
  if (host === undefined) return;
  castToCompute(host, () => {
    const run = (): void => {
      if (instance.deleted || instance.host !== host) return;
      setGuest(world, host, instance, running ? 'running' : 'stopped');
      const vmState = running ? 'active' : 'stopped';
      saveInstance(world, instance, { vmState, taskState: null, powerState: running ? 1 : 4 });
    };
    // A process that dies in the middle leaves the task state behind, until the next start.
    afterOnCompute(world, { host, delayMs: world.timings.stopMs, run, lost: () => undefined });
  });
}

const stop: Action = (call, instance) => {
  const refusal = refuse(call, instance, 'stop', ['active', 'rescued', 'error']);
  if (refusal !== undefined) return refusal;
  logAction(call, instance, 'stop');
  saveInstance(call.world, instance, { taskState: 'powering-off' });
  castPower(call, instance, false);
  return reply(202);
};

const start: Action = (call, instance) => {
  const refusal = refuse(call, instance, 'start', ['stopped']);
  if (refusal !== undefined) return refusal;
  logAction(call, instance, 'start');
  saveInstance(call.world, instance, { taskState: 'powering-on' });
  castPower(call, instance, true);
  return reply(202);
};

const reboot: Action = (call, instance, value) => {
  const isHard = asRecord(value)?.['type'] === 'HARD';
  const states = isHard ? ['active', 'stopped', 'paused', 'suspended', 'error'] : ['active'];
  const refusal = refuse(call, instance, 'reboot', states);
  if (refusal !== undefined) return refusal;
  logAction(call, instance, 'reboot');
  saveInstance(call.world, instance, { taskState: isHard ? 'rebooting_hard' : 'rebooting' });
  castPower(call, instance, true);
  return reply(202);
};

const LOCK_PROPERTIES = new Set(['locked_reason']);

const lock: Action = (call, instance, value) => {
  const unexpected = unexpectedProperties(Object.keys(asRecord(value) ?? {}), LOCK_PROPERTIES);
  if (unexpected !== undefined) return invalidField('lock', value, unexpected);
  const reason = asRecord(value)?.['locked_reason'];
  const isOwner = instance.projectId === call.projectId;
  instance.lockedBy = isOwner ? 'owner' : 'admin';
  instance.lockedReason = call.version >= 73 && typeof reason === 'string' ? reason : null;
  logAction(call, instance, 'lock');
  saveInstance(call.world, instance, {});
  return reply(202);
};

const unlock: Action = (call, instance) => {
  if (instance.lockedBy === 'admin' && !call.policy.unlockOverride) {
    return forbidden('os-lock-server:unlock:unlock_override');
  }
  instance.lockedBy = undefined;
  instance.lockedReason = null;
  logAction(call, instance, 'unlock');
  saveInstance(call.world, instance, {});
  return reply(202);
};

/** No checks at all: during a rebuild it makes the destination abort and leave its guest behind. */
const resetState: Action = (call, instance, value) => {
  if (!call.policy.resetState) return forbidden('os-admin-actions:reset_state');
  const state = asRecord(value)?.['state'];
  if (state !== 'active' && state !== 'error') {
    return invalidField('state', state, `${pythonRepr(state)} is not one of ['active', 'error']`);
  }
  logAction(call, instance, 'resetState');
  saveInstance(call.world, instance, { vmState: state, taskState: null });
  return reply(202);
};

/**
 * Rebuild (api/openstack/compute/servers.py, _action_rebuild; compute/api.py, rebuild): 202 with the
 * server. The image must be there, and a server that boots from a volume keeps its own below 2.93.
 */
const rebuild: Action = (call, instance, value) => {
  const imageId = asRecord(value)?.['imageRef'];
  if (typeof imageId !== 'string') {
    return invalidField('rebuild', value, "'imageRef' is a required property");
  }
  const refusal = refuse(call, instance, 'rebuild', ['active', 'stopped', 'error']);
  if (refusal !== undefined) return refusal;
  const { world } = call;
  const image = world.images.get(imageId);
  if (image === undefined && imageId !== DEFAULT_IMAGE_ID) {
    return fault(400, 'Cannot find image for rebuild');
  }
  const [least, size] = [image?.minDiskGb ?? 0, instance.flavor.diskGb];
  if (least > size) {
    const sizes = `Flavor disk is ${size * GIB} bytes, minimum size is ${least * GIB} bytes.`;
    const why = "Flavor's disk is smaller than the minimum size specified in image metadata.";
    return fault(400, `${why} ${sizes}`);
  }
  if (instance.imageId === undefined) {
    return fault(400, 'Unable to rebuild with a different image for a volume-backed server.');
  }
  const by = { requestId: call.requestId, userId: call.token.user.id, projectId: call.projectId };
  if (!acceptRebuild(world, instance, imageId, by)) {
    const error = unexpectedError('oslo_messaging.exceptions.MessageDeliveryFailure');
    return { ...error, delayMs: world.timings.rpcResponseTimeoutMs };
  }
  return reply(202, { server: serverView(call, instance) });
};

/** createImage: 202 with the id of an image that is still to be filled; a Location below 2.45. */
const createImage: Action = (call, instance, value) => {
  const name = asText(asRecord(value)?.['name']);
  if (name === undefined)
    return invalidField('createImage', value, "'name' is a required property");
  const states = ['active', 'stopped', 'paused', 'suspended'];
  const refusal = refuse(call, instance, 'createImage', states);
  if (refusal !== undefined) return refusal;
  const by = { requestId: call.requestId, userId: call.token.user.id, projectId: call.projectId };
  const id = takeSnapshot(call.world, instance, name, by);
  return call.version >= 45
    ? reply(202, { image_id: id })
    : { ...reply(202), headers: { location: `${call.world.identity.baseUrl}/image/images/${id}` } };
};

const forceDelete: Action = (call, instance) => {
  logAction(call, instance, 'forceDelete');
  deleteInstance(call.world, instance);
  return reply(202);
};

const ACTIONS: Readonly<Record<string, Action>> = {
  evacuate: evacuateServer,
  'os-stop': stop,
  'os-start': start,
  reboot,
  lock,
  unlock,
  'os-resetState': resetState,
  rebuild,
  createImage,
  'os-migrateLive': migrateLive,
  migrate: migrateCold,
  confirmResize,
  forceDelete,
};

/** Name of the action a request asks for, as its route is counted. */
export function actionName(request: ApiRequest): string {
  const names = Object.keys(asRecord(request.body) ?? {});
  return names.length === 1 ? (names[0] ?? '') : '';
}

/** POST /servers/{id}/action: one key of the body names the action. */
export function actOnServer(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  const name = actionName(call.request);
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    return fault(400, name === '' ? 'Malformed request body' : `There is no such action: ${name}`);
  }
  const instance = findInstance(call, id);
  if (instance === undefined) return instanceNotFound(id);
  return action(call, instance, asRecord(call.request.body)?.[name]);
}
