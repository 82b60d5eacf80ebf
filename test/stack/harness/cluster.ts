/**
 * The real Pacemaker of `test/stack/cluster`, for scenarios.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must, run, type CommandResult } from './command.ts';
import type { Cloud } from './cloud.ts';

const SCRIPT = fileURLToPath(new URL('../cluster', import.meta.url));
const HOOK = fileURLToPath(new URL('../cluster.d/cloud-hook', import.meta.url));
const UP_MS = 600_000; // the first `up` installs packages

/** What Pacemaker itself holds of a node: the CIB's node_state, not crm_mon's `online`. */
export interface NodeState {
  /** `in_ccm`: connected. */
  readonly member: boolean;
  /** `node_fenced`: epoch seconds of the fencing, 0 while not fenced. */
  readonly fencedAt: number;
}

/** A running cluster. Everything rejects with the script's own words if it fails. */
export interface Cluster {
  readonly controllers: readonly string[];
  readonly computes: readonly string[];
  /** Inside the node, with a clean environment; never rejects for an exit code. */
  exec(node: string, ...command: readonly string[]): Promise<CommandResult>;
  /** Loads files in crmsh's language; without any, the power devices and remote nodes. */
  configure(...files: readonly string[]): Promise<void>;
  nodeState(node: string): Promise<NodeState | null>;
  /** `crm_mon -1` as XML. */
  monitor(): Promise<string>;
  powerOff(node: string): Promise<void>;
  powerOn(node: string): Promise<void>;
  powerStatus(node: string): Promise<'on' | 'off'>;
  isolate(node: string): Promise<void>;
  heal(node: string): Promise<void>;
  killRemote(node: string): Promise<void>;
  /** Ends the cluster. */
  stop(): Promise<void>;
}

/** Choices of `cluster up`. */
export interface ClusterChoices {
  /** Directories with sbin/ and ocf/PROVIDER/, laid over the nodes' own agents. */
  readonly agents?: readonly string[];
  /** Couples the compute nodes to this cloud's hosts of the same names. */
  readonly cloud?: Cloud;
  /** Further ports of this machine's 127.0.0.1 that the nodes need, as Redis's. */
  readonly ports?: readonly number[];
  /** Run as `HOOK off|on NODE` with each machine's power; without it that of `cloud`, if any. */
  readonly hook?: string;
  /** Leave the hosts' nova-compute to `ocf:testbed:NovaCompute` resources. */
  readonly managedCompute?: boolean;
}

/** The file that makes the test bed's fault of that name, such as `broken.compute-1`, when it is there. */
export const faultFile = (name: string): string =>
  join(process.env['CLUSTER_DIR'] ?? join(tmpdir(), 'nova-ha-cluster'), name);

/** Starts a cluster without any configuration; one that runs already is ended first. */
export async function startCluster(choices: ClusterChoices = {}): Promise<Cluster> {
  const { agents = [], cloud, ports = [], managedCompute = false } = choices;
  const hook = choices.hook ?? (cloud === undefined ? '' : HOOK);
  const environment = {
    CLUSTER_AGENTS: agents.join(' '),
    CLUSTER_FORWARD: [...cloudPorts(cloud), ...ports].join(' '),
    CLUSTER_HOOK: hook,
    CLUSTER_COMPUTE: managedCompute ? 'managed' : '',
    ...(cloud === undefined ? {} : { CLOUD_DIR: cloud.directory }),
  };
  const cluster = (...args: readonly string[]): Promise<string> =>
    must({ file: SCRIPT, args, env: environment, timeoutMs: UP_MS });
  const act = async (...args: readonly string[]): Promise<void> => {
    await cluster(...args);
  };
  await act('down');
  await act('up');
  const nodes = (await cluster('nodes')).trim().split('\n');
  const names = nodes.map((line) => line.split(' ', 1)[0] ?? '');
  const controllers = names.filter((_, at) => nodes[at]?.includes('pacemakerd') === true);

  const exec = (node: string, ...command: readonly string[]): Promise<CommandResult> =>
    run({ file: SCRIPT, args: ['exec', node, ...command] });

  return {
    controllers,
    computes: names.filter((name) => !controllers.includes(name)),
    exec,
    configure: (...files) => act('configure', ...files),
    async nodeState(node) {
      const query = ['cibadmin', '-Q', '--xpath', `//node_state[@uname='${node}']`];
      for (const controller of controllers) {
        const { code, stdout } = await exec(controller, ...query);
        if (code === 0) return parseNodeState(stdout);
        if (code === 105) return null; // no such object
      }
      return null;
    },
    monitor: () => cluster('status', '--output-as=xml'),
    powerOff: (node) => act('power-off', node),
    powerOn: (node) => act('power-on', node),
    powerStatus: async (node) =>
      (await cluster('power-status', node)).trim() === 'off' ? 'off' : 'on',
    isolate: (node) => act('isolate', node),
    heal: (node) => act('heal', node),
    killRemote: (node) => act('kill-remote', node),
    stop: () => act('down'),
  };
}

/** Keystone's port, and those of the catalog's endpoints, which follow it. */
function cloudPorts(cloud: Cloud | undefined): readonly number[] {
  if (cloud === undefined) return [];
  const first = Number(new URL(cloud.nova.access.authUrl).port);
  return [0, 1, 2, 3, 4].map((offset) => first + offset);
}

function parseNodeState(xml: string): NodeState {
  const attribute = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(xml)?.[1] ?? '';
  // Members carry the time of their joining in newer versions, remote nodes true or false.
  const member = !['', 'false', '0'].includes(attribute('in_ccm'));
  return { member, fencedAt: Number(attribute('node_fenced') || 0) };
}
