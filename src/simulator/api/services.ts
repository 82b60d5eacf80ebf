import { isServiceUp, serviceUpdatedAt, zoneOf } from '../hosts.ts';
import type { Host } from '../hosts.ts';
import { hasDoneEvacuations } from '../migrations.ts';
import { asRecord, fault, queryValue, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { naiveTime } from '../timings.ts';
import type { World } from '../world.ts';
import { forbidden } from './context.ts';
import type { Call } from './context.ts';
import { setServiceStatus, unforceRefusal } from './service-status.ts';
import { isLegacyVerb, updateServiceByVerb } from './services-legacy.ts';
import {
  BOOLEAN_WORDS,
  invalidField,
  isUuid,
  pythonRepr,
  readBoolean,
  refuseUnknownQuery,
  unexpectedProperties,
} from './validation.ts';

/** Beginning of the ids of scheduler and conductor. */
const CONTROLLER_ID = '5c4ed01e-0c0d-4000-8000-00000000000';
const LIST_PARAMETERS = new Set(['host', 'binary']);
const UPDATE_PROPERTIES = new Set(['status', 'disabled_reason', 'forced_down']);

function serviceView(world: World, host: Host, version: number): Record<string, unknown> {
  const view: Record<string, unknown> = {
    id: version >= 53 ? host.serviceUuid : host.serviceId,
    binary: 'nova-compute',
    host: host.name,
    zone: zoneOf(world, host),
    status: host.disabled ? 'disabled' : 'enabled',
    state: isServiceUp(world, host) ? 'up' : 'down',
    updated_at: naiveTime(serviceUpdatedAt(world, host)),
    disabled_reason: host.disabledReason,
  };
  if (version >= 11) view['forced_down'] = host.forcedDown;
  return view;
}

/** Conductor and scheduler write to the database directly: they stay up when RabbitMQ is lost. */
function controllerView(world: World, binary: string, index: number, version: number): unknown {
  const isUp = binary === 'nova-conductor' ? world.plane.conductorUp : world.plane.schedulerUp;
  return {
    id: version >= 53 ? `${CONTROLLER_ID}${index}` : index,
    binary,
    host: 'controller-1',
    zone: 'internal',
    status: 'enabled',
    state: isUp ? 'up' : 'down',
    updated_at: naiveTime(world.clock.now()),
    disabled_reason: null,
    ...(version >= 11 ? { forced_down: false } : {}),
  };
}

/** GET /os-services: no paging; services of a down cell are bare UNKNOWN rows from 2.69 on, and missing below. */
export function listServices(call: Call): ApiResponse {
  const { world, request, version } = call;
  if (!call.policy.servicesList) return forbidden('os-services:list');
  if (version >= 75) {
    const refusal = refuseUnknownQuery(request.query, LIST_PARAMETERS);
    if (refusal !== undefined) return refusal;
  }
  const hostName = queryValue(request.query, 'host');
  const binary = queryValue(request.query, 'binary');
  const services: unknown[] = [];
  for (const [index, name] of ['nova-scheduler', 'nova-conductor'].entries()) {
    if ((binary ?? name) === name && (hostName ?? 'controller-1') === 'controller-1') {
      services.push(controllerView(world, name, index + 1, version));
    }
  }
  if ((binary ?? 'nova-compute') === 'nova-compute') {
    const named = hostName === undefined ? undefined : world.hosts.get(hostName);
    const hosts = hostName === undefined ? world.hostList : named === undefined ? [] : [named];
    for (const host of hosts) {
      if (!world.plane.downCells.has(host.cell)) services.push(serviceView(world, host, version));
      else if (version >= 69) {
        services.push({ binary: 'nova-compute', host: host.name, status: 'UNKNOWN' });
      }
    }
  }
  return reply(200, { services });
}

function reasonComplaint(reason: unknown): string | undefined {
  if (typeof reason !== 'string') return "is not of type 'string'";
  if (reason === '') return 'is too short';
  return reason.length > 255 ? 'is too long' : undefined;
}

function checkUpdate(body: Record<string, unknown>): ApiResponse | undefined {
  const unexpected = unexpectedProperties(Object.keys(body), UPDATE_PROPERTIES);
  if (unexpected !== undefined) return fault(400, unexpected);
  const { status, disabled_reason: reason, forced_down: forcedDown } = body;
  if (status !== undefined && status !== 'enabled' && status !== 'disabled') {
    return invalidField(
      'status',
      status,
      `${pythonRepr(status)} is not one of ['enabled', 'disabled']`,
    );
  }
  if (reason !== undefined) {
    const repr = pythonRepr(reason);
    const complaint = reasonComplaint(reason);
    if (complaint !== undefined)
      return invalidField('disabled_reason', reason, `${repr} ${complaint}`);
  }
  if (forcedDown !== undefined && readBoolean(forcedDown) === undefined) {
    const message = `${pythonRepr(forcedDown)} is not one of ${pythonRepr(BOOLEAN_WORDS)}`;
    return invalidField('forced_down', forcedDown, message);
  }
  return undefined;
}

/** PUT /os-services/{uuid} (2.53): status, then the guard against un-forcing, then one save. */
export function updateService(call: Call, params: readonly string[]): ApiResponse {
  const { world, request, version } = call;
  const [id = ''] = params;
  if (isLegacyVerb(id)) return updateServiceByVerb(call, id);
  if (version < 53) return fault(404, 'The resource could not be found.');
  if (!call.policy.servicesUpdate) return forbidden('os-services:update');
  const body = asRecord(request.body) ?? {};
  const refusal = checkUpdate(body);
  if (refusal !== undefined) return refusal;
  if (!isUuid(id)) return fault(400, `Invalid uuid ${id}`);
  if (id.startsWith(CONTROLLER_ID)) {
    const binary = id.endsWith('1') ? 'nova-scheduler' : 'nova-conductor';
    return fault(
      400,
      `Updating a ${binary} service is not supported. Only nova-compute services can be updated.`,
    );
  }
  const host = world.hostsByService.get(id.toLowerCase());
  if (host === undefined) return fault(404, `Service ${id} could not be found.`);
  if (world.plane.downCells.has(host.cell)) return fault(404, `Service ${id} could not be found.`);
  return applyUpdate(call, host, body);
}

function applyUpdate(call: Call, host: Host, body: Record<string, unknown>): ApiResponse {
  const { world, version } = call;
  const { status, disabled_reason: reason } = body;
  const forcedDown = readBoolean(body['forced_down']);
  if (status === 'enabled' && reason !== undefined) {
    return fault(400, "Specifying 'disabled_reason' with status 'enabled' is invalid.");
  }
  if (forcedDown === false && world.habits.guardUnforce && hasDoneEvacuations(host)) {
    return fault(400, unforceRefusal(host.name));
  }
  if (status === undefined && forcedDown === undefined) {
    return fault(
      400,
      "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
    );
  }
  if (forcedDown !== undefined) host.forcedDown = forcedDown;
  let delayMs: number | undefined;
  if (status !== undefined) {
    const text = typeof reason === 'string' ? reason : undefined;
    const wasUp = isServiceUp(world, host);
    delayMs = setServiceStatus(world, {
      host,
      disabled: status === 'disabled',
      reason: text,
      wasUp,
    });
  }
  host.savedAtMs = world.clock.now();
  const answer = reply(200, { service: serviceView(world, host, version) });
  return delayMs === undefined ? answer : { ...answer, delayMs };
}

/** DELETE /os-services/{uuid}: refused while it has instances or unfinished migrations. */
export function deleteService(call: Call, params: readonly string[]): ApiResponse {
  const { world } = call;
  const [id = ''] = params;
  if (!call.policy.servicesUpdate) return forbidden('os-services:delete');
  const host = world.hostsByService.get(id.toLowerCase());
  if (host === undefined) return fault(404, `Service ${id} could not be found.`);
  if (host.instances.size > 0) {
    return fault(
      409,
      'Unable to delete compute service that is hosting instances. Migrate or delete the instances first.',
    );
  }
  const rows = [...host.migrationsFrom, ...host.migrationsTo];
  if (rows.some((row) => !row.deleted && ['accepted', 'pre-migrating'].includes(row.status))) {
    return fault(
      409,
      'Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the instances first.',
    );
  }
  world.hostsByService.delete(id.toLowerCase());
  world.hosts.delete(host.name);
  world.hostList.splice(world.hostList.indexOf(host), 1);
  return reply(204);
}
