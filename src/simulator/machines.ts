import { drainQueue } from './compute-steps.ts';
import { setGuest } from './guests.ts';
import { isPlaneUp, setReporting } from './hosts.ts';
import type { Host } from './hosts.ts';
import { startCompute } from './returning.ts';
import { endFlight } from './world.ts';
import type { World } from './world.ts';

/** Ends the nova-compute process; what it had in hand is lost, its guests run on. */
export function killCompute(world: World, host: Host): void {
  if (host.compute === 'stopped') return;
  host.life += 1;
  host.compute = 'stopped';
  host.deferred.length = 0;
  setReporting(world, host, undefined);
  for (const flight of [...host.flights]) endFlight(world, flight);
}

/** Cuts the power: nova-compute and every guest are gone at once. */
export function powerOff(world: World, host: Host): void {
  if (host.machine === 'off') return;
  killCompute(world, host);
  host.life += 1;
  host.machine = 'off';
  for (const [instance, state] of host.guests) {
    if (state !== 'running') continue;
    host.interrupted.add(instance);
    setGuest(world, host, instance, 'stopped');
  }
}

/** Switches the machine on; it boots, and starts nova-compute unless that is gated. */
export function powerOn(world: World, host: Host): void {
  if (host.machine !== 'off') return;
  host.machine = 'booting';
  const life = host.life;
  world.clock.at(world.clock.now() + world.timings.bootMs, () => {
    if (host.life !== life || host.machine !== 'booting') return;
    host.machine = 'on';
    // libvirt-guests with ON_BOOT=start does not know that Nova has built the guest elsewhere.
    if (host.autostart) {
      for (const instance of host.interrupted) setGuest(world, host, instance, 'running');
    }
    host.interrupted.clear();
    if (!host.gated) startCompute(world, host);
  });
}

/** Stops the process without ending it (SIGSTOP): no reports, messages wait, work stands still. */
export function freezeCompute(world: World, host: Host): void {
  if (host.compute !== 'running') return;
  host.compute = 'frozen';
  setReporting(world, host, undefined);
}

/** Lets it go on as if nothing had happened: Nova sees it up again without a restart. */
export function thawCompute(world: World, host: Host): void {
  if (host.compute !== 'frozen') return;
  host.compute = 'running';
  if (isPlaneUp(world)) setReporting(world, host, world.clock.now());
  for (const resume of host.deferred.splice(0)) resume();
  drainQueue(host);
}

/** Opens or closes the gate before nova-compute; opening it on a machine that is on starts it. */
export function setGate(world: World, host: Host, gated: boolean): void {
  host.gated = gated;
  if (!gated) startCompute(world, host);
}
