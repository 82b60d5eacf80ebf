import { known, mapKnown, unknown, type Known } from '../../domain/known.ts';
import { applied, type WriteOutcome } from '../../domain/outcome.ts';
import type { Instant } from '../../domain/time.ts';
import type { Exec } from '../exec.ts';
import { EXIT, noAnswer, noChange, TOOL_TIMEOUT_MS, type ToolOptions } from './tools.ts';
import { parseXml, type Element } from './xml.ts';

/**
 * What the CIB's status section says of a node. For remote nodes this is the reliable source:
 * `crm_mon` shows a dead one as online during every attempt to reconnect.
 */
export interface NodeState {
  readonly node: string;
  readonly remote: boolean;
  /** `in_ccm`: member of the cluster, or connected when it is a remote node. */
  readonly present: boolean;
  /** `node_fenced`: when the whole fencing of a remote node succeeded, whole seconds; null: not since it was last connected. */
  readonly fencedAt: Instant | null;
}

/** Pacemaker's configuration and state, as `cibadmin` reads and changes it. */
export interface Cib {
  /** The elements that an XPath selects; none (not unknown) when Pacemaker answers that there is none. */
  query(xpath: string, shape?: 'whole' | 'shallow'): Promise<Known<readonly Element[]>>;
  /**
   * Merges an element into the one that the XPath selects, refused with `wrong-state` when there is
   * none. Every member evaluates the XPath in the same order of changes, so a condition on the old
   * value makes this a compare-and-set (proven on three members: 45 increments, 62 conflicts).
   */
  modify(xpath: string, xml: string): Promise<WriteOutcome<null>>;
  /** Adds an element to a section; an element of that id that is there already is as good. */
  ensure(section: string, xml: string): Promise<WriteOutcome<null>>;
  /** Every node with a state, members and remote nodes. */
  nodeStates(): Promise<Known<readonly NodeState[]>>;
}

/** Pacemaker through `cibadmin` (2.1 and 3.0 alike); needs root or hacluster on a full member. */
export function createCib(
  deps: { readonly exec: Exec; readonly now: () => Instant } & ToolOptions,
): Cib {
  const { exec, now, timeoutMs = TOOL_TIMEOUT_MS } = deps;
  const run = (args: readonly string[], stdin?: string): ReturnType<Exec> =>
    exec({ program: 'cibadmin', args, timeoutMs, ...(stdin === undefined ? {} : { stdin }) });

  const query: Cib['query'] = async (xpath, shape = 'whole') => {
    const at = now();
    const outcome = await run([
      '--query',
      '--xpath',
      xpath,
      ...(shape === 'shallow' ? ['--no-children'] : []),
    ]);
    if (outcome.kind === 'exited' && outcome.code === EXIT.noSuchObject) return known([], at);
    if (outcome.kind !== 'exited' || outcome.code !== EXIT.ok) return noAnswer('cibadmin', outcome);
    const root = parseXml(outcome.stdout);
    if (root === null) return unknown('cibadmin answered with something that is no XML');
    return known(root.name === 'xpath-query' ? root.children : [root], at);
  };

  const change = async (
    args: readonly string[],
    xml: string,
    alsoFine: readonly number[] = [],
  ): Promise<WriteOutcome<null>> => {
    const outcome = await run([...args, '--xml-pipe'], xml);
    const done =
      outcome.kind === 'exited' && (outcome.code === EXIT.ok || alsoFine.includes(outcome.code));
    return done ? applied(null) : noChange('cibadmin', outcome);
  };

  return {
    query,
    modify: (xpath, xml) => change(['--modify', '--xpath', xpath], xml),
    ensure: (section, xml) => change(['--create', '--scope', section], xml, [EXIT.exists]),
    nodeStates: async () => mapKnown(await query('//node_state', 'shallow'), readNodeStates),
  };
}

/** Reads `node_state` elements; those without a name are left out. */
export function readNodeStates(elements: readonly Element[]): readonly NodeState[] {
  return elements.flatMap(({ name, attributes }) => {
    const node = attributes['uname'];
    if (name !== 'node_state' || node === undefined || node === '') return [];
    const fenced = Number(attributes['node_fenced'] ?? '0');
    return [
      {
        node,
        remote: attributes['remote_node'] === 'true',
        present: isPresent(attributes['in_ccm']),
        fencedAt: Number.isSafeInteger(fenced) && fenced > 0 ? fenced * 1000 : null,
      },
    ];
  });
}

// Pacemaker 2.1.7 and newer write the epoch seconds of joining where older ones wrote "true".
const isPresent = (text: string | undefined): boolean =>
  text === 'true' || (text !== undefined && /^\d+$/.test(text) && Number(text) > 0);
