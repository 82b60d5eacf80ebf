import { isActive } from '../domain/evacuation.ts';
import type { Fleet } from '../domain/host.ts';
import { shortName, type HostName } from '../domain/ids.ts';
import { wholeHost } from '../domain/mark.ts';
import type { Summary } from '../domain/summary.ts';
import { markHost, unmarkHost, type MarkingParts } from './mark-host.ts';
import type { Lookout } from './ports.ts';

/**
 * Marks the hosts that the cluster manager fenced without a mark coming of it: the fence agent was not
 * in the topology, or the mark was lost with the store. Returns sentences about what stays unclear.
 */
export async function adoptFailures(
  parts: MarkingParts,
  lookout: Lookout,
  summaries: readonly Summary[],
  fleet: Fleet,
): Promise<readonly string[] | null> {
  const hosts = [...fleet.services.keys()];
  const found = await lookout.unmarked({ summaries, hosts });
  if (found.kind === 'unknown') return null;
  for (const { host, at, detail, proof } of found.value.failures) {
    const outcome = await markHost(parts, {
      host,
      origin: 'pacemaker',
      by: 'Pacemaker',
      claim: proof,
      request: wholeHost,
      at,
    });
    if (outcome.kind === 'applied')
      parts.log.warn(`${host} had failed without a mark: ${detail}`, { host });
  }
  return found.value.problems;
}

/**
 * Puts a mark that was made under another form of the host's name (short for FQDN or the other way
 * round, or in other letters, while Nova could not be asked) under the name that Nova knows, where only one fits.
 */
export async function correctNames(
  parts: MarkingParts,
  summaries: readonly Summary[],
  fleet: Fleet,
): Promise<void> {
  const hosts = [...fleet.services.keys()];
  for (const summary of summaries) {
    const right = isActive(summary) ? rightName(summary.host, hosts) : null;
    if (right === null) continue;
    const stored = await parts.store.read(summary.host);
    if (stored.kind === 'unknown' || stored.value === null) continue;
    const { mark } = stored.value.evacuation;
    const { origin, by, claim, request, at } = mark;
    const outcome = await markHost(parts, { host: right, origin, by, claim, request, at });
    if (outcome.kind !== 'applied') continue;
    parts.log.warn(`${summary.host} is ${right} in Nova; the mark was moved there.`, {
      host: right,
    });
    await unmarkHost(parts, { host: summary.host, by: `the mark of ${right}` });
  }
}

function rightName(host: HostName, hosts: readonly HostName[]): HostName | null {
  if (hosts.length === 0 || hosts.includes(host)) return null;
  // Names of machines have no case; Nova's service hosts are spelled in one way all the same.
  const wanted = host.toLowerCase();
  const same = hosts.filter((candidate) => {
    const name = candidate.toLowerCase();
    const short = shortName(name);
    return name === wanted || (short === shortName(wanted) && (name === short || wanted === short));
  });
  return same.length === 1 ? (same[0] ?? null) : null;
}
