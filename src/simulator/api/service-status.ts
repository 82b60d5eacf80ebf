import type { Host } from '../hosts.ts';
import type { World } from '../world.ts';

/** The trait reaches placement at once only if a living nova-compute hears of it, else with its periodic update. */
function carryTrait(world: World, host: Host, wasUp: boolean): number | undefined {
  if (wasUp && host.compute === 'running') {
    host.traitDisabled = host.disabled;
    return undefined;
  }
  const { resourceUpdateMs, rpcResponseTimeoutMs } = world.timings;
  if (host.compute === 'running') {
    world.clock.at(world.clock.now() + resourceUpdateMs, () => {
      if (host.compute === 'running') host.traitDisabled = host.disabled;
    });
  }
  // Nova believes it is alive and calls it: the answer hangs until the call times out.
  return wasUp ? rpcResponseTimeoutMs : undefined;
}

/** Enables or disables a service; the result is how long the answer hangs, if it does. */
export function setServiceStatus(
  world: World,
  change: {
    readonly host: Host;
    readonly disabled: boolean;
    readonly reason: string | undefined;
    /** As nova-api sees it after any forcing in the same request. */
    readonly wasUp: boolean;
  },
): number | undefined {
  const { host, disabled, reason, wasUp } = change;
  host.disabled = disabled;
  // Without a reason the old one is erased; enabling erases it too.
  host.disabledReason = disabled ? (reason ?? null) : null;
  host.savedAtMs = world.clock.now();
  return carryTrait(world, host, wasUp);
}

/** Nova's words when un-forcing is refused. */
export function unforceRefusal(host: string): string {
  return (
    `Unable to force up host ${host} as \`done\` evacuation migration records remain associated with the host. ` +
    'Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request.'
  );
}
