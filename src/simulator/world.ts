import type { SimClock } from './clock.ts';
import type { DoubleRun } from './guests.ts';
import type { Host } from './hosts.ts';
import type { Identity } from './identity.ts';
import type { ActionEvent, Flavor, Instance, InstanceAction } from './instances.ts';
import type { Migration } from './migrations.ts';
import type { Random } from './random.ts';
import type { Timings } from './timings.ts';
import type { Traffic } from './traffic.ts';

/** One evacuation on its way through conductor, scheduler and destination. */
export interface Flight {
  readonly instance: Instance;
  readonly action: InstanceAction;
  readonly userId: string;
  readonly projectId: string;
  readonly requestedHost: Host | undefined;
  /** Below 2.29, or forced: the named host is not checked by the scheduler. */
  readonly bypassScheduler: boolean;
  /** From 2.95 on every guest ends stopped. */
  readonly endStopped: boolean;
  readonly originalVmState: string;
  /** Undefined when every accepted row was taken by another flight. */
  migration: Migration | undefined;
  dest: Host | undefined;
  event: ActionEvent | undefined;
  /** It is counted as in flight. */
  counted: boolean;
}

/** A server group with its live members. */
export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: string;
  readonly maxServerPerHost: number | undefined;
  readonly projectId: string;
  readonly userId: string;
  readonly members: Set<Instance>;
}

/** A host aggregate. */
export interface Aggregate {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly zone: string | null;
  readonly hosts: Set<string>;
  readonly metadata: Record<string, string>;
  readonly createdAtMs: number;
}

/** A Glance image. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly hidden: boolean;
  readonly visibility: 'public' | 'private' | 'shared' | 'community';
  readonly owner: string;
  readonly status: 'active' | 'queued' | 'saving' | 'killed';
  readonly minDiskGb: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

/** What runs besides nova-compute. */
export interface ControlPlane {
  conductorUp: boolean;
  schedulerUp: boolean;
  rabbitUp: boolean;
  /** How far nova-api's clock is ahead of nova-conductor's, which stamps the reports. */
  apiSkewMs: number;
  readonly downCells: Set<string>;
  /** Casts which wait for a conductor. */
  readonly conductorQueue: (() => void)[];
  /** Evacuations which a conductor has in hand; they are lost if it is killed. */
  readonly inConductor: Set<Flight>;
}

/** Highest and lowest microversion, as minor numbers of 2.x. */
export interface MicroversionRange {
  readonly min: number;
  readonly max: number;
}

/** Choices in which real clouds differ. */
export interface Habits {
  /** A proxy in front strips the microversion echo. */
  readonly stripEcho: boolean;
  /** Links in version documents point to an address nobody reaches. */
  readonly wrongLinks: boolean;
  /** A proxy in front strips the microversion request headers too: silently 2.1. */
  readonly stripMicroversion: boolean;
  /** Nova >= 24.2.1/25.1/26: a second evacuate is accepted whatever the task state. */
  readonly ignoreTaskState: boolean;
  /** [DEFAULT]resume_guests_state_on_host_boot. */
  readonly resumeGuests: boolean;
  /** Nova >= 24: un-forcing is refused while `done` records exist. */
  readonly guardUnforce: boolean;
  /** Nova >= 28: a late violation of a group policy ends in ERROR; before, the state is unchanged. */
  readonly groupViolationIsError: boolean;
  /** Nova >= 27 refuses tokens of another scope than project. */
  readonly enforceScope: boolean;
  /** [api]max_limit. */
  readonly maxLimit: number;
}

/** Everything a simulated cloud knows; changed in place for speed. */
export interface World {
  readonly clock: SimClock;
  readonly random: Random;
  readonly timings: Timings;
  readonly microversion: MicroversionRange;
  readonly habits: Habits;
  readonly hosts: Map<string, Host>;
  readonly hostList: Host[];
  readonly hostsByService: Map<string, Host>;
  readonly instances: {
    readonly byId: Map<string, Instance>;
    /** Not deleted, in the order of creation. */
    readonly ordered: Instance[];
    nextSeq: number;
    /** The same in the order of their ids; undefined until somebody asks, and after every change. */
    byIdOrder: Instance[] | undefined;
  };
  readonly migrations: Migration[];
  readonly migrationsByUuid: Map<string, Migration>;
  readonly flavors: Map<string, Flavor>;
  readonly groups: Map<string, ServerGroup>;
  readonly aggregates: Map<number, Aggregate>;
  readonly images: Map<string, Image>;
  readonly plane: ControlPlane;
  readonly identity: Identity;
  readonly truth: {
    readonly doubles: DoubleRun[];
    readonly flights: Set<Flight>;
    flightsPeak: number;
    /** Live and cold migrations under way. */
    readonly moves: Set<Migration>;
    movesPeak: number;
  };
  readonly traffic: Traffic;
}

/** Counts an evacuation as under way. */
export function countFlight(world: World, flight: Flight): void {
  flight.counted = true;
  world.truth.flights.add(flight);
  world.truth.flightsPeak = Math.max(world.truth.flightsPeak, world.truth.flights.size);
}

/** Counts an evacuation as under way to its destination. */
export function countFlightTo(flight: Flight, dest: Host): void {
  flight.dest = dest;
  if (!flight.counted) return;
  dest.flights.add(flight);
  dest.flightsPeak = Math.max(dest.flightsPeak, dest.flights.size);
}

/** Ends the counting: it is terminal, or nobody works on it any more. */
export function endFlight(world: World, flight: Flight): void {
  flight.counted = false;
  world.truth.flights.delete(flight);
  flight.dest?.flights.delete(flight);
  world.plane.inConductor.delete(flight);
}
