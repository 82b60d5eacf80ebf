import type { ClusterConfiguration, FencingLevel } from '../../domain/cluster.ts';
import type { Difference } from './difference.ts';
import { isMarking, powerDevicesOf, WANTED, type Roles } from './wanted.ts';

/**
 * Checks that each compute host is cut off first and marked second, in one level: the mark of a host
 * that may still run its guests is the one thing that must never be.
 */
export function checkLevels(cluster: ClusterConfiguration, roles: Roles): readonly Difference[] {
  const marking = new Set(cluster.devices.filter(isMarking).map(({ id }) => id));
  const device = [...marking][0] ?? WANTED.device;
  return roles.computes.flatMap((node): readonly Difference[] => {
    const levels = cluster.levels.filter(({ target }) => target === node);
    const power = powerDevicesOf(cluster, node)[0]?.id ?? `power-${node}`;
    const remedy = `one level for ${node}: ${power},${device}`;
    if (levels.length > 0) {
      return levels.flatMap((level) => {
        const flaw = flawOf(level, node, marking);
        return flaw === null ? [] : [{ ...flaw, remedy }];
      });
    }
    // Levels that are bound to a pattern may cover the node: nothing certain can be said.
    if (cluster.levels.some(({ target }) => target === null)) return [];
    return [
      {
        severity: 'unsafe',
        what: `${node} has no fencing topology`,
        consequence: `Pacemaker uses one device that fits, perhaps ${device} alone, and takes ${node} for fenced although it still runs its guests`,
        remedy,
      },
    ];
  });
}

function flawOf(
  { index, devices }: FencingLevel,
  node: string,
  marking: ReadonlySet<string>,
): Omit<Difference, 'remedy'> | null {
  const level = `level ${String(index)} of ${node} (${devices.join(',')})`;
  const first = devices.findIndex((id) => marking.has(id));
  if (first === -1) {
    return {
      severity: 'broken',
      what: `${level} has no device that marks`,
      consequence: `when this level fences ${node}, nothing is marked; the worker only finds it by itself later`,
    };
  }
  if (devices.every((id) => marking.has(id))) {
    return {
      severity: 'unsafe',
      what: `${level} cuts nothing off`,
      consequence: `Pacemaker takes ${node} for fenced although it still runs its guests: they would run twice`,
    };
  }
  return first > 0
    ? null
    : {
        severity: 'unsafe',
        what: `${level} marks before it cuts the power`,
        consequence: `${node} is marked although its power may not be off yet; with fence.proof "mark" its guests would run twice`,
      };
}
