import { isPlaneUp } from './hosts.ts';
import type { Host } from './hosts.ts';
import type { World } from './world.ts';

/** One piece of work of a nova-compute process. */
export interface ComputeStep {
  readonly host: Host;
  readonly delayMs: number;
  readonly run: () => void;
  /** The process died, or could not reach the conductor for too long: nothing more will happen. */
  readonly lost: () => void;
}

/**
 * Runs a step of the present nova-compute process after a delay.
 * It is dropped if the process has died by then, waits while the process is frozen, and is given
 * up if the database is out of reach for rpc_response_timeout: the guest may be left running.
 */
export function afterOnCompute(world: World, step: ComputeStep): void {
  const { host } = step;
  const life = host.life;
  const resume = (): void => {
    if (host.life !== life) {
      step.lost();
    } else if (host.compute === 'frozen') {
      host.deferred.push(resume);
    } else if (isPlaneUp(world)) {
      step.run();
    } else {
      world.clock.at(world.clock.now() + world.timings.rpcResponseTimeoutMs, () => {
        if (host.life === life && isPlaneUp(world)) step.run();
        else step.lost();
      });
    }
  };
  world.clock.at(world.clock.now() + step.delayMs, resume);
}

/** Delivers a message to a nova-compute: now if it listens, else whenever it comes back. */
export function castToCompute(host: Host, message: () => void): void {
  if (host.compute === 'running') message();
  else host.queue.push(message);
}

/** Lets a nova-compute that listens again take its messages. */
export function drainQueue(host: Host): void {
  for (const message of host.queue.splice(0)) message();
}
