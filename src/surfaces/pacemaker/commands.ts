import type { ClusterConfiguration } from '../../domain/cluster.ts';
import { isMarking, powerDevicesOf, rolesOf, WANTED, type Roles } from './wanted.ts';

/** The tool that the commands are for: `pcs` (Red Hat, Debian) or `crm` (crmsh; SUSE, Debian). */
export type Dialect = 'pcs' | 'crm';

/** What is known about the cluster to be; a cluster that is to be built has nodes only. */
export interface Wish {
  readonly dialect: Dialect;
  readonly roles: Roles;
  /** Power devices that are there already, by node. */
  readonly power: ReadonlyMap<string, string>;
  /** Remote nodes that are there already. */
  readonly remotes: readonly string[];
  /** The configuration file that the agents read; credentials stay in it, away from the CIB. */
  readonly config: string;
}

/** What is there already in a running cluster; its members are taken for controllers. */
export function wishFrom(
  cluster: ClusterConfiguration,
  choice: { readonly dialect: Dialect; readonly config: string; readonly roles?: Roles },
): Wish {
  const roles = choice.roles ?? rolesOf(cluster);
  const power = [...roles.controllers, ...roles.computes].flatMap((node) => {
    const device = powerDevicesOf(cluster, node).find((one) => !isMarking(one));
    return device === undefined ? [] : [[node, device.id] as const];
  });
  return { ...choice, roles, power: new Map(power), remotes: cluster.remotes };
}

/**
 * The commands that make a cluster evacuate its failed hosts, with a comment for each step. Words in
 * capitals must be filled in: nobody but the operator knows the addresses and passwords of the BMCs.
 * The order matters: power devices for every node before unfencing is asked for.
 */
export function commandsFor(wish: Wish): string {
  const lines = wish.dialect === 'pcs' ? pcs(wish) : crm(wish);
  return `${lines.join('\n')}\n`;
}

const powerOf = ({ power }: Wish, node: string): string => power.get(node) ?? `power-${node}`;

const without = (nodes: readonly string[], there: readonly string[]): readonly string[] =>
  nodes.filter((node) => !there.includes(node));

const BMC = (node: string): readonly string[] => [
  `ip=ADDRESS-OF-BMC-OF-${node.toUpperCase()}`,
  'username=BMC-USER',
  'password_script=/PATH/TO/SCRIPT-THAT-PRINTS-THE-PASSWORD',
  'lanplus=1',
  `pcmk_host_list=${node}`,
];

const FORGIVING = `failure-timeout=${WANTED.failureTimeout}`;

const WHY = {
  properties: '# Fencing on; after ten failed tries Pacemaker pauses for cluster-recheck-interval.',
  roles: '# Controllers are told from compute hosts by a node attribute.',
  power:
    '# A power device for every node, controllers too: with unfencing a node without one runs nothing.',
  remotes:
    "# The compute hosts: pacemaker_remote runs there, with this cluster's /etc/pacemaker/authkey. The monitor notices a cut network.",
  device: '# Marks a fenced host; credentials and store are in the configuration file.',
  levels: '# First the power, then the mark: a host is marked only after it was cut off.',
  worker: '# The worker: one, on the controllers; when it failed on all it is tried again.',
  trigger: '# A node that comes back is switched on (unfenced) before it may run anything.',
} as const;

function pcs(wish: Wish): readonly string[] {
  const { controllers, computes } = wish.roles;
  const nodes = [...controllers, ...computes];
  const unpowered = without(nodes, [...wish.power.keys()]);
  const remotes = without(computes, wish.remotes);
  const keepOn = (resource: string): string =>
    `pcs constraint location ${resource} rule resource-discovery=exclusive score=0 ${WANTED.role} eq controller`;
  return [
    WHY.properties,
    'pcs property set stonith-enabled=true cluster-recheck-interval=1min stonith-timeout=60s',
    WHY.roles,
    ...controllers.map((node) => `pcs node attribute ${node} ${WANTED.role}=controller`),
    ...(unpowered.length === 0 ? [] : [WHY.power]),
    ...unpowered.map(
      (node) =>
        `pcs stonith create power-${node} fence_ipmilan ${BMC(node).join(' ')} op monitor interval=60s timeout=20s`,
    ),
    ...(remotes.length === 0 ? [] : [WHY.remotes]),
    ...remotes.map(
      (node) =>
        // add-remote would need pcsd there, and starts what runs already; --force: we know that it runs.
        `pcs resource create ${node} ocf:pacemaker:remote server=ADDRESS-OF-${node.toUpperCase()} reconnect_interval=60s op monitor interval=20s timeout=30s --force`,
    ),
    WHY.device,
    `pcs stonith create ${WANTED.device} fence_nova config=${wish.config} "pcmk_host_list=${computes.join(' ')}" meta provides=unfencing ${FORGIVING} op monitor interval=60s timeout=30s`,
    keepOn(WANTED.device),
    WHY.levels,
    ...computes.map(
      (node) => `pcs stonith level add 1 ${node} ${powerOf(wish, node)} ${WANTED.device}`,
    ),
    WHY.worker,
    `pcs resource create ${WANTED.evacuator} ${WANTED.evacuatorAgent} config=${wish.config} op start timeout=60s op stop timeout=120s op monitor interval=10s timeout=600s meta ${FORGIVING}`,
    keepOn(WANTED.evacuator),
    WHY.trigger,
    `pcs resource create ${WANTED.trigger} ocf:pacemaker:Dummy meta requires=unfencing op monitor interval=10s timeout=20s clone interleave=true`,
    `pcs constraint location ${WANTED.trigger}-clone rule resource-discovery=never score=-INFINITY ${WANTED.role} eq controller`,
  ];
}

function crm(wish: Wish): readonly string[] {
  const { controllers, computes } = wish.roles;
  const nodes = [...controllers, ...computes];
  const unpowered = without(nodes, [...wish.power.keys()]);
  const remotes = without(computes, wish.remotes);
  const keepOn = (resource: string): string =>
    `location l-${resource} ${resource} resource-discovery=exclusive rule 0: ${WANTED.role} eq controller`;
  const configure = [
    WHY.properties,
    'property stonith-enabled=true cluster-recheck-interval=1min stonith-timeout=60s',
    ...(unpowered.length === 0 ? [] : [WHY.power]),
    ...unpowered.map(
      (node) =>
        `primitive power-${node} stonith:fence_ipmilan params ${BMC(node).join(' ')} op monitor interval=60s timeout=20s`,
    ),
    ...(remotes.length === 0 ? [] : [WHY.remotes]),
    ...remotes.map(
      (node) =>
        `primitive ${node} ocf:pacemaker:remote params server=ADDRESS-OF-${node.toUpperCase()} reconnect_interval=60s op monitor interval=20s timeout=30s`,
    ),
    WHY.device,
    `primitive ${WANTED.device} stonith:fence_nova params config=${wish.config} pcmk_host_list="${computes.join(' ')}" meta provides=unfencing ${FORGIVING} op monitor interval=60s timeout=30s`,
    keepOn(WANTED.device),
    WHY.levels,
    `fencing_topology ${computes.map((node) => `${node}: ${powerOf(wish, node)},${WANTED.device}`).join(' ')}`,
    WHY.worker,
    `primitive ${WANTED.evacuator} ${WANTED.evacuatorAgent} params config=${wish.config} meta ${FORGIVING} op start timeout=60s interval=0 op stop timeout=120s interval=0 op monitor interval=10s timeout=600s`,
    keepOn(WANTED.evacuator),
    WHY.trigger,
    // crmsh 4.4 refuses requires= on an operation, so it is a meta attribute.
    `primitive ${WANTED.trigger} ocf:pacemaker:Dummy meta requires=unfencing op monitor interval=10s timeout=20s`,
    `clone ${WANTED.trigger}-clone ${WANTED.trigger} meta interleave=true`,
    `location l-${WANTED.trigger} ${WANTED.trigger}-clone resource-discovery=never rule -inf: ${WANTED.role} eq controller`,
  ];
  return [
    WHY.roles,
    ...controllers.map((node) => `crm node attribute ${node} set ${WANTED.role} controller`),
    "crm configure load update - <<'END'",
    ...configure,
    'END',
  ];
}
