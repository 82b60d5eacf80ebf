import type { Host } from './hosts.ts';
import { findToken } from './identity.ts';
import { identityFault, queryValue, queryValues, reply } from './request.ts';
import type { ApiRequest, ApiResponse } from './request.ts';
import type { World } from './world.ts';

function placementFault(status: number, title: string, detail: string): ApiResponse {
  return reply(status, { errors: [{ status, title, detail }] });
}

function providerView(host: Host): unknown {
  return {
    uuid: host.nodeUuid,
    name: host.nodeName,
    generation: host.life + 1,
    parent_provider_uuid: null,
    root_provider_uuid: host.nodeUuid,
    links: [],
  };
}

function inventory(total: number, allocationRatio: number): unknown {
  return {
    total,
    reserved: 0,
    min_unit: 1,
    max_unit: total,
    step_size: 1,
    allocation_ratio: allocationRatio,
  };
}

function usedOf(host: Host): Record<string, number> {
  return { VCPU: host.usedVcpus, MEMORY_MB: host.usedMemoryMb, DISK_GB: host.usedDiskGb };
}

function providerPart(host: Host, part: string | undefined): ApiResponse | undefined {
  const generation = { resource_provider_generation: host.life + 1 };
  switch (part) {
    case undefined:
      return reply(200, providerView(host));
    case 'inventories':
      return reply(200, {
        ...generation,
        inventories: {
          VCPU: inventory(host.vcpus, 4),
          MEMORY_MB: inventory(host.memoryMb, 1),
          DISK_GB: inventory(host.diskGb, 1),
        },
      });
    case 'usages':
      return reply(200, { ...generation, usages: usedOf(host) });
    case 'traits':
      return reply(200, {
        ...generation,
        traits: host.traitDisabled ? ['COMPUTE_STATUS_DISABLED'] : [],
      });
    case 'aggregates':
      return reply(200, { ...generation, aggregates: [] });
    case 'allocations':
      return reply(200, {
        ...generation,
        allocations: Object.fromEntries(
          [...host.allocations].map((instance) => [
            instance.id,
            { resources: { VCPU: instance.flavor.vcpus, MEMORY_MB: instance.flavor.memoryMb } },
          ]),
        ),
      });
    default:
      return undefined;
  }
}

function readResources(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', amount = '0'] = pair.split(':');
      return [name, Number(amount)];
    }),
  );
}

const CLASSES = ['VCPU', 'PCPU', 'MEMORY_MB', 'DISK_GB'];

function fits(host: Host, asked: Record<string, number>): boolean {
  return (
    host.allocations.size < host.capacity &&
    asked['PCPU'] === undefined &&
    host.usedVcpus + (asked['VCPU'] ?? 0) <= host.vcpus * 4 &&
    host.usedMemoryMb + (asked['MEMORY_MB'] ?? 0) <= host.memoryMb &&
    host.usedDiskGb + (asked['DISK_GB'] ?? 0) <= host.diskGb
  );
}

function candidates(world: World, request: ApiRequest): ApiResponse {
  const { query } = request;
  const text = queryValue(query, 'resources');
  if (text === undefined) {
    return placementFault(
      400,
      'Bad Request',
      "Invalid query string parameters: 'resources' is a required property",
    );
  }
  const asked = readResources(text);
  const strange = Object.keys(asked).find((name) => !CLASSES.includes(name));
  if (strange !== undefined) {
    const why = `No such resource class ${strange}.`;
    return placementFault(
      400,
      'Bad Request',
      `Invalid resource class in resources parameter: ${why}`,
    );
  }
  const avoidsDisabled = queryValues(query, 'required')
    .join(',')
    .includes('!COMPUTE_STATUS_DISABLED');
  const limit = Number(queryValue(query, 'limit') ?? world.hostList.length);
  const hosts = world.hostList
    .filter((host) => fits(host, asked) && !(avoidsDisabled && host.traitDisabled))
    .slice(0, limit);
  return reply(200, {
    allocation_requests: hosts.map((host) => ({
      allocations: { [host.nodeUuid]: { resources: asked } },
    })),
    provider_summaries: Object.fromEntries(
      hosts.map((host) => [
        host.nodeUuid,
        {
          resources: {
            VCPU: { capacity: host.vcpus * 4, used: host.usedVcpus },
            MEMORY_MB: { capacity: host.memoryMb, used: host.usedMemoryMb },
            DISK_GB: { capacity: host.diskGb, used: host.usedDiskGb },
          },
          traits: host.traitDisabled ? ['COMPUTE_STATUS_DISABLED'] : [],
          parent_provider_uuid: null,
          root_provider_uuid: host.nodeUuid,
        },
      ]),
    ),
  });
}

/** Allocations of one instance: doubled while its old host has not cleaned up. */
function allocationsOf(world: World, id: string): ApiResponse {
  const instance = world.instances.byId.get(id);
  const holders =
    instance === undefined ? [] : world.hostList.filter((host) => host.allocations.has(instance));
  const allocations = Object.fromEntries(
    holders.map((host) => [
      host.nodeUuid,
      {
        generation: host.life + 1,
        resources: { VCPU: instance?.flavor.vcpus, MEMORY_MB: instance?.flavor.memoryMb },
      },
    ]),
  );
  return reply(200, { allocations });
}

/** Its newest microversion is 1.39. */
const MAX_MINOR = 39;

/** Answers as Placement: providers and what they have, candidates, allocations of an instance. */
export function handlePlacement(world: World, request: ApiRequest): ApiResponse {
  const [resource, id, part] = request.path.split('/').filter((segment) => segment !== '');
  const template = [resource, id === undefined ? undefined : '{id}', part].filter(
    (word) => word !== undefined,
  );
  world.traffic.count('placement', request.method, `/${template.join('/')}`);
  if (resource === undefined) {
    const version = {
      id: 'v1.0',
      status: 'CURRENT',
      min_version: '1.0',
      max_version: `1.${MAX_MINOR}`,
      links: [],
    };
    return reply(200, { versions: [version] });
  }
  const token = findToken(world.identity, request.headers['x-auth-token'], world.clock.now());
  if (token === undefined) {
    return identityFault(401, 'Unauthorized', 'The request you have made requires authentication.');
  }
  if (!token.policy.contextIsAdmin) {
    return placementFault(403, 'Forbidden', 'Access was denied to this resource.');
  }
  const version = request.headers['openstack-api-version'] ?? 'placement 1.0';
  if (Number(/^placement 1\.(\d+)$/.exec(version)?.[1] ?? 0) > MAX_MINOR) {
    const why = `Unacceptable version header: ${version.replace('placement ', '')}`;
    return placementFault(406, 'Not Acceptable', `Invalid microversion: ${why}`);
  }
  const answer = route(world, request, { resource, id, part });
  answer.headers['openstack-api-version'] = version;
  return answer;
}

function route(
  world: World,
  request: ApiRequest,
  path: { resource: string; id: string | undefined; part: string | undefined },
): ApiResponse {
  const { resource, id, part } = path;
  if (resource === 'allocation_candidates') return candidates(world, request);
  if (resource === 'allocations' && id !== undefined) return allocationsOf(world, id);
  if (resource === 'resource_providers' && id === undefined) {
    const name = queryValue(request.query, 'name');
    const hosts = world.hostList.filter((host) => name === undefined || host.nodeName === name);
    return reply(200, { resource_providers: hosts.map(providerView) });
  }
  const host = world.hostList.find((item) => item.nodeUuid === id);
  const answer =
    resource === 'resource_providers' && host !== undefined ? providerPart(host, part) : undefined;
  return (
    answer ?? placementFault(404, 'Not Found', `No resource provider with uuid ${id ?? ''} found`)
  );
}
