/**
 * The built program installed on a real cluster as an operator does it: the agents linked into place,
 * a configuration file on every node, and the very commands that `nova-ha pacemaker` prints.
 */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsFor, type Dialect } from '../../../src/surfaces/pacemaker/commands.ts';
import { built } from '../../support/built-agent.ts';
import type { Cloud } from './cloud.ts';
import type { Cluster } from './cluster.ts';
import { must, type CommandResult } from './command.ts';
import type { NovaAccess } from './nova.ts';
import { waitFor } from './wait.ts';

const CONFIG = '/etc/nova-ha/config.yaml';
/** The debug file of fence_nova: Pacemaker shows what an agent said only when it has ended. */
const FENCE_LOG = '/var/log/pacemaker/fence_nova.log';

/** Where the marks are kept: a Redis on this port of every node's loopback, or Pacemaker itself. */
export type SharedStore = { readonly redisPort: number } | 'pacemaker';

/** What is installed where. */
export interface InstallationChoices {
  readonly cluster: Cluster;
  readonly access: NovaAccess;
  readonly store: SharedStore;
  /** Further lines of the configuration file. */
  readonly lines?: readonly string[];
  /** Have NovaComputeWait hold back `ocf:testbed:NovaCompute` on the compute nodes. */
  readonly managedCompute?: boolean;
}

/** A host as `nova-ha status HOST --json` tells of it. */
export interface HostStatus {
  readonly event: string;
  readonly phase: string;
  readonly total: number;
  readonly finished: number;
  readonly in_flight: number;
  readonly by: string;
  readonly proof: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly reasons: readonly { readonly code: string }[];
}

/** nova-ha on a cluster. */
export interface Installation {
  /** The controller that runs the worker, by its own process; null while none does. */
  worker(): Promise<string | null>;
  /** `nova-ha` with these arguments, on that node. */
  command(node: string, ...args: readonly string[]): Promise<CommandResult>;
  /** What the store says of a host, asked on this node (the worker's when none is given); null without a record. */
  status(host: string, node?: string): Promise<HostStatus | null>;
  /** Waits until the status is as wanted. */
  until(
    host: string,
    what: string,
    is: (status: HostStatus) => boolean,
    timeoutMs?: number,
  ): Promise<HostStatus>;
  /** Calls `fence_nova off` on a controller by hand, with further options. */
  fence(controller: string, plug: string, ...options: readonly string[]): Promise<CommandResult>;
  /** What the calls of fence_nova on all controllers have said, while they run too. */
  fenceLog(): Promise<string>;
  /** What all workers of the controllers that are on have logged since these were switched on. */
  said(): Promise<string>;
}

/** A directory for CLUSTER_AGENTS with the built agents in it, and how to remove it. */
export async function agentsDirectory(): Promise<{
  readonly directory: string;
  remove(): Promise<void>;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-agents-of-nodes-'));
  // Pacemaker asks for metadata as hacluster.
  await must({ file: 'chmod', args: ['755', directory] });
  await mkdir(join(directory, 'sbin'));
  await mkdir(join(directory, 'ocf', 'nova-ha'), { recursive: true });
  for (const name of ['fence_nova', 'fence_nova_evacuate']) {
    await symlink(built(name), join(directory, 'sbin', name));
  }
  for (const name of ['NovaEvacuate', 'NovaComputeWait']) {
    await symlink(built(`ocf/${name}`), join(directory, 'ocf', 'nova-ha', name));
  }
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** Writes the configuration to every node, and configures the cluster. */
export async function install(choices: InstallationChoices): Promise<Installation> {
  const { cluster } = choices;
  const nodes = [...cluster.controllers, ...cluster.computes];
  const [first = ''] = cluster.controllers;
  for (const node of nodes) await put(cluster, node, CONFIG, configuration(choices));
  const program = [process.execPath, built('nova-ha.cjs')] as const;
  expectSuccess(await cluster.exec(first, ...program, 'config', 'check'));
  await configureByCommands(
    cluster,
    'crm',
    choices.managedCompute === true ? COMPUTE_SERVICES : '',
  );

  const command: Installation['command'] = (node, ...args) =>
    cluster.exec(node, ...program, ...args);
  const onAll = async (file: string): Promise<string> => {
    const logs = await Promise.all(
      cluster.controllers.map((node) => cluster.exec(node, 'cat', file)),
    );
    return logs.map(({ stdout }) => stdout).join('');
  };
  const worker = async (): Promise<string | null> => {
    for (const node of cluster.controllers) {
      const { code } = await cluster.exec(
        node,
        'sh',
        '-c',
        // The process of the pid file, not a zombie of it.
        `pid=$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' /run/nova-ha/worker.pid) && ! grep -q '^State:.Z' /proc/$pid/status`,
      );
      if (code === 0) return node;
    }
    return null;
  };
  const status: Installation['status'] = async (host, node) => {
    const where = node ?? (await worker()) ?? first;
    const { code, stdout, stderr } = await command(where, 'status', host, '--json');
    if (code === 0) return JSON.parse(stdout) as HostStatus;
    if (/NH603/.test(stdout + stderr)) return null;
    throw new Error(`nova-ha status ${host} on ${where}: ${String(code)} ${stderr}`);
  };
  return {
    worker,
    command,
    status,
    until: (host, what, is, timeoutMs = 180_000) =>
      waitFor(
        async () => {
          const seen = await status(host);
          if (seen !== null && is(seen)) return seen;
          throw new Error(JSON.stringify(seen));
        },
        { what: `${host} ${what}`, timeoutMs, everyMs: 500 },
      ),
    fence: (controller, plug, ...options) => {
      const lines = ['action=off', `plug=${plug}`, `config=${CONFIG}`, ...options].join(`' '`);
      const call = `printf '%s\\n' '${lines}' | /usr/sbin/fence_nova`;
      return cluster.exec(controller, 'sh', '-c', call);
    },
    fenceLog: () => onAll(FENCE_LOG),
    said: () => onAll('/run/nova-ha/worker.log'),
  };
}

/** Waits until Pacemaker runs everything that it was told to run. */
export async function everythingRuns(cluster: Cluster, installation: Installation): Promise<void> {
  await waitFor(
    async () => {
      const states = await Promise.all(cluster.computes.map((node) => cluster.nodeState(node)));
      const connected = states.every((state) => state?.member === true);
      const monitor = await cluster.monitor();
      const failed = /<failure [^>]*>/.exec(monitor)?.[0];
      if (failed !== undefined) throw new Error(failed);
      // A clone has idle members for the nodes that it must not run on.
      const single = monitor.replaceAll(/<clone .*?<\/clone>/gs, '');
      const stopped = /<resource [^>]*role="(?!Started)[^>]*>/.exec(single)?.[0];
      if (stopped !== undefined) throw new Error(stopped);
      for (const [clone, id = ''] of monitor.matchAll(/<clone id="([^"]*)".*?<\/clone>/gs)) {
        const idle = clone.match(/role="Stopped"/g)?.length ?? 0;
        const busy = clone.match(/role="Started"/g)?.length ?? 0;
        if (busy * cluster.controllers.length < idle * cluster.computes.length) throw new Error(id);
      }
      return connected && (await installation.worker()) !== null;
    },
    { what: 'all remote nodes connected, and all resources started', timeoutMs: 240_000 },
  );
}

/** Waits until the nova-compute of every host has reported after now, so that the scheduler takes it. */
export async function everyHostReports({ nova, hosts }: Cloud): Promise<void> {
  const before = new Map<string, string | null>();
  for (const host of hosts) before.set(host, (await nova.service(host)).updated_at);
  for (const host of hosts) {
    await waitFor(
      async () => {
        const { state, updated_at: reported } = await nova.service(host);
        return state === 'up' && reported !== before.get(host);
      },
      { what: `a report of ${host}`, timeoutMs: 120_000 },
    );
  }
}

async function put(cluster: Cluster, node: string, path: string, text: string): Promise<void> {
  const quoted = text.replaceAll("'", `'\\''`);
  expectSuccess(await cluster.exec(node, 'sh', '-c', `umask 077; printf %s '${quoted}' >${path}`));
}

function expectSuccess({ code, stderr }: CommandResult): void {
  if (code !== 0) throw new Error(`exit code ${String(code)}: ${stderr}`);
}

function configuration({ access, store, lines = [] }: InstallationChoices): string {
  const kept =
    store === 'pacemaker'
      ? '{kind: pacemaker}'
      : `{kind: redis, redis: {url: "redis://127.0.0.1:${String(store.redisPort)}"}}`;
  return `store: ${kept}
region: RegionOne
openstack:
  auth_url: ${access.authUrl}
  username: ${access.username}
  password: ${access.password}
  project_name: ${access.project}
  user_domain_name: Default
  project_domain_name: Default
# Nova reports every 2 s here instead of every 10 s: what waits for reports is shorter by as much.
readmit: {confirm: 3s, healthy: 5s}
freshness: {idle: 1s, fleet: 6s}
log: {level: debug}
${lines.join('\n')}
`;
}

/**
 * Runs our commands on the first controller, with the test bed's power agent, addresses and patience in the
 * place of the operator's, and `more` of the language of crmsh at their end.
 */
export async function configureByCommands(
  cluster: Cluster,
  dialect: Dialect,
  more = '',
): Promise<void> {
  const { controllers, computes } = cluster;
  const addresses = new Map<string, string>();
  for (const node of computes) {
    const { stdout } = await cluster.exec(node, 'hostname', '-I');
    addresses.set(node, stdout.trim());
  }
  const printed = commandsFor({
    dialect,
    roles: { controllers, computes },
    power: new Map(),
    remotes: [],
    config: CONFIG,
  })
    .replaceAll(
      /fence_ipmilan (params )?\S+ \S+ \S+ lanplus=1 (pcmk_host_list=(\S+))/g,
      'fence_testbed $1plug=$3 $2',
    )
    .replaceAll(/ADDRESS-OF-(\S+)/g, (_, node: string) => addresses.get(node.toLowerCase()) ?? '')
    .replaceAll(':fence_nova params', `:fence_nova params debug_file=${FENCE_LOG}`)
    .replaceAll('reconnect_interval=60s', 'reconnect_interval=5s')
    .replaceAll(
      'interval=20s timeout=30s',
      'interval=10s timeout=30s op start timeout=10s interval=0',
    )
    .replace(/\nEND\n$/, `${more}\nEND\n`);
  const [first = ''] = controllers;
  await put(cluster, first, '/run/testbed/commands.sh', `set -ex\n${printed}`);
  expectSuccess(await cluster.exec(first, 'bash', '/run/testbed/commands.sh'));
}

/** nova-compute as a resource, behind the one that waits until it may start. */
const COMPUTE_SERVICES = `
primitive nova-compute-wait ocf:nova-ha:NovaComputeWait params config=${CONFIG} op start timeout=300s interval=0 op stop timeout=20s interval=0 op monitor interval=10s timeout=20s
primitive nova-compute ocf:testbed:NovaCompute op start timeout=60s interval=0 op stop timeout=60s interval=0 op monitor interval=10s timeout=20s
group compute-services nova-compute-wait nova-compute
clone compute-services-clone compute-services meta interleave=true
location l-compute-services compute-services-clone resource-discovery=never rule -inf: osprole eq controller
order o-compute-services Mandatory: compute-unfence-trigger-clone compute-services-clone`;
