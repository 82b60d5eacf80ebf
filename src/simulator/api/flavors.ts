import type { Flavor } from '../instances.ts';
import { fault, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import type { Call } from './context.ts';

function flavorView(call: Call, flavor: Flavor): Record<string, unknown> {
  return {
    id: flavor.id,
    name: flavor.name,
    vcpus: flavor.vcpus,
    ram: flavor.memoryMb,
    disk: flavor.diskGb,
    swap: flavor.swapMb === 0 && call.version < 75 ? '' : flavor.swapMb,
    'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeralGb,
    'OS-FLV-DISABLED:disabled': false,
    'os-flavor-access:is_public': true,
    rxtx_factor: 1,
    links: [],
    ...(call.version >= 55 ? { description: null } : {}),
    ...(call.version >= 61 && call.policy.flavorExtraSpecs
      ? { extra_specs: flavor.extraSpecs }
      : {}),
  };
}

function notFound(id: string): ApiResponse {
  return fault(404, `Flavor ${id} could not be found.`);
}

/** GET /flavors. */
export function listFlavors(call: Call): ApiResponse {
  const flavors = [...call.world.flavors.values()].map(({ id, name }) => ({ id, name, links: [] }));
  return reply(200, { flavors });
}

/** GET /flavors/detail; extra_specs are embedded from 2.61 on. */
export function listFlavorsDetail(call: Call): ApiResponse {
  const flavors = [...call.world.flavors.values()].map((flavor) => flavorView(call, flavor));
  return reply(200, { flavors });
}

/** GET /flavors/{id}. */
export function showFlavor(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  const flavor = call.world.flavors.get(id);
  return flavor === undefined ? notFound(id) : reply(200, { flavor: flavorView(call, flavor) });
}

/** GET /flavors/{id}/os-extra_specs. */
export function showExtraSpecs(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  const flavor = call.world.flavors.get(id);
  return flavor === undefined ? notFound(id) : reply(200, { extra_specs: flavor.extraSpecs });
}
