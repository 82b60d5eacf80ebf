import type { WorkerStatus } from '../../domain/worker-status.ts';

/** What is known of the daemon of a run directory. */
export type DaemonState =
  /** Nothing says that there ever was one in this boot. */
  | { readonly kind: 'absent' }
  /** There was one; its process is no more. */
  | { readonly kind: 'gone'; readonly pid: number }
  | { readonly kind: 'running'; readonly pid: number };

/** How a daemon is started. */
export interface DaemonOrder {
  readonly directory: string;
  /** Empty: the program beside this one. */
  readonly program: string;
  readonly words: readonly string[];
  /** Its whole environment; secrets are allowed here. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Daemons, one to a run directory. A process is recognised by its id *and* its start time, so that a
 * reused id is never taken for the daemon, and never killed.
 */
export interface Daemons {
  look(directory: string): DaemonState;
  /** What the daemon itself wrote last; null when there is nothing (readable) of its own. */
  status(directory: string): WorkerStatus | null;
  /** How old the daemon's process is; null when none is running. */
  ageMs(directory: string): number | null;
  /** Null when it was started, else why not. */
  start(order: DaemonOrder): string | null;
  /** The last line of the daemon's log, for the message about one that ended at once. */
  lastWords(directory: string): string | null;
  /** `SIGKILL` reaches its children too. */
  signal(directory: string, signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Removes pid and status file. */
  forget(directory: string): void;
  /** Whether the program can be run; null, or what is wrong. */
  programProblem(program: string): string | null;
}
