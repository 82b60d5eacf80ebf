import { isActive } from '../../domain/evacuation.ts';
import { asHost, type HostName } from '../../domain/ids.ts';
import { known, type Known } from '../../domain/known.ts';
import type { FenceProof } from '../../domain/mark.ts';
import type { Summary } from '../../domain/summary.ts';
import { formatInstant, type Instant, type Millis } from '../../domain/time.ts';
import type { Attributes } from './attributes.ts';
import type { Cib, NodeState } from './cib.ts';
import type { FencingHistory } from './fencing-history.ts';
import { hostOf, nodeOf } from './nodes.ts';
import { fencingOf } from './proof.ts';

/** A failure that Pacemaker knows of and that carries no mark: the worker should mark the host. */
export interface UnmarkedFailure {
  readonly host: HostName;
  /** When it happened as far as is known; the mark's instant, so that an earlier fencing is no proof for it. */
  readonly at: Instant;
  /** One fragment for log and history. */
  readonly detail: string;
  /** Pacemaker's fencing since then, or null: somebody reported it, and nothing proves it. */
  readonly proof: FenceProof | null;
}

/** What was found, and the names that could not be told apart. */
export interface Adoption {
  readonly failures: readonly UnmarkedFailure[];
  /** Sentences for the operator, such as about a node that fits two hosts. */
  readonly problems: readonly string[];
}

/** The summaries and hosts of the moment, against which failures are held. */
export interface Marked {
  readonly summaries: readonly Summary[];
  /** Nova's service hosts: a fenced node that is none of them is no business of ours. */
  readonly hosts: readonly HostName[];
}

/** The attribute of fence_compute; `yes` is its report of a failure. */
const CLASSIC = 'evacuate';

/**
 * Failures without a mark, from two sources: remote nodes that Pacemaker fenced and that have not
 * come back (`node_state`: the fence agent was not in the topology, or the mark was wiped), and hosts
 * for which an existing fence_compute set `evacuate=yes`. A host whose evacuation goes on, or whose
 * mark is as young as the failure, is none. An old `yes` cannot lend an old fencing to a host that has
 * come back since: what counts as its failure is the last fencing after the last mark, else now.
 */
export function createAdoption(deps: {
  readonly cib: Pick<Cib, 'nodeStates'>;
  readonly history: FencingHistory;
  readonly attributes: Pick<Attributes, 'all'>;
  readonly now: () => Instant;
  readonly skewMs: Millis;
  readonly nodes?: Readonly<Record<string, string>>;
}): (marked: Marked) => Promise<Known<Adoption>> {
  const { cib, history, attributes, now, skewMs } = deps;
  return async (marked) => {
    const at = now();
    const [states, events, classic] = await Promise.all([
      cib.nodeStates(),
      history(),
      attributes.all(CLASSIC),
    ]);
    if (states.kind === 'unknown') return states;
    if (events.kind === 'unknown') return events;
    if (classic.kind === 'unknown') return classic;

    const problems: string[] = [];
    const nodes = states.value.map(({ node }) => node);
    const explicit = deps.nodes === undefined ? {} : { explicit: deps.nodes };
    const hostNamed = (node: string): HostName | null => {
      const match = hostOf(node, { nodes: [...nodes, node], hosts: marked.hosts, ...explicit });
      if (match.kind === 'ambiguous') problems.push(match.why);
      return match.kind === 'found' ? asHost(match.name) : null;
    };
    const found = new Map<HostName, UnmarkedFailure>();

    for (const state of states.value) {
      if (!state.remote || state.fencedAt === null) continue;
      const host = hostNamed(state.node);
      if (host === null || !isNews(marked, host, state.fencedAt - skewMs)) continue;
      const facts = { node: state.node, events: events.value, state };
      const finding = fencingOf(facts, state.fencedAt - skewMs);
      // A fencing under way will mark it, or end and be seen by the next look.
      if (finding.kind === 'none') continue;
      found.set(host, {
        host,
        at: state.fencedAt,
        detail: `Pacemaker fenced the remote node ${state.node} at ${formatInstant(state.fencedAt)}`,
        proof: finding.proof,
      });
    }
    for (const [node, value] of classic.value) {
      if (value !== 'yes') continue;
      const host = hostNamed(node);
      if (host === null || found.has(host) || isUnderWay(marked, host)) continue;
      // fence_compute writes under Nova's name, Pacemaker fences under its own.
      const match = nodeOf(host, { nodes, hosts: marked.hosts, ...explicit });
      const target = match.kind === 'found' ? match.name : node;
      const state = states.value.find((one) => one.node === target) ?? null;
      const since = (summaryOfHost(marked, host)?.markedAt ?? 0) + skewMs;
      const finding = fencingOf({ node: target, events: events.value, state }, since);
      const proof = finding.kind === 'proof' && !hasReturned(state) ? finding.proof : null;
      const detail = `the attribute ${CLASSIC} of ${node} says yes`;
      found.set(host, { host, at: proof?.at ?? at, detail, proof });
    }
    return known({ failures: [...found.values()], problems: [...new Set(problems)] }, at);
  };
}

/**
 * Whether a node has come back from whatever fencing the history remembers: the time of its fencing is
 * erased when it connects. `in_ccm` alone does not tell, it stays true when a connected node is fenced
 * by hand.
 */
const hasReturned = (state: NodeState | null): boolean =>
  state !== null && state.present && state.fencedAt === null;

const summaryOfHost = ({ summaries }: Marked, host: HostName): Summary | undefined =>
  summaries.find((summary) => summary.host === host);

function isUnderWay(marked: Marked, host: HostName): boolean {
  const summary = summaryOfHost(marked, host);
  return summary !== undefined && isActive(summary);
}

/** Whether a failure at `at` is not covered by the host's mark. */
function isNews(marked: Marked, host: HostName, at: Instant): boolean {
  const summary = summaryOfHost(marked, host);
  if (summary === undefined) return true;
  return !isActive(summary) && summary.markedAt < at;
}
