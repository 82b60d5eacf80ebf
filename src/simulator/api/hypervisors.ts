import { isServiceUp } from '../hosts.ts';
import type { Host } from '../hosts.ts';
import { fault, queryValue, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { forbidden } from './context.ts';
import type { Call } from './context.ts';
import { isUuid, readLimit } from './validation.ts';

function serversView(host: Host): unknown[] {
  return [...host.instances].map((instance) => ({ uuid: instance.id, name: instance.name }));
}

/** Capacity as it was shown up to 2.87; from 2.88 on only placement knows. */
function capacityView(host: Host): Record<string, unknown> {
  return {
    vcpus: host.vcpus,
    vcpus_used: host.usedVcpus,
    memory_mb: host.memoryMb,
    memory_mb_used: host.usedMemoryMb,
    free_ram_mb: host.memoryMb - host.usedMemoryMb,
    local_gb: host.diskGb,
    local_gb_used: host.usedDiskGb,
    free_disk_gb: host.diskGb - host.usedDiskGb,
    disk_available_least: host.diskGb - host.usedDiskGb,
    running_vms: host.instances.size,
    current_workload: 0,
    cpu_info: {},
  };
}

interface Shape {
  readonly detail: boolean;
  readonly withServers: boolean;
}

function hypervisorView(call: Call, host: Host, shape: Shape): Record<string, unknown> {
  const { world, version } = call;
  const view: Record<string, unknown> = {
    id: version >= 53 ? host.nodeUuid : host.serviceId,
    hypervisor_hostname: host.nodeName,
    state: isServiceUp(world, host) ? 'up' : 'down',
    status: host.disabled ? 'disabled' : 'enabled',
  };
  if (shape.detail) {
    view['hypervisor_type'] = 'QEMU';
    view['hypervisor_version'] = 7_002_000;
    view['host_ip'] = host.ip;
    view['service'] = {
      id: version >= 53 ? host.serviceUuid : host.serviceId,
      host: host.name,
      disabled_reason: host.disabledReason,
    };
    if (version < 88) Object.assign(view, capacityView(host));
    else view['uptime'] = null;
  }
  const empty = host.instances.size === 0 && version < 75;
  if (shape.withServers && !empty) view['servers'] = serversView(host);
  return view;
}

/** Hosts whose node name contains the pattern; those of a down cell are left out. */
function matching(call: Call, pattern: string | undefined): Host[] {
  const { world } = call;
  return world.hostList.filter(
    (host) =>
      !world.plane.downCells.has(host.cell) &&
      (pattern === undefined || host.nodeName.includes(pattern)),
  );
}

function list(call: Call, detail: boolean): ApiResponse {
  const { world, request, version } = call;
  if (!call.policy.hypervisors) return forbidden('os-hypervisors:list');
  const { query } = request;
  const pattern = version >= 53 ? queryValue(query, 'hypervisor_hostname_pattern') : undefined;
  const withServers = version >= 53 && queryValue(query, 'with_servers')?.toLowerCase() === 'true';
  let hosts = matching(call, pattern);
  if (pattern !== undefined && hosts.length === 0) {
    return fault(404, `No hypervisor matching '${pattern}' could be found.`);
  }
  if (version >= 33) {
    const limit = readLimit(query, world.habits.maxLimit);
    if (typeof limit !== 'number') return limit;
    const marker = queryValue(query, 'marker');
    const idOf = (host: Host): string => (version >= 53 ? host.nodeUuid : String(host.serviceId));
    const index = hosts.findIndex((host) => idOf(host) === marker);
    if (marker !== undefined && index < 0) return fault(400, `marker [${marker}] not found`);
    hosts = hosts.slice(index + 1, index + 1 + limit);
  }
  const hypervisors = hosts.map((host) => hypervisorView(call, host, { detail, withServers }));
  return reply(200, { hypervisors });
}

/** GET /os-hypervisors. */
export function listHypervisors(call: Call): ApiResponse {
  return list(call, false);
}

/** GET /os-hypervisors/detail. */
export function listHypervisorsDetail(call: Call): ApiResponse {
  return list(call, true);
}

/** GET /os-hypervisors/{id}. */
export function showHypervisor(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  if (!call.policy.hypervisors) return forbidden('os-hypervisors:show');
  if (call.version >= 53 && !isUuid(id)) return fault(400, `Invalid uuid ${id}`);
  const host = call.world.hostList.find(
    (item) => item.nodeUuid === id || String(item.serviceId) === id,
  );
  if (host === undefined) return fault(404, `Compute host ${id} could not be found.`);
  const withServers = queryValue(call.request.query, 'with_servers')?.toLowerCase() === 'true';
  return reply(200, { hypervisor: hypervisorView(call, host, { detail: true, withServers }) });
}

function byPattern(call: Call, pattern: string, withServers: boolean): ApiResponse {
  if (!call.policy.hypervisors) return forbidden('os-hypervisors:search');
  if (call.version >= 53) return fault(404, 'The resource could not be found.');
  const hosts = matching(call, pattern);
  if (hosts.length === 0) return fault(404, `No hypervisor matching '${pattern}' could be found.`);
  const shape = { detail: false, withServers };
  return reply(200, { hypervisors: hosts.map((host) => hypervisorView(call, host, shape)) });
}

/** GET /os-hypervisors/{pattern}/search, below 2.53. */
export function searchHypervisors(call: Call, params: readonly string[]): ApiResponse {
  return byPattern(call, params[0] ?? '', false);
}

/** GET /os-hypervisors/{pattern}/servers, below 2.53: a substring search, so compute-1 finds compute-10 too. */
export function serversOfHypervisors(call: Call, params: readonly string[]): ApiResponse {
  return byPattern(call, params[0] ?? '', true);
}
