import type { Evacuation, Progress } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName } from './ids.ts';
import type { Policy } from './policy.ts';

/** Where an instance is asked to go: to one host, where the scheduler likes, or nowhere just now. */
export type Destination =
  | { readonly to: 'host'; readonly host: HostName }
  | { readonly to: 'scheduler' }
  | { readonly to: 'nowhere'; readonly host: HostName };

const SCHEDULER: Destination = { to: 'scheduler' };

/** Whether Nova's scheduler may choose a host: its service is up and enabled. */
export function isOpenHost(fleet: Fleet, host: HostName): boolean {
  const service = fleet.services.get(host);
  return service?.state === 'up' && service.status === 'enabled';
}

/**
 * The destination of the next request for an instance. An operator's `--target-host` is final. The
 * configured one is for the first try, and only while it can take instances: after a failure there,
 * or NoValidHost, the scheduler chooses; unless the policy is strict.
 */
export function destinationOf(
  evacuation: Evacuation,
  progress: Extract<Progress, { at: 'pending' }>,
  fleet: Fleet,
  policy: Policy,
): Destination {
  const asked = evacuation.mark.request.target;
  if (asked !== null) return { to: 'host', host: asked };
  const { host, strict } = policy.destination;
  if (host === null || host === evacuation.host) return SCHEDULER;
  if (strict) return { to: isOpenHost(fleet, host) ? 'host' : 'nowhere', host };
  const first = progress.attempt === 0 && progress.why === null;
  return first && isOpenHost(fleet, host) ? { to: 'host', host } : SCHEDULER;
}
