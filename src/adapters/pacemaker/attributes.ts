import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, type WriteOutcome } from '../../domain/outcome.ts';
import type { Instant } from '../../domain/time.ts';
import type { Exec } from '../exec.ts';
import { createMembership } from './membership.ts';
import { EXIT, noAnswer, noChange, TOOL_TIMEOUT_MS, type ToolOptions } from './tools.ts';
import { findAll, parseXml } from './xml.ts';

/** Node attributes in the memory of the cluster's attribute managers: gone with the node they belong to. */
export interface Attributes {
  /** All values of an attribute by node; none when nobody ever set it. An erased value is the empty text. */
  all(name: string): Promise<Known<ReadonlyMap<string, string>>>;
  /**
   * Sets a private value (never in the CIB); without a node on this one. Applied means accepted:
   * other members see it some milliseconds later. The node need not exist.
   */
  set(name: string, value: string, node?: string): Promise<WriteOutcome<null>>;
  /** This member's name and whether its part of the cluster has quorum. */
  here(): Promise<Known<{ readonly node: string; readonly quorum: boolean }>>;
}

/** Node attributes through `attrd_updater`, private as fence_compute's (`-p`). */
export function createAttributes(
  deps: { readonly exec: Exec; readonly now: () => Instant } & ToolOptions,
): Attributes {
  const { exec, now, timeoutMs = TOOL_TIMEOUT_MS } = deps;
  const membership = createMembership(deps);
  const run = (args: readonly string[]): ReturnType<Exec> =>
    exec({ program: 'attrd_updater', args, timeoutMs });

  return {
    all: async (name) => {
      const at = now();
      const outcome = await run(['-n', name, '-A', '--output-as=xml']);
      // Exit code 78 "attribute does not exist": no node has or ever had it.
      if (outcome.kind === 'exited' && outcome.code === EXIT.notConfigured) {
        return known(new Map<string, string>(), at);
      }
      if (outcome.kind !== 'exited' || outcome.code !== EXIT.ok) {
        return noAnswer('attrd_updater', outcome);
      }
      // The text form does not escape values; the XML does.
      const root = parseXml(outcome.stdout);
      if (root === null) return unknown('attrd_updater answered with something that is no XML');
      const pairs = findAll(root, 'attribute').flatMap(({ attributes }) => {
        const host = attributes['host'];
        return host === undefined ? [] : [[host, attributes['value'] ?? ''] as const];
      });
      return known(new Map(pairs), at);
    },
    set: async (name, value, node) => {
      const target = node === undefined ? [] : ['-N', node];
      const outcome = await run(['-p', '-n', name, ...target, '-U', value]);
      return outcome.kind === 'exited' && outcome.code === EXIT.ok
        ? applied(null)
        : noChange('attrd_updater', outcome);
    },
    here: async () => {
      const [node, quorum] = await Promise.all([membership.name(), membership.quorum()]);
      if (node.kind === 'unknown') return node;
      if (quorum.kind === 'unknown') return quorum;
      return known({ node: node.value, quorum: quorum.value }, quorum.at);
    },
  };
}
