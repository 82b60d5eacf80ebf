import type { Exec } from './exec.ts';

/** What a fence agent must know of the cluster that calls it. */
export interface ClusterGlance {
  /** Whether the node is connected; null when that cannot be told. */
  isConnected(node: string): Promise<boolean | null>;
  /** The nodes that are connected; empty when that cannot be told. */
  connected(): Promise<readonly string[]>;
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
  const states = (xpath: string): ReturnType<Exec> =>
    exec({
      program: 'cibadmin',
      args: ['-Q', '--no-children', '--xpath', xpath],
      timeoutMs: GLANCE_MS,
    });
  return {
    async isConnected(node) {
      const ran = await states(`//node_state[@uname='${node}']`);
      if (ran.kind !== 'exited' || ran.code !== 0) return null;
      return memberIn(ran.stdout);
    },
    async connected() {
      const ran = await states('//node_state');
      if (ran.kind !== 'exited' || ran.code !== 0) return [];
      const found = ran.stdout.match(/<node_state [^>]*>/g) ?? [];
      return found.flatMap((state) =>
        memberIn(state) === true ? (/\buname="([^"]*)"/.exec(state)?.[1] ?? []) : [],
      );
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

/** `true` and `false`; for members newer releases write when it joined, 0 for not at all. */
function memberIn(state: string): boolean | null {
  const member = /<node_state [^>]*\bin_ccm="([^"]*)"/.exec(state)?.[1];
  return member === undefined ? null : member !== 'false' && member !== '0';
}
