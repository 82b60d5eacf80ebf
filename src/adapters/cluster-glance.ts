import type { Exec } from './exec.ts';

/** What a fence agent must know of the cluster that calls it. */
export interface ClusterGlance {
  /** Whether the node is connected; null when that cannot be told. */
  isConnected(node: string): Promise<boolean | null>;
  /** The nodes that are connected; empty when that cannot be told. */
  connected(): Promise<readonly string[]>;
  /** What the cluster has still to do; nothing when that cannot be told. */
  outstanding(): Promise<Outstanding>;
}

/** What a cluster has still to do. */
export interface Outstanding {
  /** The nodes that are lost and not fenced yet. */
  readonly unclean: readonly string[];
  /** The resource of the worker while it runs nowhere; null when it runs, or there is none. */
  readonly stoppedWorker: string | null;
}

const GLANCE_MS = 3000;

/**
 * Two questions to Pacemaker's own tools. The CIB's node_state tells whether a remote node is there
 * (`in_ccm`; crm_mon calls a dead one online during every attempt to reconnect); crm_mon tells which
 * nodes wait for their fencing (`unclean`), and whether the worker runs.
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
    async outstanding() {
      const ran = await exec({
        program: 'crm_mon',
        args: ['-1', '--output-as=xml'],
        timeoutMs: GLANCE_MS,
      });
      if (ran.kind !== 'exited' || ran.code !== 0) return { unclean: [], stoppedWorker: null };
      const nodes = ran.stdout.match(/<node [^>]*\bunclean="true"[^>]*>/g) ?? [];
      return {
        unclean: nodes.flatMap((node) => /\bname="([^"]*)"/.exec(node)?.[1] ?? []),
        stoppedWorker: stoppedWorkerIn(ran.stdout),
      };
    },
  };
}

/** `true` and `false`; for members newer releases write when it joined, 0 for not at all. */
function memberIn(state: string): boolean | null {
  const member = /<node_state [^>]*\bin_ccm="([^"]*)"/.exec(state)?.[1];
  return member === undefined ? null : member !== 'false' && member !== '0';
}

/** The resource that runs the worker, when it is active nowhere. */
function stoppedWorkerIn(status: string): string | null {
  const workers =
    status.match(/<resource [^>]*\bresource_agent="ocf:[^"]*:NovaEvacuate"[^>]*>/g) ?? [];
  const [worker] = workers;
  if (worker === undefined || workers.some((one) => one.includes(' active="true"'))) return null;
  return /\bid="([^"]*)"/.exec(worker)?.[1] ?? null;
}
