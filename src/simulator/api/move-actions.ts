import { acceptColdMigration, confirmMove, finishedMove } from '../cold-migration.ts';
import { isServiceUp } from '../hosts.ts';
import type { Host } from '../hosts.ts';
import type { Instance } from '../instances.ts';
import { acceptLiveMigration } from '../live-migration.ts';
import type { MoveOrder } from '../moving.ts';
import { asRecord, fault, reply, unexpectedError } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { selectDestination } from '../scheduler.ts';
import { forbidden } from './context.ts';
import type { Call } from './context.ts';
import { invalidField, pythonRepr, readBoolean, unexpectedProperties } from './validation.ts';

/** The lock and the states, in Nova's order (compute/api.py, decorators); an administrator passes every lock. */
function refusal(
  call: Call,
  { id, vmState, taskState, lockedBy }: Instance,
  action: string,
  vmStates: readonly string[],
): ApiResponse | undefined {
  if (lockedBy !== undefined && !call.policy.contextIsAdmin) {
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

const orderOf = (
  call: Call,
  instance: Instance,
  source: Host,
  requested: Host | undefined,
): MoveOrder => ({
  instance,
  source,
  requested,
  requestId: call.requestId,
  userId: call.token.user.id,
  projectId: call.projectId,
});

/** Properties by microversion (api/openstack/compute/schemas/migrate_server.py). */
function liveBodyRefusal(version: number, value: unknown): ApiResponse | undefined {
  const body = asRecord(value);
  const path = 'os-migrateLive';
  if (body === undefined) {
    return invalidField(path, value, `${pythonRepr(value)} is not of type 'object'`);
  }
  const required = ['block_migration', ...(version < 25 ? ['disk_over_commit'] : []), 'host'];
  const known = [...required, ...(version >= 30 && version < 68 ? ['force'] : [])];
  const unexpected = unexpectedProperties(Object.keys(body), new Set(known));
  if (unexpected !== undefined) return invalidField(path, body, unexpected);
  const missing = required.find((name) => body[name] === undefined);
  if (missing !== undefined) {
    return invalidField(path, body, `'${missing}' is a required property`);
  }
  const host = body['host'];
  if (host !== null && typeof host !== 'string') {
    return invalidField('host', host, `${pythonRepr(host)} is not of type 'string', 'null'`);
  }
  const block = body['block_migration'];
  if (readBoolean(block) === undefined && !(version >= 25 && block === 'auto')) {
    return invalidField(
      'block_migration',
      block,
      `${pythonRepr(block)} is not one of [True, False]`,
    );
  }
  return undefined;
}

/**
 * The os-migrateLive action. From 2.34 on nothing but state and host are checked here, and 202 says
 * only that the conductor was asked; before, it waits for the scheduler and answers 400.
 */
export function migrateLive(call: Call, instance: Instance, value: unknown): ApiResponse {
  const { world, version } = call;
  const invalid = liveBodyRefusal(version, value);
  if (invalid !== undefined) return invalid;
  if (!call.policy.migrateLive) return forbidden('os-migrate-server:migrate_live');
  const body = asRecord(value) ?? {};
  const name = body['host'];
  if (readBoolean(body['force']) === true && name === null) {
    return fault(400, "Can't force to a non-provided destination");
  }
  const refused = refusal(call, instance, 'os-migrateLive', ['active', 'paused']);
  if (refused !== undefined) return refused;
  const requested = typeof name === 'string' ? world.hosts.get(name) : undefined;
  if (typeof name === 'string' && requested === undefined) {
    return fault(400, `Compute host ${name} could not be found.`);
  }
  const source = instance.host;
  if (source === undefined) return unexpectedError('nova.exception.ComputeHostNotFound');
  if (version < 34) {
    if (!isServiceUp(world, source)) {
      return fault(400, `Compute service of ${source.name} is unavailable at this time.`);
    }
    if (selectDestination(world, { instance, ignored: source, requested }) === undefined) {
      return fault(400, 'No valid host was found. There are not enough hosts available.');
    }
  }
  const cast = acceptLiveMigration(world, orderOf(call, instance, source, requested));
  return cast ? reply(202) : brokenCast(call);
}

/** RabbitMQ is away: a 500 after the task state was written. */
const brokenCast = ({ world }: Call): ApiResponse => ({
  ...unexpectedError('oslo_messaging.exceptions.MessageDeliveryFailure'),
  delayMs: world.timings.rpcResponseTimeoutMs,
});

const HOST_ONLY = new Set(['host']);

/** The migrate action; below 2.56 Nova looks at no host, and says nothing about that. */
export function migrateCold(call: Call, instance: Instance, value: unknown): ApiResponse {
  const { world, version } = call;
  const body = value === null ? {} : asRecord(value);
  if (version >= 56) {
    if (body === undefined) {
      const message = `${pythonRepr(value)} is not of type 'object', 'null'`;
      return invalidField('migrate', value, message);
    }
    const unexpected = unexpectedProperties(Object.keys(body), HOST_ONLY);
    if (unexpected !== undefined) return invalidField('migrate', body, unexpected);
  }
  if (!call.policy.migrateLive) return forbidden('os-migrate-server:migrate');
  const refused = refusal(call, instance, 'migrate', ['active', 'stopped']);
  if (refused !== undefined) return refused;
  const source = instance.host;
  if (source === undefined) return fault(409, `Instance ${instance.id} is not ready`);
  if (!isServiceUp(world, source)) return fault(409, 'Service is unavailable at this time.');
  const name = version >= 56 ? body?.['host'] : undefined;
  const requested = typeof name === 'string' ? world.hosts.get(name) : undefined;
  if (typeof name === 'string') {
    if (requested === source) {
      return fault(400, 'Cannot migrate to the host where the server exists.');
    }
    if (requested === undefined) return fault(400, `Compute host ${name} could not be found.`);
  }
  const cast = acceptColdMigration(world, orderOf(call, instance, source, requested));
  return cast ? reply(202) : brokenCast(call);
}

/** The confirmResize action; a second one finds no `finished` record any more. */
export function confirmResize(call: Call, instance: Instance): ApiResponse {
  const { world, requestId, projectId } = call;
  const { id, vmState, lockedBy } = instance;
  if (lockedBy !== undefined && !call.policy.contextIsAdmin) {
    return fault(409, `Instance ${id} is locked`);
  }
  if (vmState !== 'resized') {
    return fault(409, `Cannot 'confirmResize' instance ${id} while it is in vm_state ${vmState}`);
  }
  const row = finishedMove(instance);
  if (row === undefined) return fault(400, 'Instance has not been resized.');
  if (!isServiceUp(world, row.source)) return fault(409, 'Service is unavailable at this time.');
  confirmMove(world, instance, row, { requestId, projectId, userId: call.token.user.id });
  return reply(204);
}
