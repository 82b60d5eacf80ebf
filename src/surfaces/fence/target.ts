import { asHost, shortName, type HostName } from '../../domain/ids.ts';

/** Which host a plug means. */
export type Target =
  | { readonly kind: 'host'; readonly host: HostName }
  | { readonly kind: 'ambiguous'; readonly hosts: readonly HostName[] }
  | { readonly kind: 'none' };

/**
 * Finds the host that a plug means among those that Nova (or the store) knows: its exact spelling, or
 * the only one with the same name or short name without regard to case (they are DNS names). Pacemaker's
 * node names are often short where Nova's are full, or the other way round; two hosts with one short
 * name in two domains are never guessed at.
 */
export function hostAmong(plug: string, domain: string | null, hosts: Iterable<HostName>): Target {
  const all = [...hosts];
  const spellings = domain === null ? [plug] : [plug, `${shortName(plug)}.${domain}`];
  for (const spelling of spellings) {
    const exact = all.find((host) => host === spelling);
    if (exact !== undefined) return { kind: 'host', host: exact };
  }
  for (const spelling of spellings) {
    const target = targetOf(all.filter((host) => fold(host) === fold(spelling)));
    if (target.kind !== 'none') return target;
  }
  // A full name given, and a full name known: they are the same host only when they are equal.
  return targetOf(
    all.filter(
      (host) =>
        fold(shortName(host)) === fold(shortName(plug)) &&
        !(plug.includes('.') && host.includes('.')),
    ),
  );
}

const fold = (name: string): string => name.toLowerCase();

function targetOf(alike: readonly HostName[]): Target {
  const [only] = alike;
  if (only === undefined) return { kind: 'none' };
  return alike.length === 1 ? { kind: 'host', host: only } : { kind: 'ambiguous', hosts: alike };
}

/** The spelling that is taken while nobody can be asked: with the domain that was given, if any. */
export function hostAsGiven(plug: string, domain: string | null): HostName {
  return asHost(domain === null || plug.includes('.') ? plug : `${plug}.${domain}`);
}
