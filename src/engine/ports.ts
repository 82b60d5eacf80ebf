import type { Room } from '../domain/capacity.ts';
import type { Evacuation } from '../domain/evacuation.ts';
import type { Presence } from '../domain/died.ts';
import type { Aggregate, ImageFacts } from '../domain/facts.ts';
import type { Fleet, Service, ServiceChange } from '../domain/host.ts';
import type { EventId, HostName, InstanceId, WorkerId } from '../domain/ids.ts';
import type { Instance, ServerGroup } from '../domain/instance.ts';
import type { Known } from '../domain/known.ts';
import type { FenceProof, Mark } from '../domain/mark.ts';
import type { Migration } from '../domain/migration.ts';
import type { Move } from '../domain/move.ts';
import type { ActionTrace, Sighting } from '../domain/observation.ts';
import type { WriteOutcome } from '../domain/outcome.ts';
import type { Snapshot } from '../domain/storage.ts';
import type { Summary } from '../domain/summary.ts';
import type { Board, Switchboard } from '../domain/switchboard.ts';
import type { Instant, Millis } from '../domain/time.ts';

/** Wall and monotonic time, and waiting. The wall clock may jump; the monotonic one never does. */
export interface Clock {
  now(): Instant;
  monotonicMs(): Millis;
  /** Resolves after `lengthMs`, or at once when the signal aborts; never rejects. */
  sleep(lengthMs: Millis, signal?: AbortSignal): Promise<void>;
}

/** A record as it lies in the store. `version` grows with every write, `epoch` with every new leaseholder. */
export interface Stored {
  readonly version: number;
  readonly epoch: number;
  readonly evacuation: Evacuation;
}

/** What a write is made against: it counts only when both still hold. `epoch: null` is for writers without lease. */
export interface Expectation {
  /** 0: there must be no record yet. */
  readonly version: number;
  readonly epoch: number | null;
}

/** The right to work on a host, while it lasts. */
export type LeaseGrant =
  | { readonly kind: 'granted'; readonly epoch: number }
  | { readonly kind: 'held'; readonly by: WorkerId };

/** A line of the history: what became of a host or an instance. */
export interface HistoryEntry {
  readonly at: Instant;
  readonly host: HostName;
  readonly event: EventId;
  /** A verb of a small set, such as `marked`, `isolated`, `intended`, `landed`, `settled`. */
  readonly what: string;
  readonly instance: InstanceId | null;
  readonly detail: string;
}

/**
 * The attribute store. Guarantees: `write` and `lease` are linearizable per host (capability
 * `linearizable`) or rely on a single writer (`single-writer`: the worker refuses to run twice on it).
 * No method throws for an unreachable store: reads are unknown, writes are refused or uncertain.
 */
export interface Store {
  readonly capability: 'linearizable' | 'single-writer';
  /** What and where it is, for messages; never with a secret. */
  readonly description: string;
  /**
   * The summaries of all hosts with a record. Foreign or damaged data under our keys shows as a summary
   * that names it (`unreadable`), so that one bad record does not hide all the others.
   */
  list(): Promise<Known<readonly Summary[]>>;
  /** One record; null when there is none. */
  read(host: HostName): Promise<Known<Stored | null>>;
  /**
   * Compare-and-set; applied with the new version. Refused with cause `wrong-state` when version or
   * epoch have moved on, `not-sent` when the store was not reached.
   */
  write(
    expectation: Expectation,
    evacuation: Evacuation,
  ): Promise<WriteOutcome<{ readonly version: number }>>;
  /** Takes or renews the lease on a host for `ttlMs`; a new holder gets a higher epoch. */
  lease(host: HostName, worker: WorkerId, ttlMs: Millis): Promise<Known<LeaseGrant>>;
  /** Gives the lease back, if it is still ours; best effort. */
  release(host: HostName, worker: WorkerId): Promise<void>;
  /** Wakes the workers for a host; best effort, they poll anyhow. */
  nudge(host: HostName): Promise<void>;
  /**
   * Calls back for every nudge and (where the store can tell) every change; best effort. `onGap` is called
   * when nudges may have been missed, such as those before the watch came to stand: look yourself.
   */
  watch(onNudge: (host: HostName) => void, onGap?: () => void): { close(): void };
  /** Appends to the capped history; best effort, never blocks an evacuation. */
  append(entries: readonly HistoryEntry[]): Promise<void>;
  /** The newest entries first. */
  history(filter: {
    readonly host?: HostName;
    readonly limit: number;
  }): Promise<Known<readonly HistoryEntry[]>>;
  /** Null when the store answers and can be written; else what is wrong and how to mend it. */
  check(): Promise<string | null>;
  /**
   * What operators switched, and what is known of silent hosts. Unknown also when what lies there is
   * damaged or foreign: it could be a pause.
   */
  switchboard(): Promise<Known<Switchboard>>;
  /** Compare-and-set of the whole board; version 0: there must be none yet. Answers as `write` does. */
  setSwitchboard(
    version: number,
    board: Board,
  ): Promise<WriteOutcome<{ readonly version: number }>>;
  close(): Promise<void>;
}

/** Nova as the engine needs it. Reads never throw; an answer that cannot be trusted is unknown. */
export interface Compute {
  /** Every service in one call without a filter (2.69, so that unreachable cells show as unknown). */
  fleet(): Promise<Known<Fleet>>;
  /**
   * One PUT. What disables a host or forces it down is repeated on its own, what lets it in again is
   * not; `mayLeave` as for {@link evacuate}, before each repeat too.
   */
  changeService(
    id: string,
    change: ServiceChange,
    mayLeave?: () => boolean,
  ): Promise<WriteOutcome<Service>>;
  /** All instances on a host, every page, each row's host verified; unknown when one row has another. */
  instancesOn(host: HostName): Promise<Known<readonly Instance[]>>;
  /** Instances changed since Nova's own time text, deleted ones too (`vmState: deleted`). */
  changedSince(novaTime: string): Promise<Known<readonly Sighting[]>>;
  /** One instance; null only for Nova's own 404. */
  sighting(id: InstanceId): Promise<Known<Sighting | null>>;
  /** Evacuation records with this source, newest first; with `after`, at least all with a higher id. */
  evacuationsFrom(host: HostName, after: number): Promise<Known<readonly Migration[]>>;
  /**
   * POST evacuate, once, on a fresh connection, never repeated by the adapter. `mayLeave` is asked
   * right before it is sent, after a renewal of the token: a worker that has lost its lease meanwhile
   * sends nothing (refused with cause `not-sent`). `end: 'stopped'`: a cloud below 2.95 cannot do that
   * and brings it back as it was.
   */
  evacuate(
    id: InstanceId,
    target: HostName | null,
    mayLeave?: () => boolean,
    end?: 'stopped',
  ): Promise<WriteOutcome<{ readonly requestId: string | null }>>;
  /** Whether evacuations can leave instances stopped by themselves (microversion 2.95). */
  canLeaveStopped(): Promise<Known<boolean>>;
  /** POST rebuild from another image, once, as for evacuate; the flavor's disks are made anew. */
  rebuild(id: InstanceId, image: string, mayLeave?: () => boolean): Promise<WriteOutcome<null>>;
  /** The newest `evacuate` action of an instance; null when there is none. */
  trace(id: InstanceId): Promise<Known<ActionTrace | null>>;
  stop(id: InstanceId, mayLeave?: () => boolean): Promise<WriteOutcome<null>>;
  start(id: InstanceId): Promise<WriteOutcome<null>>;
  lock(id: InstanceId, reason: string): Promise<WriteOutcome<null>>;
  unlock(id: InstanceId): Promise<WriteOutcome<null>>;
  /** os-resetState: writes the state at once and checks nothing, so never while anything is in flight. */
  resetState(
    id: InstanceId,
    state: 'error' | 'active',
    mayLeave?: () => boolean,
  ): Promise<WriteOutcome<null>>;
  groups(): Promise<Known<readonly ServerGroup[]>>;
  /** All aggregates with their hosts and metadata, in one call. */
  aggregates(): Promise<Known<readonly Aggregate[]>>;
  /** Adds a host to an aggregate (os-aggregates, add_host); refused with 409 when it is in there. */
  joinAggregate(id: number, host: HostName, mayLeave?: () => boolean): Promise<WriteOutcome<null>>;
  /** Removes a host from an aggregate; refused with 404 when it is not in there. */
  leaveAggregate(id: number, host: HostName, mayLeave?: () => boolean): Promise<WriteOutcome<null>>;
  /** All flavors, private ones too, with their extra specs; unknown when Nova hides those. */
  flavors(): Promise<Known<readonly Flavor[]>>;
}

/** A flavor as far as it can be tagged. */
export interface Flavor {
  readonly name: string;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** Glance as the engine needs it. Reads never throw. */
export interface Images {
  /** Images by id, hidden and private ones too; those that Glance does not know are absent. */
  byId(ids: readonly string[]): Promise<Known<ReadonlyMap<string, ImageFacts>>>;
  /** Whether any image has one of these as a tag, or as a property that is true. */
  anyTagged(keys: readonly string[]): Promise<Known<boolean>>;
  /** Active images of all projects that were made since then, with what tells a snapshot. */
  madeSince(since: Instant): Promise<Known<readonly Snapshot[]>>;
}

/** Planned moves between living hosts; the same rules as for {@link Compute}. */
export interface Mover {
  /** Live and cold migrations and resizes with this source, newest first. */
  movesFrom(host: HostName): Promise<Known<readonly Move[]>>;
  /** What the newest migration of an instance failed of, in Nova's words; null when it says nothing. */
  failureOf(id: InstanceId): Promise<Known<string | null>>;
  /** POST os-migrateLive, once; `target: null` leaves it to the scheduler, a target is checked by it. */
  migrateLive(id: InstanceId, target: HostName | null, mayLeave?: () => boolean): Promise<Posted>;
  /** POST migrate, once; the instance ends in VERIFY_RESIZE and waits there for {@link confirm}. */
  migrateCold(id: InstanceId, target: HostName | null, mayLeave?: () => boolean): Promise<Posted>;
  /** POST confirmResize; refused when there is nothing (any more) to confirm. */
  confirm(id: InstanceId): Promise<WriteOutcome<null>>;
}

type Posted = WriteOutcome<{ readonly requestId: string | null }>;

/** What is free on the hosts of the region. */
export interface Capacity {
  /** By Placement; a host that is full, or that Placement does not know, is left out. */
  rooms(): Promise<Known<readonly Room[]>>;
}

/** Where proofs of fencing come from besides the mark itself (Pacemaker, power agents). */
export interface Fencing {
  /** The newest proof for a host; null when the sources answer and have none. */
  proof(host: HostName, mark: Mark): Promise<Known<FenceProof | null>>;
}

/** A failure that a cluster manager knows of and that carries no mark. */
export interface UnmarkedFailure {
  readonly host: HostName;
  /** When it happened; becomes the time of the mark, so that an earlier fencing is no proof for it. */
  readonly at: Instant;
  /** One fragment for log and history. */
  readonly detail: string;
  readonly proof: FenceProof | null;
}

/** What the cluster manager sees beside the marks: a second pair of eyes, never the only one. */
export interface Lookout {
  /** Failures without a mark, and sentences about what could not be told apart. */
  unmarked(known: {
    readonly summaries: readonly Summary[];
    readonly hosts: readonly HostName[];
  }): Promise<
    Known<{ readonly failures: readonly UnmarkedFailure[]; readonly problems: readonly string[] }>
  >;
  /** Hosts that are lost and whose fencing has not ended: more marks are to be expected. */
  failing(hosts: readonly HostName[]): Promise<Known<readonly HostName[]>>;
}

/** Where a host stands for the cluster manager that it is a node of. */
export interface NodeWatch {
  presence(host: HostName): Promise<Known<Exclude<Presence, 'alone'>>>;
}

/** A way to switch hosts off. */
export interface SwitchOff {
  readonly source: 'pacemaker' | 'power';
  /** Why it cannot switch a host off, found out without changing anything; null: it can. */
  objection(host: HostName): Promise<string | null>;
  /** Applied only when the host was seen off afterwards. Takes up to some minutes. */
  off(host: HostName): Promise<WriteOutcome<FenceProof>>;
}

/** Ids and jitter; an argument, so that a simulation can repeat itself. */
export interface Chance {
  /** A new event id such as `20261120T113509Z-7f3a`. */
  event(now: Instant): EventId;
  /** A number in [0, 1). */
  fraction(): number;
}

/** Words for the log; every sentence carries its fields. */
export interface Log {
  debug(sentence: string, fields?: Readonly<Record<string, unknown>>): void;
  info(sentence: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(sentence: string, fields?: Readonly<Record<string, unknown>>): void;
  error(sentence: string, fields?: Readonly<Record<string, unknown>>): void;
}
