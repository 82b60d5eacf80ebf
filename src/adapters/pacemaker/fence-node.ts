import type { HostName } from '../../domain/ids.ts';
import type { Known } from '../../domain/known.ts';
import type { FenceProof } from '../../domain/mark.ts';
import { applied, refused, uncertain, type WriteOutcome } from '../../domain/outcome.ts';
import type { Instant, Millis } from '../../domain/time.ts';
import type { Exec } from '../exec.ts';
import type { Cib } from './cib.ts';
import type { FencingHistory } from './fencing-history.ts';
import { nodeOf } from './nodes.ts';
import { fencingOf } from './proof.ts';
import { EXIT, noChange } from './tools.ts';

/** Hosts switched off by the cluster that they are nodes of. */
export interface NodeFencing {
  /** Null when Pacemaker runs here and knows the host's node; else why it cannot switch it off. */
  objection(host: HostName): Promise<string | null>;
  /** Has the cluster fence the node (`off`, all devices of its level) and reads the proof back. */
  off(host: HostName): Promise<WriteOutcome<FenceProof>>;
}

/** How long the cluster may take; as long as `stonith_admin` gives it by itself. */
const FENCE_TIMEOUT_MS = 120_000;

/** Fences nodes through `stonith_admin --fence`; its success is believed when the history shows it. */
export function createNodeFencing(deps: {
  readonly exec: Exec;
  readonly cib: Pick<Cib, 'nodeStates'>;
  readonly history: FencingHistory;
  readonly now: () => Instant;
  /** Difference tolerated between this machine's clock and those of the cluster (`fence.skew`). */
  readonly skewMs: Millis;
  readonly hosts: () => Promise<Known<readonly string[]>>;
  readonly nodes: Readonly<Record<string, string>>;
  readonly timeoutMs?: Millis;
}): NodeFencing {
  const { exec, cib, history, now, skewMs, timeoutMs = FENCE_TIMEOUT_MS } = deps;

  const find = async (host: HostName): Promise<{ readonly node: string } | string> => {
    const [states, hosts] = await Promise.all([cib.nodeStates(), deps.hosts()]);
    if (states.kind === 'unknown') return states.why;
    if (hosts.kind === 'unknown') return hosts.why;
    const nodes = states.value.map(({ node }) => node);
    const match = nodeOf(host, { nodes, hosts: hosts.value, explicit: deps.nodes });
    if (match.kind === 'ambiguous') return match.why;
    if (match.kind === 'found' && nodes.some((node) => isSame(node, match.name)))
      return { node: match.name };
    return `Pacemaker knows no node of ${host}; name it in the configuration (pacemaker.nodes)`;
  };

  return {
    objection: async (host) => {
      const found = await find(host);
      return typeof found === 'string' ? found : null;
    },
    off: async (host) => {
      const found = await find(host);
      if (typeof found === 'string') return refused('not-sent', found);
      const { node } = found;
      // Pacemaker 2.1 counts whole seconds, and by the clock of the member that did it.
      const since = now() - 1000 - skewMs;
      const outcome = await exec({
        program: 'stonith_admin',
        args: ['--fence', node, '--timeout', String(Math.ceil(timeoutMs / 1000))],
        // Pacemaker adds to the timeout what the devices ask for themselves.
        timeoutMs: timeoutMs * 2,
      });
      if (outcome.kind !== 'exited' || outcome.code !== EXIT.ok)
        return noChange('stonith_admin', outcome);
      const events = await history();
      if (events.kind === 'unknown') return uncertain(events.why);
      const finding = fencingOf({ node, events: events.value, state: null }, since);
      return finding.kind === 'proof' ? applied(finding.proof) : uncertain(finding.why);
    },
  };
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
