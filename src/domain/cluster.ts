import type { Millis } from './time.ts';

/** A fencing device of Pacemaker (a resource of class stonith). */
export interface FencingDevice {
  readonly id: string;
  /** The fence agent, such as `fence_nova` or `fence_ipmilan`. */
  readonly agent: string;
  /** The nodes of `pcmk_host_list` and `pcmk_host_map`; null: it has neither, the agent is asked. */
  readonly nodes: readonly string[] | null;
  /** The one thing it acts on whichever node is fenced (`plug` or `port`); null: Pacemaker says it each time. */
  readonly plug: string | null;
  readonly providesUnfencing: boolean;
  /** `pcmk_off_timeout`; null: the cluster's stonith-timeout. */
  readonly offTimeoutMs: Millis | null;
}

/** One level of a node's fencing topology; its devices are used one after the other. */
export interface FencingLevel {
  /** Null for a level that is bound to a pattern or an attribute instead of a name. */
  readonly target: string | null;
  readonly index: number;
  readonly devices: readonly string[];
}

/** A resource that is no fencing device. */
export interface ClusterResource {
  readonly id: string;
  /** `ocf:nova-ha:NovaEvacuate` and the like. */
  readonly agent: string;
  readonly cloned: boolean;
  /** `requires` of its meta attributes (or of its start operation); null when it says nothing. */
  readonly requires: string | null;
  /** `reconnect_interval` of a remote node; null when it is not set. */
  readonly reconnectMs: Millis | null;
  /** The interval of its recurring monitor; null when it has none. */
  readonly monitorMs: Millis | null;
  /** `failure-timeout`: when Pacemaker forgets that it failed; null when never. */
  readonly failureTimeoutMs: Millis | null;
  /** Whether any location constraint speaks of it. */
  readonly located: boolean;
}

/** What Pacemaker is configured to do, as far as the evacuation of hosts depends on it. */
export interface ClusterConfiguration {
  /** Full members: the controllers. */
  readonly members: readonly string[];
  /** Remote nodes (ocf:pacemaker:remote): the compute hosts. */
  readonly remotes: readonly string[];
  readonly devices: readonly FencingDevice[];
  readonly levels: readonly FencingLevel[];
  readonly resources: readonly ClusterResource[];
  /** `stonith-enabled`, true unless it is switched off. */
  readonly fencingEnabled: boolean;
  readonly fencingTimeoutMs: Millis;
  /** `cluster-recheck-interval`: how long Pacemaker pauses after its tries to fence are used up. */
  readonly recheckMs: Millis;
}
