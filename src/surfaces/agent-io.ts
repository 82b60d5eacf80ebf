import type { Log } from '../engine/ports.ts';

/** The outside of an agent process, as an argument, so that agents can be tested without a process. */
export interface AgentIo {
  /** The words after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input up to its end; null when it is longer than `limitBytes`. */
  readInput(limitBytes: number): Promise<Uint8Array | null>;
  out(text: string): void;
  err(text: string): void;
  /** Appends to a file; the sentence that says why not, or null. */
  append(path: string, text: string): string | null;
}

/** How much an agent tells, and where. */
export interface Verbosity {
  readonly quiet: boolean;
  /** 0: warnings and errors; 1: what is being done; 2: details. */
  readonly level: number;
  readonly debugFile: string | null;
}

type Level = 'ERROR' | 'WARNING' | 'INFO' | 'DEBUG';

const RANK: Readonly<Record<Level, number>> = { ERROR: 0, WARNING: 0, INFO: 1, DEBUG: 2 };

/**
 * The log of an agent: one line a sentence on standard error, from where Pacemaker takes it into its
 * own log, and every line into the debug file. Fields are left out: the sentences say what matters.
 */
export function createAgentLog(io: AgentIo, verbosity: Verbosity): Log {
  let file = verbosity.debugFile;
  const write = (level: Level, sentence: string): void => {
    const line = `${level}: ${sentence.replaceAll(/[\r\n]+/g, ' ')}\n`;
    if (!verbosity.quiet && RANK[level] <= verbosity.level) io.err(line);
    if (file === null) return;
    const problem = io.append(file, line);
    if (problem === null) return;
    file = null;
    io.err(`WARNING: the debug file is not written: ${problem}\n`);
  };
  return {
    error: (sentence) => {
      write('ERROR', sentence);
    },
    warn: (sentence) => {
      write('WARNING', sentence);
    },
    info: (sentence) => {
      write('INFO', sentence);
    },
    debug: (sentence) => {
      write('DEBUG', sentence);
    },
  };
}

/** The text with an end of its own, so that another sentence may follow. */
export const asSentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);
