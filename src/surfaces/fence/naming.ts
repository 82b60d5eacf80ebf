import { asHost, type HostName } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import { within } from '../deadline.ts';
import type { Call } from './call.ts';
import { hostAmong, hostAsGiven } from './target.ts';

/**
 * How long the mark waits for Nova to tell how it spells the host. Short: the mark must not depend on
 * Nova, and a wrong spelling is mended right after it.
 */
export const HEAD_START_MS: Millis = 1000;

/** A plug and the host that it means; null with the sentence why it cannot be told. */
export type Named =
  | { readonly plug: string; readonly host: HostName }
  | { readonly plug: string; readonly host: null; readonly why: string };

/**
 * Which host a plug means, as far as Nova tells within `limitMs`; else as it was given. Two hosts with
 * the same short name are refused: marking the wrong one would start its guests twice.
 */
export async function nameHost(call: Call, plug: string, limitMs: Millis): Promise<Named> {
  const { domain } = call.request;
  const fleet = await within(call.deps.clock, limitMs, call.fleet());
  if (fleet.kind === 'late' || fleet.value.kind === 'unknown') {
    return { plug, host: hostAsGiven(plug, domain) };
  }
  const target = hostAmong(plug, domain, fleet.value.value.services.keys());
  if (target.kind === 'host') return { plug, host: target.host };
  if (target.kind === 'ambiguous') {
    const why = `"${plug}" may be any of ${target.hosts.join(', ')} in Nova; map it with pcmk_host_map, or give domain`;
    return { plug, host: null, why };
  }
  call.log.warn(`Nova knows no nova-compute service on ${plug}; it is taken as it was given.`);
  return { plug, host: hostAsGiven(asHost(plug), domain) };
}
