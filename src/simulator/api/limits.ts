import { reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import type { Call } from './context.ts';

/** GET /limits: no limits, and what the project uses. */
export function showLimits(call: Call): ApiResponse {
  const { world, projectId } = call;
  const own = world.instances.ordered.filter((instance) => instance.projectId === projectId);
  const absolute = {
    maxTotalInstances: -1,
    maxTotalCores: -1,
    maxTotalRAMSize: -1,
    maxTotalKeypairs: 100,
    maxServerMeta: 128,
    maxServerGroups: -1,
    maxServerGroupMembers: -1,
    totalServerGroupsUsed: [...world.groups.values()].filter(
      (group) => group.projectId === projectId,
    ).length,
    totalInstancesUsed: own.length,
    totalCoresUsed: own.reduce((sum, instance) => sum + instance.flavor.vcpus, 0),
    totalRAMUsed: own.reduce((sum, instance) => sum + instance.flavor.memoryMb, 0),
  };
  return reply(200, { limits: { rate: [], absolute } });
}
