import { isPlaneUp, setReporting } from './hosts.ts';
import { endFlight } from './world.ts';
import type { World } from './world.ts';

/** Parts of the control plane that can be taken away. */
export type PlanePart = 'conductor' | 'scheduler' | 'rabbit';

/** Reports pass through RabbitMQ and a conductor: without either every nova-compute goes quiet at once. */
function updateReports(world: World): void {
  const isUp = isPlaneUp(world);
  for (const host of world.hostList) {
    if (host.compute !== 'running') continue;
    const isReporting = host.reportingSinceMs !== undefined;
    if (isUp === isReporting) continue;
    const fromMs = world.clock.now() + world.timings.firstReportMs;
    setReporting(world, host, isUp ? fromMs : undefined);
  }
}

function drainConductor(world: World): void {
  if (!isPlaneUp(world)) return;
  for (const cast of world.plane.conductorQueue.splice(0)) cast();
}

/**
 * Takes a part of the control plane away. What a killed conductor had in hand stays `accepted`
 * for ever; what waits in its queue does not get lost.
 */
export function takeDown(world: World, part: PlanePart): void {
  if (part === 'conductor') {
    world.plane.conductorUp = false;
    for (const flight of [...world.plane.inConductor]) endFlight(world, flight);
  } else if (part === 'scheduler') world.plane.schedulerUp = false;
  else world.plane.rabbitUp = false;
  updateReports(world);
}

/** Brings a part of the control plane back. */
export function bringBack(world: World, part: PlanePart): void {
  if (part === 'conductor') world.plane.conductorUp = true;
  else if (part === 'scheduler') world.plane.schedulerUp = true;
  else world.plane.rabbitUp = true;
  updateReports(world);
  drainConductor(world);
}
