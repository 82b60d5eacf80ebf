import { shortName, type HostName } from '../../domain/ids.ts';
import { didYouMean } from '../../domain/nearest.ts';
import { because } from '../../domain/reason.ts';
import type { Compute } from '../../engine/ports.ts';
import { printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { tell, type Io } from './io.ts';
import { refuse } from './refusal.ts';

/** Says why nothing can be told about a host: Nova does not know it, or does not answer. */
export async function explainUnplanned(
  io: Io,
  compute: Compute,
  host: HostName,
  why: string,
): Promise<ExitName> {
  const fleet = await compute.fleet();
  if (fleet.kind === 'known' && !fleet.value.services.has(host))
    return refuseUnknownHost(io, host, [...fleet.value.services.keys()]);
  tell(io, `nova-ha: Nova cannot tell what is on ${host}: ${printable(why)}`);
  return 'failed';
}

/** Refuses a host that is none of Nova's, and names those that were probably meant. */
export function refuseUnknownHost(io: Io, host: HostName, hosts: readonly HostName[]): 'refused' {
  // compute-1 for compute-1.example.com is the commonest slip, and no small number of edits.
  const sameMachine = hosts.find((name) => shortName(name) === shortName(host));
  const near = didYouMean(host, hosts);
  const hint = sameMachine === undefined ? near : `Did you mean ${JSON.stringify(sameMachine)}?`;
  return refuse(io, because('NH103', { host }), hint ?? '');
}
