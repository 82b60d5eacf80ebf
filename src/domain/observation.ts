import type { Room } from './capacity.ts';
import type { Aggregate, ImageFacts } from './facts.ts';
import type { Fleet } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { Instance, ServerGroup } from './instance.ts';
import type { Known } from './known.ts';
import type { FenceProof } from './mark.ts';
import type { Migration } from './migration.ts';
import type { WriteOutcome } from './outcome.ts';
import type { Snapshot } from './storage.ts';
import type { Summary } from './summary.ts';
import type { Switch } from './switches.ts';

/** The answer to a request of this worker about an instance; an observation of its own, lost in a crash. */
export interface Answer {
  readonly instance: InstanceId;
  /** What was asked for; absent: an evacuation. */
  readonly to?: 'reset-state' | 'rebuild';
  readonly attempt: number;
  readonly outcome: WriteOutcome<{ readonly requestId: string | null } | null>;
}

/** Where an instance was seen. */
export interface Sighting {
  readonly id: InstanceId;
  readonly host: HostName | null;
  readonly vmState: string;
  readonly taskState: string | null;
  readonly fault: string | null;
  readonly faultAt: string | null;
  /** The image that it was built from last; absent where nobody looked for it. */
  readonly imageId?: string | null;
}

/** What `os-instance-actions` tells of the newest evacuation of an instance. */
export interface ActionTrace {
  readonly requestId: string;
  readonly startedAt: string;
  /** `running`: an event is unfinished; `failed`: one ended in Error; `none`: no event at all. */
  readonly scheduling: 'none' | 'running' | 'done' | 'failed';
  /** When the scheduling ended, by Nova's clock; null before that, absent where it does not tell. */
  readonly scheduledAt?: string | null;
  readonly building: 'none' | 'running' | 'done' | 'failed';
  /** The destination that has begun to build; null before that, or when Nova does not tell. */
  readonly buildingOn: HostName | null;
  /** What the build failed of, in Nova's words; null where it has not, or where Nova does not tell. */
  readonly fault: string | null;
  /** Whether the guest was built and then to be stopped, as what was stopped before is. */
  readonly ran: boolean;
  /** The evacuations before it, newest first, as far as they were looked into; absent: none was. */
  readonly earlier?: readonly ActionTrace[];
}

/** Everything that one turn looked at; what was not asked for is unknown. */
export interface Observation {
  readonly fleet: Known<Fleet>;
  /** The best proof for this host that the configured sources give; null: none of them has one. */
  readonly proof: Known<FenceProof | null>;
  /** The instances that Nova shows on this host. */
  readonly inventory: Known<readonly Instance[]>;
  readonly groups: Known<readonly ServerGroup[]>;
  /** The evacuation records with this host as source. */
  readonly migrations: Known<readonly Migration[]>;
  /** Single instances that were looked up; null: Nova knows no such instance (any more). */
  readonly sightings: ReadonlyMap<InstanceId, Known<Sighting | null>>;
  readonly traces: ReadonlyMap<InstanceId, Known<ActionTrace | null>>;
  /** The summaries of all hosts' records, this one's included. */
  readonly peers: Known<readonly Summary[]>;
  readonly answers: readonly Answer[];
  /** What operators switched; unknown holds everything. */
  readonly switches: Known<readonly Switch[]>;
  /** What is free on the hosts; absent where it was not asked for. */
  readonly rooms?: Known<readonly Room[]>;
  /** Hosts that the cluster manager is still fencing; absent where there is none to ask. */
  readonly failing?: Known<readonly HostName[]>;
  /** How many instances Nova shows on the reserved hosts that may be given back. */
  readonly reserveGuests?: ReadonlyMap<HostName, Known<number>>;
  /** All aggregates of the region; asked for only when the policy looks at them. */
  readonly aggregates?: Known<readonly Aggregate[]>;
  /** The images of the instances that are counted; those that Glance does not know are absent. */
  readonly images?: Known<ReadonlyMap<string, ImageFacts>>;
  /** Whether anything in the region carries a tag of `select`. */
  readonly anyTagged?: Known<boolean>;
  /** Young images that may be snapshots of instances; asked for only when the policy restores from them. */
  readonly snapshots?: Known<readonly Snapshot[]>;
}
