import { acceptEvacuation } from '../evacuation.ts';
import { isServiceUp } from '../hosts.ts';
import type { Host } from '../hosts.ts';
import type { Instance } from '../instances.ts';
import { asRecord, fault, reply, unexpectedError } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { forbidden, isCellDown } from './context.ts';
import type { Call } from './context.ts';
import { invalidField, pythonRepr, readBoolean, unexpectedProperties } from './validation.ts';

const EVACUABLE = new Set(['active', 'stopped', 'error']);

/** Properties of the body by microversion (api/openstack/compute/schemas/evacuate.py). */
function knownProperties(version: number): ReadonlySet<string> {
  const names = ['host', 'adminPass'];
  if (version < 14) names.push('onSharedStorage');
  if (version >= 29 && version < 68) names.push('force');
  return new Set(names);
}

function bodyRefusal(version: number, value: unknown): ApiResponse | undefined {
  const body = asRecord(value);
  if (body === undefined) {
    return invalidField('evacuate', value, `${pythonRepr(value)} is not of type 'object'`);
  }
  const unexpected = unexpectedProperties(Object.keys(body), knownProperties(version));
  if (unexpected !== undefined) return invalidField('evacuate', body, unexpected);
  if (version < 14 && body['onSharedStorage'] === undefined) {
    return invalidField('evacuate', body, "'onSharedStorage' is a required property");
  }
  const host = body['host'];
  if (host !== undefined && typeof host !== 'string') {
    return invalidField('host', host, `${pythonRepr(host)} is not of type 'string'`);
  }
  return undefined;
}

interface Target {
  readonly host: Host | undefined;
  readonly isForced: boolean;
}

function readTarget(
  call: Call,
  body: Record<string, unknown>,
  instance: Instance,
): Target | ApiResponse {
  const name = body['host'];
  const force = readBoolean(body['force']) ?? false;
  if (force && name === undefined) return fault(400, "Can't force to a non-provided destination");
  const host = typeof name === 'string' ? call.world.hosts.get(name) : undefined;
  if (typeof name === 'string' && host === undefined) {
    return fault(404, `Compute host ${name} not found.`);
  }
  // A server without a host and a request without a target are "the same" to Nova: None == None.
  if (instance.host === host) return fault(400, "The target host can't be the same one.");
  return { host, isForced: host !== undefined && (force || call.version < 29) };
}

/** Why the state of an instance forbids the action, in Nova's words; the lock is not among the reasons. */
function stateRefusal(call: Call, instance: Instance): ApiResponse | undefined {
  const { id, vmState, taskState } = instance;
  if (!EVACUABLE.has(vmState)) {
    return fault(409, `Cannot 'evacuate' instance ${id} while it is in vm_state ${vmState}`);
  }
  if (!call.world.habits.ignoreTaskState && taskState !== null) {
    return fault(409, `Cannot 'evacuate' instance ${id} while it is in task_state ${taskState}`);
  }
  if (instance.launchedAtMs === undefined) {
    return fault(409, "Cannot 'evacuate' an instance which has never been active");
  }
  return undefined;
}

/**
 * The evacuate action: 200 with an empty body when it is accepted, however often it is asked.
 * The service of the *present* host must be down, which after a move is another one.
 */
export function evacuateServer(call: Call, instance: Instance, value: unknown): ApiResponse {
  const { world, version } = call;
  if (!call.policy.evacuate) return forbidden('os-evacuate');
  const invalid = bodyRefusal(version, value);
  if (invalid !== undefined) return invalid;
  if (isCellDown(world, instance)) return unexpectedError('nova.exception.NovaException');
  const target = readTarget(call, asRecord(value) ?? {}, instance);
  if ('status' in target) return target;
  const refusal = stateRefusal(call, instance);
  if (refusal !== undefined) return refusal;
  const source = instance.host;
  if (source === undefined || !world.hosts.has(source.name)) {
    return unexpectedError('nova.exception.ComputeHostNotFound');
  }
  if (isServiceUp(world, source)) {
    return fault(400, `Compute service of ${source.name} is still in use.`);
  }
  const migration = acceptEvacuation(world, {
    instance,
    source,
    requestedHost: target.host,
    bypassScheduler: target.isForced,
    endStopped: version >= 95,
    requestId: call.requestId,
    userId: call.token.user.id,
    projectId: call.projectId,
  });
  if (migration === undefined) {
    const error = unexpectedError('oslo_messaging.exceptions.MessageDeliveryFailure');
    return { ...error, delayMs: world.timings.rpcResponseTimeoutMs };
  }
  if (version >= 14) return reply(200);
  return reply(200, { adminPass: world.random.hex(12) });
}
