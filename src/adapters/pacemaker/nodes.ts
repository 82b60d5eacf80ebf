import { shortName } from '../../domain/ids.ts';

/** The one partner of a name, none, or several: then nobody may guess. */
export type Match =
  | { readonly kind: 'found'; readonly name: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous'; readonly why: string };

/** What is known about the names on both sides. */
export interface Names {
  /** Pacemaker's node names. */
  readonly nodes: readonly string[];
  /** Nova's service hosts; null when Nova was not asked, then only the nodes are compared. */
  readonly hosts: readonly string[] | null;
  /** The operator's word, node name by Nova host; wins over every comparison. */
  readonly explicit?: Readonly<Record<string, string>>;
}

/**
 * The Pacemaker node of a Nova host: the operator's map, else the same name (DNS names, so without
 * regard to case), else the same short name where one of the two is short. Two full names that differ
 * are two machines. A wrong partner would take one machine's fencing for another's, so the match
 * must hold in both directions.
 */
export function nodeOf(host: string, names: Names): Match {
  const mapped = own(names.explicit, host);
  if (mapped !== null) return { kind: 'found', name: mapped };
  const takenNodes = new Set(Object.values(names.explicit ?? {}).map(fold));
  const free = names.nodes.filter((node) => !takenNodes.has(fold(node)));
  const there = bestOf(host, free);
  if (there.kind !== 'found') return describe(there, host, 'Pacemaker node');
  const back = names.hosts === null ? null : bestOf(there.name, freeHosts(names));
  return back === null || back.kind === 'none' || (back.kind === 'found' && back.name === host)
    ? there
    : contested(host, there.name, back);
}

/** The Nova host of a Pacemaker node, by the same rules; needs `names.hosts`. */
export function hostOf(node: string, names: Names & { readonly hosts: readonly string[] }): Match {
  const mapped = Object.entries(names.explicit ?? {}).filter(([, name]) => same(name, node));
  const [only, second] = mapped;
  if (only !== undefined && second === undefined) return { kind: 'found', name: only[0] };
  if (only !== undefined)
    return several(
      node,
      'Nova host',
      mapped.map(([host]) => host),
    );
  const there = bestOf(node, freeHosts(names));
  if (there.kind !== 'found') return describe(there, node, 'Nova host');
  const back = nodeOf(there.name, names);
  if (back.kind === 'found' && !same(back.name, node)) return { kind: 'none' };
  return back.kind === 'ambiguous' ? back : there;
}

type Best =
  | { readonly kind: 'found'; readonly name: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'several'; readonly names: readonly string[] };

const fold = (name: string): string => name.toLowerCase();
const same = (a: string, b: string): boolean => fold(a) === fold(b);
const isShort = (name: string): boolean => !name.includes('.');

const own = (map: Readonly<Record<string, string>> | undefined, key: string): string | null =>
  map !== undefined && Object.hasOwn(map, key) ? (map[key] ?? null) : null;

const freeHosts = (names: Names): readonly string[] =>
  (names.hosts ?? []).filter((host) => own(names.explicit, host) === null);

/** The best candidates: the exact ones, else those equal but for case, else those with the same short name. */
function bestOf(name: string, candidates: readonly string[]): Best {
  const related = (candidate: string): boolean =>
    (isShort(name) || isShort(candidate)) && same(shortName(name), shortName(candidate));
  const tiers = [
    (candidate: string) => candidate === name,
    (candidate: string) => same(candidate, name),
    related,
  ];
  for (const fits of tiers) {
    const [first, ...others] = [...new Set(candidates.filter(fits))];
    if (first === undefined) continue;
    return others.length === 0
      ? { kind: 'found', name: first }
      : { kind: 'several', names: [first, ...others] };
  }
  return { kind: 'none' };
}

function describe(best: Exclude<Best, { kind: 'found' }>, name: string, what: string): Match {
  return best.kind === 'none' ? best : several(name, what, best.names);
}

const REMEDY = 'say which one it is in the configuration (pacemaker.nodes)';

const several = (name: string, what: string, names: readonly string[]): Match => ({
  kind: 'ambiguous',
  why: `${name} fits more than one ${what} (${names.join(', ')}); ${REMEDY}`,
});

const contested = (host: string, node: string, back: Exclude<Best, { kind: 'none' }>): Match => ({
  kind: 'ambiguous',
  why:
    `the Pacemaker node ${node} fits not only the Nova host ${host} but also ` +
    `${(back.kind === 'found' ? [back.name] : back.names.filter((other) => other !== host)).join(', ')}; ${REMEDY}`,
});
