import { hasRoomFor, isServiceUp, zoneOf } from './hosts.ts';
import type { Host } from './hosts.ts';
import type { Instance } from './instances.ts';
import type { World } from './world.ts';

/** What the scheduler is asked for. */
export interface SchedulerRequest {
  readonly instance: Instance;
  /** Never chosen, and not counted as a place of the server group. */
  readonly ignored: Host | undefined;
  readonly requested: Host | undefined;
}

function groupAllows(
  world: World,
  host: Host,
  instance: Instance,
  ignored: Host | undefined,
): boolean {
  const group = instance.groupId === undefined ? undefined : world.groups.get(instance.groupId);
  if (group === undefined) return true;
  if (group.policy === 'affinity') {
    // The group's hosts still contain the dead one, which is ignored: with all members there,
    // no host is left (nova functional test test_evacuate_with_affinity_no_valid_host).
    const places = new Set<Host>();
    for (const member of group.members) if (member.host !== undefined) places.add(member.host);
    return places.size === 0 || (places.has(host) && host !== ignored);
  }
  if (group.policy !== 'anti-affinity') return true;
  let present = 0;
  for (const member of group.members) if (member !== instance && member.host === host) present += 1;
  return present < (group.maxServerPerHost ?? 1);
}

function isCandidate(world: World, host: Host, request: SchedulerRequest): boolean {
  const { instance, ignored } = request;
  const cell = instance.host?.cell;
  return (
    host !== ignored &&
    !host.disabled &&
    !host.traitDisabled &&
    (cell === undefined || host.cell === cell) &&
    (instance.pinnedZone === undefined || instance.pinnedZone === zoneOf(world, host)) &&
    isServiceUp(world, host) &&
    hasRoomFor(host, instance) &&
    groupAllows(world, host, instance, ignored)
  );
}

/** Chooses the destination with the most free memory (Nova's RAM weigher); undefined is NoValidHost. */
export function selectDestination(world: World, request: SchedulerRequest): Host | undefined {
  if (request.requested !== undefined) {
    return isCandidate(world, request.requested, request) ? request.requested : undefined;
  }
  let best: Host | undefined;
  let bestFreeMb = -1;
  for (const host of world.hostList) {
    const freeMb = host.memoryMb - host.usedMemoryMb;
    if (freeMb > bestFreeMb && isCandidate(world, host, request)) {
      best = host;
      bestFreeMb = freeMb;
    }
  }
  return best;
}

/** Nova's check on the destination itself, which sees members that arrived, or are arriving, meanwhile. */
export function violatesGroup(world: World, host: Host, instance: Instance): boolean {
  const group = instance.groupId === undefined ? undefined : world.groups.get(instance.groupId);
  if (group?.policy !== 'anti-affinity') return false;
  let present = 0;
  for (const member of group.members) {
    if (member === instance) continue;
    const arriving = member.migrations.some(
      (row) => row.dest === host && row.status === 'pre-migrating',
    );
    if (member.host === host || arriving) present += 1;
  }
  return present >= (group.maxServerPerHost ?? 1);
}
