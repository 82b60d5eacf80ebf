import type { EventId, HostName } from './ids.ts';
import type { Reason } from './reason.ts';
import type { Switch } from './switches.ts';
import type { Instant } from './time.ts';

/** A host whose nova-compute fell silent although nobody reported the host as failed. */
export interface SilentHost {
  readonly host: HostName;
  /** When it was told first. */
  readonly since: Instant;
  /** What is known of it and what was done. */
  readonly why: Reason;
  /** The event that our label in Nova carries, once the service is to be disabled. */
  readonly label?: EventId;
  /** Set when Nova has shown that label: it was disabled by us. */
  readonly disabled?: true;
  /** Set when an operator has enabled it after that: it is not disabled once more. */
  readonly lifted?: true;
  /** Since when it reports again, while it proves its health. */
  readonly upSince?: Instant;
  /** When somebody was asked to switch the host off; that is asked once. */
  readonly asked?: Instant;
}

/** What binds all workers beside the records: one small document in the store. */
export interface Board {
  readonly switches: readonly Switch[];
  readonly silent: readonly SilentHost[];
}

/** The board as it lies in the store; `version` grows with every write, 0: nobody wrote yet. */
export interface Switchboard extends Board {
  readonly version: number;
}

/** The board of a store in which nobody has switched anything. */
export const EMPTY_BOARD: Switchboard = { version: 0, switches: [], silent: [] };
