import type { ClusterConfiguration, FencingDevice } from '../../domain/cluster.ts';

/** The agents that mark a node as failed when Pacemaker fences it; ours and the one it replaces. */
export const MARKING_AGENTS: readonly string[] = ['fence_nova', 'fence_compute'];

/** Names and numbers of a good configuration, in one place for the commands and the check. */
export const WANTED = {
  device: 'fence-nova',
  evacuator: 'nova-evacuate',
  evacuatorAgent: 'ocf:nova-ha:NovaEvacuate',
  trigger: 'compute-unfence-trigger',
  /** fence_nova tries a store that is away again for 45 s (its option retry_timeout). */
  fencingTimeoutMs: 60_000,
  /** After ten failed tries Pacemaker fences no more until something happens or this is over. */
  recheckMs: 60_000,
  /** After this Pacemaker forgets a failure: what failed on all controllers is started once more. */
  failureTimeout: '60s',
  /** A controller is told from a compute host by this node attribute. */
  role: 'osprole',
} as const;

/** Who is who: controllers carry the worker, computes the guests. */
export interface Roles {
  readonly controllers: readonly string[];
  readonly computes: readonly string[];
}

/** Takes the members for controllers and the remote nodes for computes. */
export const rolesOf = ({ members, remotes }: ClusterConfiguration): Roles => ({
  controllers: members,
  computes: remotes,
});

/** Whether a device only marks, and cuts nothing off. */
export const isMarking = ({ agent }: FencingDevice): boolean => MARKING_AGENTS.includes(agent);

/** Whether a device acts on a node, as far as its configuration tells. */
export const actsOn = ({ nodes }: FencingDevice, node: string): boolean =>
  nodes === null || nodes.includes(node);

/** The power devices that name a node. */
export const powerDevicesOf = (
  cluster: Pick<ClusterConfiguration, 'devices'>,
  node: string,
): readonly FencingDevice[] =>
  cluster.devices.filter(
    (device) => !isMarking(device) && device.nodes !== null && device.nodes.includes(node),
  );
