import type { Fleet } from '../domain/host.ts';
import type { EventId, HostName } from '../domain/ids.ts';
import type { Known } from '../domain/known.ts';
import type { WriteOutcome } from '../domain/outcome.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import type { Clock, Compute, Log, Store } from '../engine/ports.ts';
import type { AgentSettings, Opened } from './agent-settings.ts';

/** The report that a fence agent makes of a host. */
export interface Report {
  readonly host: HostName;
  /** Who reports, such as `fence_nova@ctl-1`. */
  readonly by: string;
  /** The moment of this call: the device before us in the topology level has just cut the power. */
  readonly at: Instant;
  readonly detail: string;
}

/** The use cases that agents share with the command line. */
export interface UseCases {
  /** Writes the mark durably; repeating it is harmless and answers with the same event. */
  mark(store: Store, report: Report, log: Log): Promise<WriteOutcome<Marked>>;
  /** Takes a mark back that was set under a wrong name. */
  unmark(store: Store, host: HostName, by: string, log: Log): Promise<WriteOutcome<unknown>>;
  /** Disables the host's compute service and forces it down, recording what it was before. */
  isolate(store: Store, cloud: Cloud, host: HostName): Promise<WriteOutcome<unknown>>;
  /** Whether nothing of the host's evacuation is left to do; true for a host without mark. */
  settled(store: Store, host: HostName): Promise<Known<boolean>>;
}

/** A durable mark; `fresh` is false when the host was marked already. */
export interface Marked {
  readonly event: EventId;
  readonly fresh: boolean;
}

/** Nova, as far as agents need it. */
export interface Cloud {
  readonly compute: Compute;
  /** What the operator decided beforehand; the kind of isolation is part of it. */
  readonly policy: Policy;
  fleet(): Promise<Known<Fleet>>;
  /** Null when it takes our credentials and answers; else what is wrong and how to mend it. */
  check(): Promise<string | null>;
  close(): Promise<void>;
}

/** The cluster that calls a fence agent, as far as `on` must know it. */
export interface ClusterView {
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

/** What an agent is given; opening is lazy so that metadata and parameter errors load no library. */
export interface AgentDeps {
  readonly version: string;
  /** The name of this machine. */
  readonly machine: string;
  readonly clock: Clock;
  readonly useCases: UseCases;
  readonly cluster: ClusterView;
  openStore(settings: AgentSettings, log: Log): Promise<Opened<Store>>;
  openCloud(settings: AgentSettings, log: Log): Promise<Opened<Cloud>>;
}
