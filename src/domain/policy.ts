import type { HostName } from './ids.ts';
import type { ProofSource } from './mark.ts';
import type { OrderSource } from './order.ts';
import type { AssignRule, ProfilePolicy } from './profile.ts';
import type { ReservePolicy } from './reserve.ts';
import { SELECT_ALL, type Selection } from './selection.ts';
import type { StatesPolicy } from './states.ts';
import type { Millis } from './time.ts';

/** Everything an operator decides beforehand; part of the validated configuration. */
export interface Policy {
  /** Which instances are evacuated. */
  readonly select: Selection;
  /** Named policies for some hosts; see {@link policyOf} of `profile.ts`. */
  readonly profiles: Readonly<Record<string, ProfilePolicy>>;
  /** Which hosts have which profile: the first rule that matches. */
  readonly assign: readonly AssignRule[];
  readonly fence: {
    /** The sources of fence proof that are believed. */
    readonly proof: readonly ProofSource[];
    /** Clock difference tolerated between the report of a failure and its proof. */
    readonly skewMs: Millis;
    /** Extra wait between the proof and the first evacuation (storage leases, locks). */
    readonly delayMs: Millis;
    /** How long a host that only an operator calls dead, and Nova called up, is watched for life. */
    readonly watchMs: Millis;
    /** `force-down`: one PUT; `wait`: disable only and wait until Nova itself sees the host down. */
    readonly isolation: 'force-down' | 'wait';
    /** After this long a host that cannot be isolated no longer holds the others back. */
    readonly patienceMs: Millis;
  };
  readonly storage: {
    /** Where instance disks live; no API tells. */
    readonly kind: 'shared' | 'rbd' | 'local';
    /**
     * Image-backed instances on local storage: leave them, rebuild them from their image and lose
     * their data, or recreate them from their newest snapshot after that.
     */
    readonly localDisk: 'skip' | 'rebuild' | 'restore';
    /** How old a snapshot may be for `restore`. */
    readonly snapshotMaxAgeMs: Millis;
    /** Names of images that are snapshots too, with `{id}` or `{name}` of the instance. */
    readonly snapshotNames: readonly string[];
  };
  readonly states: StatesPolicy;
  readonly pace: {
    /** Evacuations in flight in the region, over all hosts and workers. */
    readonly inFlight: number;
    /** Evacuations in flight towards one destination. */
    readonly perDestination: number;
    /** POSTs under way at once from one turn. */
    readonly posts: number;
    /** Shortest and longest pause between two looks at the migrations of a host. */
    readonly pollMinMs: Millis;
    readonly pollMaxMs: Millis;
    /** Evacuations in flight away from one host; null: no limit of its own. */
    readonly perHost: number | null;
    /** Evacuations in flight of one order group, over all hosts; null: no limit of its own. */
    readonly perGroup: number | null;
    /** The shortest time between two POSTs of one host. */
    readonly staggerMs: Millis;
    /** Halve what is in flight when Nova is overwhelmed or full, and let it grow again. */
    readonly adapt: boolean;
    /** After this long without trouble the full limit holds again at once. */
    readonly recoverMs: Millis;
  };
  readonly order: {
    /** Where priority and group are looked for; the first that has one wins. */
    readonly sources: readonly OrderSource[];
    readonly priorityKeys: readonly string[];
    readonly groupKeys: readonly string[];
    /** Groups one after the other, each when the one before has landed; or all by priority alone. */
    readonly sequence: boolean;
    /** The longest that a group waits for the one before it. */
    readonly patienceMs: Millis;
    /** Extra wait between the landing of a group and the start of the next. */
    readonly delayMs: Millis;
  };
  readonly destination: {
    /** Where all instances are to go; null: where Nova's scheduler likes. */
    readonly host: HostName | null;
    /** Nowhere else, even when they find no room there. */
    readonly strict: boolean;
  };
  readonly capacity: {
    /** Compare with Placement in `plan` only; before the start too; or let those without room wait. */
    readonly check: 'plan' | 'warn' | 'hold';
  };
  readonly reserve: ReservePolicy;
  readonly retry: {
    /** POSTs per instance, NoValidHost not counted. */
    readonly attempts: number;
    readonly backoffMs: Millis;
    readonly backoffMaxMs: Millis;
    /** Pause before an instance that found no room is sent again. */
    readonly capacityMs: Millis;
    /** How long Nova is watched before a request with unknown outcome counts as never arrived. */
    readonly uncertainMs: Millis;
    /** How long an evacuation may stand still before it is looked into. */
    readonly stalledMs: Millis;
    /** How long the earlier power state is tried to be restored. */
    readonly restoreMs: Millis;
  };
  readonly storm: {
    /** Most hosts marked at once; more hold new evacuations. */
    readonly maxHosts: number;
    /** The same as a share of all hosts, 0 to 1. */
    readonly maxShare: number;
    /** Evacuated hosts that are not back count for so long after their mark. */
    readonly cascadeMs: Millis;
    /** The key in an aggregate's metadata that says how many of its hosts may fail; empty: none does. */
    readonly aggregateKey: string;
    /** More than this share of unmarked services silent at once is trouble of the control plane. */
    readonly silentShare: number;
    /** How long it must have been calm after a storm; 0: not at all. */
    readonly cooldownMs: Millis;
    /** So many hosts may begin within an interval; 0: as many as there are. */
    readonly intervalMs: Millis;
    readonly perInterval: number;
  };
  /** A host of which only the nova-compute is silent. */
  readonly died: {
    /** `fence`: somebody is asked to switch the host off; it is evacuated when that is proven. */
    readonly action: 'report' | 'disable' | 'fence';
    /** For how long it must be silent, Nova's own times compared with each other. */
    readonly afterMs: Millis;
  };
  readonly flap: {
    /** A host that failed so often within the period is not enabled by itself; 0: never held. */
    readonly count: number;
    readonly periodMs: Millis;
  };
  readonly readmit: {
    readonly automatic: boolean;
    /** Two looks at `state: up` at least this far apart (Nova's report_interval is 10 s). */
    readonly confirmMs: Millis;
    /** How long a host must be up before it is enabled. */
    readonly healthyMs: Millis;
    /** Un-force it, but leave enabling to the operator. */
    readonly leaveDisabled: boolean;
  };
  readonly freshness: {
    /** How old the list of services may be while instances move. */
    readonly fleetMs: Millis;
    /** Pause between two looks at a host for which nothing is to be done. */
    readonly idleMs: Millis;
  };
}

/** The defaults; every one of them is safe. */
export const DEFAULT_POLICY: Policy = {
  select: SELECT_ALL,
  profiles: {},
  assign: [],
  fence: {
    proof: ['pacemaker', 'power', 'mark', 'operator'],
    skewMs: 5000,
    delayMs: 0,
    watchMs: 25_000,
    isolation: 'force-down',
    patienceMs: 60_000,
  },
  storage: { kind: 'shared', localDisk: 'skip', snapshotMaxAgeMs: 86_400_000, snapshotNames: [] },
  states: {
    paused: 'skip',
    suspended: 'skip',
    rescued: 'skip',
    resized: 'skip',
    shelved: 'skip',
    shelvedOffloaded: 'skip',
    building: 'skip',
    migrating: 'skip',
    startAfter: 'as-it-was',
    stoppedProjects: [],
  },
  pace: {
    inFlight: 24,
    perDestination: 10,
    posts: 8,
    pollMinMs: 300,
    pollMaxMs: 5000,
    perHost: null,
    perGroup: null,
    staggerMs: 0,
    adapt: true,
    recoverMs: 120_000,
  },
  order: {
    sources: ['instance', 'flavor'],
    priorityKeys: ['nova-ha:priority', 'instanceha:restart_priority', 'sw:wrs:recovery_priority'],
    groupKeys: ['nova-ha:group', 'instanceha:restart_group'],
    sequence: true,
    patienceMs: 900_000,
    delayMs: 0,
  },
  destination: { host: null, strict: false },
  capacity: { check: 'warn' },
  reserve: {
    when: 'never',
    reason: 'reserved',
    aggregate: null,
    match: 'zone',
    hosts: 1,
    addToAggregates: false,
    target: false,
    giveBack: true,
    patienceMs: 60_000,
  },
  retry: {
    attempts: 5,
    backoffMs: 5000,
    backoffMaxMs: 120_000,
    capacityMs: 30_000,
    uncertainMs: 90_000,
    stalledMs: 900_000,
    restoreMs: 120_000,
  },
  storm: {
    maxHosts: 10,
    maxShare: 0.5,
    cascadeMs: 0,
    aggregateKey: 'instanceha:max_failures',
    silentShare: 0.5,
    cooldownMs: 0,
    intervalMs: 0,
    perInterval: 1,
  },
  died: { action: 'report', afterMs: 300_000 },
  flap: { count: 3, periodMs: 86_400_000 },
  readmit: { automatic: true, confirmMs: 10_000, healthyMs: 30_000, leaveDisabled: false },
  freshness: { fleetMs: 30_000, idleMs: 5000 },
};
