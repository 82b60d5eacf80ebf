import { known, unknown, type Known } from '../../domain/known.ts';
import type { Instant } from '../../domain/time.ts';
import type { Cib, NodeState } from './cib.ts';
import { nodeOf } from './nodes.ts';

/**
 * Where a node stands for Pacemaker. `connected`: it is back (or was never away); `lost`: gone and
 * not fenced (yet), also after a clean stop; `fenced`: off and not back since `since`; `foreign`:
 * Pacemaker knows no such node.
 */
export type Presence =
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'fenced'; readonly since: Instant }
  | { readonly kind: 'foreign' };

/** Reads the presence out of a node's state; an unfencing (`on`) never enters into it. */
export function presenceOf(state: NodeState | null): Presence {
  if (state === null) return { kind: 'foreign' };
  if (state.present) return { kind: 'connected' };
  return state.fencedAt === null ? { kind: 'lost' } : { kind: 'fenced', since: state.fencedAt };
}

/**
 * Tells whether a host's node is back. `node_state` is the source because `crm_mon` shows a dead
 * remote node as online during each attempt to reconnect, and unfencing comes before it is connected.
 */
export function createPresence(deps: {
  readonly cib: Pick<Cib, 'nodeStates'>;
  readonly now: () => Instant;
  readonly nodes?: Readonly<Record<string, string>>;
}): (host: string) => Promise<Known<Presence>> {
  return async (host) => {
    const at = deps.now();
    const states = await deps.cib.nodeStates();
    if (states.kind === 'unknown') return states;
    const match = nodeOf(host, {
      nodes: states.value.map(({ node }) => node),
      hosts: null,
      ...(deps.nodes === undefined ? {} : { explicit: deps.nodes }),
    });
    if (match.kind === 'ambiguous') return unknown(match.why);
    const state =
      match.kind === 'none' ? null : states.value.find(({ node }) => node === match.name);
    return known(presenceOf(state ?? null), at);
  };
}
