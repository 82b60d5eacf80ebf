import { capacityPause } from './backoff.ts';
import { capacityOf, needOf, type OpenRoom, type Room } from './capacity.ts';
import { isOpenHost } from './destination.ts';
import { isActive, tracked, type Evacuation, type Tracked } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { Observation } from './observation.ts';
import { due } from './pace.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { formatMillis, type Instant } from './time.ts';

/** The rooms that evacuations of a host may go to: hosts that are up, enabled and not marked. */
export function openRooms(
  rooms: readonly Room[],
  fleet: Fleet,
  marked: ReadonlySet<HostName>,
): readonly OpenRoom[] {
  return rooms
    .filter(({ host }) => !marked.has(host) && isOpenHost(fleet, host))
    .map((room) => {
      const service = fleet.services.get(room.host);
      return { ...room, zone: service?.state === 'up' ? service.zone : null };
    });
}

/**
 * Compares what was not sent yet with what Placement says is free, and notes in the record how many
 * find no room. That is a warning, the scheduler decides; with `capacity.check: hold` those that find
 * none wait, so that no NoValidHost turns them into ERROR. What could not be looked up holds nothing.
 */
export function foresee(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Evacuation {
  const { rooms, inventory, fleet, peers } = observation;
  if (policy.capacity.check === 'plan' || rooms?.kind !== 'known') return evacuation;
  if (inventory.kind === 'unknown' || fleet.kind === 'unknown') return evacuation;
  const here = new Map(inventory.value.map((instance) => [instance.id, instance]));
  const needs = tracked(evacuation).flatMap(([id, { progress, order, exclusiveGroup }]) => {
    const instance = here.get(id);
    if (instance === undefined || progress.at !== 'pending' || progress.attempt > 0) return [];
    return [needOf(instance, { exclusiveGroup, ...(order ?? {}) })];
  });
  const marked = new Set(
    peers.kind === 'known' ? peers.value.filter(isActive).map(({ host }) => host) : [],
  );
  marked.add(evacuation.host);
  const forecast = capacityOf(needs, openRooms(rooms.value, fleet.value, marked));
  const { of, fits, short, unknown } = forecast;
  const noted =
    short === 0
      ? { ...evacuation, forecast: undefined }
      : { ...evacuation, forecast: { fits, short, unknown } };
  if (policy.capacity.check !== 'hold') return noted;
  const instances: Record<InstanceId, Tracked> = { ...evacuation.instances };
  for (const [id, fit] of of) {
    const entry = instances[id];
    if (entry?.progress.at !== 'pending') continue;
    const { progress } = entry;
    const wait = capacityPause(id, now, policy);
    if (fit === 'no-room') {
      const why = because('NH330', { at: `in ${formatMillis(wait)}` });
      instances[id] = { ...entry, progress: { ...progress, notBefore: now + wait, why } };
    } else if (progress.why?.code === 'NH330') {
      instances[id] = { ...entry, progress: { ...progress, notBefore: now, why: null } };
    }
  }
  return { ...noted, instances };
}

/** Whether somebody who was held back for lack of room is to be looked at again. */
export const mayFindRoom = (evacuation: Evacuation, policy: Policy, now: Instant): boolean =>
  policy.capacity.check === 'hold' &&
  due(evacuation, now).some(
    ([, { progress }]) => progress.at === 'pending' && progress.why?.code === 'NH330',
  );
