import type { HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { FenceProof, Mark } from '../../domain/mark.ts';
import { formatInstant, type Instant, type Millis } from '../../domain/time.ts';
import type { Fencing } from '../../engine/ports.ts';
import type { Cib, NodeState } from './cib.ts';
import type { FenceEvent, FencingHistory } from './fencing-history.ts';
import { coalesced } from './coalesced.ts';
import { nodeOf } from './nodes.ts';

/** What is known about one node's fencing. */
export interface FencingFacts {
  readonly node: string;
  /** All events, pending ones first, then the newest first, as Pacemaker prints them. */
  readonly events: readonly FenceEvent[];
  readonly state: NodeState | null;
}

/** A proof, or why there is none. */
export type Finding =
  | { readonly kind: 'proof'; readonly proof: FenceProof }
  | { readonly kind: 'none'; readonly why: string };

/**
 * Whether Pacemaker has fenced a node since `since` (the failure, less the tolerated difference
 * between clocks). Only the end of a whole operation counts, all devices of the topology level:
 * that is when the history says `success` and `node_fenced` is set. An operation that is pending, or
 * that failed last, is no proof whatever came before it: its off may be undone or not yet done. `on`
 * (unfencing) says nothing: dead and healthy nodes are unfenced alike.
 */
export function fencingOf(facts: FencingFacts, since: Instant): Finding {
  const { node, state } = facts;
  const powerEvents = facts.events.filter(
    (event) =>
      sameNode(event.target, node) && (event.action === 'off' || event.action === 'reboot'),
  );
  if (powerEvents.some((event) => event.status === 'pending')) {
    return none(`Pacemaker is fencing ${node} just now`);
  }
  const last = newestOf(powerEvents);
  if (last?.status === 'failed') {
    return none(`the last fencing of ${node} failed (${last.exitReason ?? 'no reason given'})`);
  }
  const at = last?.completedAt ?? null;
  if (last !== null && at !== null && at >= since) {
    return { kind: 'proof', proof: { source: 'pacemaker', at, detail: describe(last) } };
  }
  if (state !== null && !state.present && state.fencedAt !== null && state.fencedAt >= since) {
    const detail = `fenced ${formatInstant(state.fencedAt)} (node_state of ${node})`;
    return { kind: 'proof', proof: { source: 'pacemaker', at: state.fencedAt, detail } };
  }
  return none(
    at === null
      ? `Pacemaker has not fenced ${node}`
      : `the last fencing of ${node} (${formatInstant(at)}) is older than the failure`,
  );
}

/**
 * Fence proofs from Pacemaker's fencing history and node state. `hosts` gives Nova's service hosts,
 * so that a node is never taken for two of them; without it only the nodes' names are compared.
 */
export function createPacemakerFencing(deps: {
  readonly cib: Pick<Cib, 'nodeStates'>;
  readonly history: FencingHistory;
  readonly now: () => Instant;
  /** Difference between the clocks of the reporter and of Pacemaker's nodes that is tolerated (`fence.skew`). */
  readonly skewMs: Millis;
  readonly hosts?: () => Promise<Known<readonly string[]>>;
  readonly nodes?: Readonly<Record<string, string>>;
}): Fencing {
  const look = coalesced(() => Promise.all([deps.cib.nodeStates(), deps.history()]));
  return {
    proof: async (host: HostName, mark: Mark) => {
      const at = deps.now();
      const [[states, events], hosts] = await Promise.all([look(), deps.hosts?.() ?? null]);
      if (states.kind === 'unknown') return states;
      if (events.kind === 'unknown') return events;
      if (hosts?.kind === 'unknown') return hosts;
      const names = [
        ...states.value.map(({ node }) => node),
        ...events.value.map(({ target }) => target),
      ];
      const match = nodeOf(host, {
        nodes: unique(names),
        hosts: hosts?.value ?? null,
        ...(deps.nodes === undefined ? {} : { explicit: deps.nodes }),
      });
      if (match.kind === 'ambiguous') return unknown(match.why);
      if (match.kind === 'none') return known(null, at);
      const state = states.value.find(({ node }) => sameNode(node, match.name)) ?? null;
      const facts = { node: match.name, events: events.value, state };
      const finding = fencingOf(facts, mark.at - deps.skewMs);
      return known(finding.kind === 'proof' ? finding.proof : null, at);
    },
  };
}

const none = (why: string): Finding => ({ kind: 'none', why });

// Pacemaker compares node names without regard to case.
const sameNode = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

// A node name that differs only by case is the same node.
const unique = (names: readonly string[]): readonly string[] => [
  ...new Map(names.toReversed().map((name) => [name.toLowerCase(), name])).values(),
];

// Times may be whole seconds: of two that are equal the first in Pacemaker's order is the newer one.
function newestOf(events: readonly FenceEvent[]): FenceEvent | null {
  return events.reduce<FenceEvent | null>(
    (best, event) =>
      best === null || (event.completedAt ?? 0) > (best.completedAt ?? 0) ? event : best,
    null,
  );
}

function describe({ action, delegate, origin, client }: FenceEvent): string {
  if (delegate === 'a human') return `confirmed by hand at ${origin} (${client})`;
  return `stonith "${action}" by ${delegate ?? 'the cluster'}, asked by ${client}@${origin}`;
}
