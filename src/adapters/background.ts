import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A process that lives on when we end. */
export type Background =
  | {
      readonly kind: 'started';
      readonly pid: number;
      /** Resolves when it ended while we were still there: its exit code, or the name of a signal. */
      readonly ended: Promise<number | string>;
    }
  | { readonly kind: 'refused'; readonly why: string };

// Enough for months of evacuations by hand; one older file is kept.
const LARGEST_LOG_BYTES = 5_000_000;

/**
 * Starts this program once more, in a session of its own (a closed terminal or Ctrl-C does not reach
 * it), with the same environment and working directory. Its words go to the end of `logFile`.
 */
export function startBackground({
  args,
  logFile,
}: {
  readonly args: readonly string[];
  readonly logFile: string;
}): Background {
  const entry = process.argv[1];
  if (entry === undefined)
    return { kind: 'refused', why: 'the program does not know its own file' };
  try {
    mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
    rotate(logFile);
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(process.execPath, [entry, ...args], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.unref();
    const ended = new Promise<number | string>((resolve) => {
      child.on('exit', (code, signal) => {
        resolve(code ?? signal ?? 'unknown');
      });
      child.on('error', (error) => {
        resolve(error.message);
      });
    });
    if (child.pid === undefined) return { kind: 'refused', why: 'it could not be started' };
    return { kind: 'started', pid: child.pid, ended };
  } catch (error) {
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
  }
}

function rotate(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LARGEST_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
}
