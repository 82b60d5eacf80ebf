import type { Exec } from './exec.ts';

/** What a fence agent must know of the cluster that calls it. */
export interface ClusterGlance {
  /** Whether the node is connected; null when that cannot be told. */
  isConnected(node: string): Promise<boolean | null>;
  /** The nodes that are lost and not fenced yet; empty when that cannot be told. */
  unclean(): Promise<readonly string[]>;
}

const GLANCE_MS = 3000;

/**
 * Two questions to Pacemaker's own tools. The CIB's node_state tells whether a remote node is there
 * (`in_ccm`; crm_mon calls a dead one online during every attempt to reconnect); crm_mon tells which
 * nodes wait for their fencing (`unclean`).
 */
export function createClusterGlance(exec: Exec): ClusterGlance {
  return {
    async isConnected(node) {
      const ran = await exec({
        program: 'cibadmin',
        args: ['-Q', '--xpath', `//node_state[@uname='${node}']`],
        timeoutMs: GLANCE_MS,
      });
      if (ran.kind !== 'exited' || ran.code !== 0) return null;
      // `true` and `false`; for members newer releases write when it joined, 0 for not at all.
      const member = /<node_state [^>]*\bin_ccm="([^"]*)"/.exec(ran.stdout)?.[1];
      return member === undefined ? null : member !== 'false' && member !== '0';
    },
    async unclean() {
      const ran = await exec({
        program: 'crm_mon',
        args: ['-1', '--output-as=xml'],
        timeoutMs: GLANCE_MS,
      });
      if (ran.kind !== 'exited' || ran.code !== 0) return [];
      const nodes = ran.stdout.match(/<node [^>]*\bunclean="true"[^>]*>/g) ?? [];
      return nodes.flatMap((node) => /\bname="([^"]*)"/.exec(node)?.[1] ?? []);
    },
  };
}
