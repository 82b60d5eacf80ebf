import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, type WriteOutcome } from '../../domain/outcome.ts';
import type { Instant } from '../../domain/time.ts';
import type { Exec } from '../exec.ts';
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
  const run = (program: string, args: readonly string[]): ReturnType<Exec> =>
    exec({ program, args, timeoutMs });

  return {
    all: async (name) => {
      const at = now();
      const outcome = await run('attrd_updater', ['-n', name, '-A', '--output-as=xml']);
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
      const outcome = await run('attrd_updater', ['-p', '-n', name, ...target, '-U', value]);
      return outcome.kind === 'exited' && outcome.code === EXIT.ok
        ? applied(null)
        : noChange('attrd_updater', outcome);
    },
    here: async () => {
      const at = now();
      const [name, quorum] = await Promise.all([
        run('crm_node', ['--name']),
        run('crm_node', ['--quorum']),
      ]);
      if (name.kind !== 'exited' || name.code !== EXIT.ok) return noAnswer('crm_node', name);
      if (quorum.kind !== 'exited' || quorum.code !== EXIT.ok) return noAnswer('crm_node', quorum);
      return known({ node: name.stdout.trim(), quorum: quorum.stdout.trim() === '1' }, at);
    },
  };
}
