import { shortName, type HostName } from '../../domain/ids.ts';
import { didYouMean } from '../../domain/nearest.ts';
import { because } from '../../domain/reason.ts';
import type { Io } from './io.ts';
import { refuse } from './refusal.ts';

/** Refuses a host that is none of Nova's, and names those that were probably meant. */
export function refuseUnknownHost(io: Io, host: HostName, hosts: readonly HostName[]): 'refused' {
  // compute-1 for compute-1.example.com is the commonest slip, and no small number of edits.
  const sameMachine = hosts.find((name) => shortName(name) === shortName(host));
  const near = didYouMean(host, hosts);
  const hint = sameMachine === undefined ? near : `Did you mean ${JSON.stringify(sameMachine)}?`;
  return refuse(io, because('NH103', { host }), hint ?? '');
}
