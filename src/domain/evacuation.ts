import type { ServiceBefore } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { FenceProof, Mark } from './mark.ts';
import type { LeftRequest } from './left-request.ts';
import type { KeptOrder } from './order.ts';
import type { Reason } from './reason.ts';
import type { Reserve } from './reserve.ts';
import type { Restore } from './storage.ts';
import type { Instant, Millis } from './time.ts';

/**
 * Where one host stands.
 * `marked`: reported as failed; being proven off, isolated and inventoried.
 * `evacuating`: the inventory is durable; instances move.
 * `settled`: every instance is terminal; the mark is done; the host may come back.
 * `readmitting`: the host came back clean; we are lifting what we imposed on it.
 * `closed`: nothing left to do; kept as history until the next failure.
 */
export type Phase = 'marked' | 'evacuating' | 'settled' | 'readmitting' | 'closed';

/** The legal changes of phase; every other one is a programming error. */
export const LEGAL: Readonly<Record<Phase, readonly Phase[]>> = {
  marked: ['marked', 'evacuating', 'settled', 'closed'],
  evacuating: ['evacuating', 'settled', 'closed'],
  settled: ['settled', 'readmitting', 'closed', 'marked'],
  readmitting: ['readmitting', 'closed', 'marked', 'settled'],
  closed: ['closed', 'marked'],
};

/** Where one instance stands; the durable heart of an evacuation. */
export type Progress =
  /**
   * Waits for its turn, for a retry or for capacity; `attempt` POSTs have been made so far, and
   * every migration up to id `after` is known to be over.
   */
  | {
      readonly at: 'pending';
      readonly attempt: number;
      readonly after: number;
      readonly notBefore: Instant;
      readonly why: Reason | null;
    }
  /** Not evacuated, for exactly one reason. Terminal. */
  | { readonly at: 'skipped'; readonly why: Reason }
  /**
   * Its state is being reset to error, so that Nova evacuates it (os-resetState); followed by
   * `pending` only when Nova shows the new state. `attempt` and `after` as for `pending`.
   */
  | {
      readonly at: 'resetting';
      readonly attempt: number;
      readonly after: number;
      readonly since: Instant;
    }
  /** The POST is about to leave or has left; `after` is the newest migration id known before it. */
  | {
      readonly at: 'intended';
      readonly attempt: number;
      readonly since: Instant;
      readonly after: number;
    }
  /** Nova took it (or we adopted one in flight); `migration` is null until its row was seen. */
  | {
      readonly at: 'accepted';
      readonly attempt: number;
      readonly since: Instant;
      readonly after: number;
      readonly migration: number | null;
      readonly destination: HostName | null;
      /** When it was looked at last on its own, because it takes long. */
      readonly looked: Instant;
      /** When it was first seen to have begun on its destination. */
      readonly begun?: Instant;
      /** Set when that look showed that all that live have reported since it was scheduled. */
      readonly heard?: true;
    }
  /** The migration is done; the server's new host has not been read yet. */
  | {
      readonly at: 'arrived';
      readonly attempt: number;
      readonly since: Instant;
      readonly after: number;
      readonly migration: number;
      readonly destination: HostName | null;
      /** Nova's own time of the record: changes of the instance are younger. */
      readonly createdAt: string;
    }
  /**
   * On its new host with an empty disk; being rebuilt there from its snapshot. `sent`: when the last
   * request left that is not known to have ended, null while none is out.
   */
  | {
      readonly at: 'recreating';
      readonly since: Instant;
      readonly destination: HostName;
      readonly tries: number;
      readonly sent: Instant | null;
      readonly notBefore: Instant;
      /** When Nova made the record of the evacuation: what was written since is young. */
      readonly createdAt: string;
    }
  /** On its new host; its earlier power state is being restored. */
  | {
      readonly at: 'restoring';
      readonly since: Instant;
      readonly destination: HostName;
      readonly tries: number;
      /** Set when its disk was recreated from its snapshot before. */
      readonly recreated?: true;
    }
  /** Migration done and the server's host is another one. Terminal. */
  | {
      readonly at: 'landed';
      readonly destination: HostName;
      readonly since: Instant;
      readonly restored: 'as-it-was' | 'stopped' | 'failed';
      /** Set when its disk was recreated from its snapshot. */
      readonly recreated?: true;
    }
  /** Deleted meanwhile. Terminal. */
  | { readonly at: 'gone' }
  /** Given up, with an alert. Terminal. */
  | { readonly at: 'failed'; readonly attempt: number; readonly why: Reason }
  /** A human must look; never repeated by itself, but believed at once when Nova reports an end. */
  | {
      readonly at: 'stuck';
      readonly attempt: number;
      readonly since: Instant;
      readonly after: number;
      readonly migration: number | null;
      readonly destination: HostName | null;
      readonly why: Reason;
    };

/** One instance of the inventory: what it was before, and where it stands. */
export interface Tracked {
  readonly name: string;
  readonly projectId: string;
  readonly before: {
    readonly vmState: string;
    readonly taskState: string | null;
    readonly powerState: number;
    readonly locked: boolean;
  };
  /** The server group that forbids two members on one host, when there is one. */
  readonly exclusiveGroup: string | null;
  /** When it is to be sent; absent: as anybody. */
  readonly order?: KeptOrder;
  /** Set while its state must still be reset before Nova evacuates it. */
  readonly reset?: true;
  /** Set when the policy keeps it from running after the evacuation. */
  readonly stop?: true;
  /** The snapshot that it is recreated from after the evacuation. */
  readonly restore?: Restore;
  /** The reserved host that it was asked to go to; `over` once that has not brought it there. */
  readonly aimed?: { readonly at: HostName; readonly over: boolean };
  /** A request of it that may lie in the queue of a fenced host. */
  readonly left?: LeftRequest;
  readonly progress: Progress;
}

/** What we did to the compute service and what it was before. */
export interface Isolation {
  readonly before: ServiceBefore;
  /** True when Nova still showed the service as up: nothing but the proof says that it is dead. */
  readonly wasUp: boolean;
  readonly since: Instant;
  /** True once Nova itself showed the service forced down (or down, where isolation is `wait`). */
  readonly seen: boolean;
  /** Set when it was seen down without being forced, as `wait` wants it. */
  readonly waited?: true;
  /** Since when Nova shows it isolated no more: somebody has lifted it, which is not overruled. */
  readonly liftedAt?: Instant;
}

/** Signs of life of the nova-compute of a host that is forced down: `updated_at` that moves by itself. */
export interface Life {
  readonly updatedAt: string | null;
  /** How many moves in a row may be reports: forward, evenly, with nothing else changed. */
  readonly moves: number;
  readonly movedAt: Instant | null;
  /** What the first of them moved `updated_at` to. */
  readonly since?: string;
  /** How far the last two lie apart, by Nova's time. */
  readonly stepMs?: Millis;
  /** What else the service showed at the last look. */
  readonly shown?: string;
}

/** Nobody has looked yet, or our own request is about to move what is looked at. */
export const UNWATCHED: Life = { updatedAt: null, moves: 0, movedAt: null };

/** The steps of the way back, each with the instant at which it was first seen. */
export interface Readmission {
  readonly cleanSince: Instant | null;
  readonly upSince: Instant | null;
  readonly upSeen: number;
  /** True when an operator asked for it (`nova-ha enable`): no probation, no switch. */
  readonly asked: boolean;
}

/** The durable record of one host: the mark, and everything done about it. */
export interface Evacuation {
  readonly host: HostName;
  readonly mark: Mark;
  readonly phase: Phase;
  readonly phaseSince: Instant;
  readonly proof: FenceProof | null;
  readonly isolation: Isolation | null;
  /** The profile that was chosen when the host was counted; absent: the general policy. */
  readonly profile?: string | undefined;
  /** True when it cannot be isolated: reported, and no longer holding the other hosts back. */
  readonly excused: boolean;
  readonly life: Life;
  readonly instances: Readonly<Record<InstanceId, Tracked>>;
  /** The last order group that was opened; absent before that, and without groups. */
  readonly stage?: { readonly group: string; readonly since: Instant };
  /** How many may be in flight since Nova was overwhelmed or full; absent: the limits alone count. */
  readonly window?: { readonly size: number; readonly since: Instant } | undefined;
  /** By Placement, before the start: how many find room; absent when all do, or nobody looked. */
  readonly forecast?:
    { readonly fits: number; readonly short: number; readonly unknown: number } | undefined;
  /** The reserved hosts that were claimed for it; absent as long as none was wanted. */
  readonly reserve?: Reserve;
  /** When the last POST was decided; kept only where POSTs are staggered. */
  readonly sentAt?: Instant;
  /** Every migration record up to this id has been taken into account. */
  readonly seenMigration: number;
  /**
   * When it was found that what had been known of the instances is lost: requests that nobody remembers
   * may have been on their way. Left out while nothing was lost.
   */
  readonly lostAt?: Instant;
  readonly readmission: Readmission;
  /** Why nothing (more) happens just now; for status, log and page. */
  readonly reasons: readonly Reason[];
  /** When the first evacuation was sent; absent before that. */
  readonly begunAt?: Instant;
  /** When the work on its instances ended; absent while it is `settled`, whose `phaseSince` says it. */
  readonly endedAt?: Instant;
  /** When the host failed before this event; absent: it did not. */
  readonly failures?: readonly Instant[];
  /** True when this event is not held against the host: taken back, or enabled by an operator. */
  readonly forgiven?: true;
}

/** Whether nothing more will happen to this instance by itself or by us. */
export const isTerminal = ({ at }: Progress): boolean =>
  at === 'landed' || at === 'skipped' || at === 'gone' || at === 'failed';

/** Whether a POST of ours (or one that we adopted) may still be at work in Nova. */
export function isInFlight(progress: Progress): boolean {
  return progress.at === 'intended' || progress.at === 'accepted';
}

/** Whether the work on this host's instances goes on. */
export function isActive(evacuation: { readonly phase: Phase }): boolean {
  return evacuation.phase === 'marked' || evacuation.phase === 'evacuating';
}

/** Whether a host has failed and has not come back yet, as far as its record says. */
export function isFailed(evacuation: { readonly phase: Phase }): boolean {
  return isActive(evacuation) || evacuation.phase === 'settled';
}

/** The tracked instances with their ids, in the order in which the inventory was persisted. */
export function tracked(evacuation: Evacuation): Entries {
  // The same record is walked a dozen times a turn; records are never changed in place.
  let entries = walked.get(evacuation.instances);
  if (entries === undefined) {
    entries = Object.entries(evacuation.instances) as [InstanceId, Tracked][];
    walked.set(evacuation.instances, entries);
  }
  return entries;
}

type Entries = readonly (readonly [InstanceId, Tracked])[];
const walked = new WeakMap<object, Entries>();

/** A fresh record for a host that was just reported as failed. */
export function newEvacuation(host: HostName, mark: Mark, now: Instant): Evacuation {
  return {
    host,
    mark,
    phase: 'marked',
    phaseSince: now,
    proof: null,
    isolation: null,
    excused: false,
    life: UNWATCHED,
    instances: {},
    seenMigration: 0,
    readmission: { cleanSince: null, upSince: null, upSeen: 0, asked: false },
    reasons: [],
  };
}
