import type { Reason } from '../../domain/reason.ts';

/** A part of the terminal that is drawn again and again. */
export interface Live {
  draw(frame: string): void;
  /** Leaves the last frame where it is and gives the cursor back. */
  done(): void;
}

/** How a command talks: an argument, so that tests can listen. */
export interface Io {
  /** Data: stdout. */
  readonly out: (text: string) => void;
  /** Talk: stderr. */
  readonly err: (text: string) => void;
  /** Whether stdout is a terminal. */
  readonly isTty: boolean;
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** From now on SIGHUP calls this instead of ending the process. */
  readonly onHangup: (listener: () => void) => void;
  readonly live: () => Promise<Live>;
  /** Hears the reasons of refusals, where somebody wants them for machines. */
  readonly refused?: (reason: Reason) => void;
}

/** Writes a line of data. */
export const say = (io: Io, line: string): void => {
  io.out(`${line}\n`);
};

/** Writes a line of talk. */
export const tell = (io: Io, line: string): void => {
  io.err(`${line}\n`);
};

/** Writes a document of JSON for machines; every one carries the version of its shape. */
export const sayJson = (io: Io, document: Readonly<Record<string, unknown>>): void => {
  say(io, JSON.stringify({ schema: 1, ...document }));
};
