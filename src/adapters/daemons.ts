import { spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseWorkerStatus, type WorkerStatus } from '../domain/worker-status.ts';
import { bootId } from './run-directory.ts';

/** What is known of the daemon of a run directory. */
export type DaemonState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'gone'; readonly pid: number }
  | { readonly kind: 'running'; readonly pid: number };

/** How a daemon is started; an empty program means the one beside this file. */
export interface DaemonOrder {
  readonly directory: string;
  readonly program: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The pid file: the id alone may be another process's by now, the start time tells. */
interface PidFile {
  readonly pid: number;
  readonly startTicks: number;
  readonly boot: string;
}

const LARGEST_LOG_BYTES = 5_000_000;
const PLACES = ['/usr/bin/nova-ha', '/usr/local/bin/nova-ha'];

const pidPath = (directory: string): string => join(directory, 'worker.pid');
const logPath = (directory: string): string => join(directory, 'worker.log');
const statusPath = (directory: string): string => join(directory, 'worker.json');

/** Daemons by run directory: a pid file with start time and boot, a log, and the daemon's own status. */
export function createDaemons(): {
  look(directory: string): DaemonState;
  status(directory: string): WorkerStatus | null;
  ageMs(directory: string): number | null;
  start(order: DaemonOrder): string | null;
  lastWords(directory: string): string | null;
  signal(directory: string, signal: 'SIGTERM' | 'SIGKILL'): void;
  forget(directory: string): void;
  programProblem(program: string): string | null;
} {
  return {
    look: lookAt,
    status(directory) {
      const status = parseWorkerStatus(textOf(statusPath(directory)) ?? '');
      const state = lookAt(directory);
      return state.kind === 'running' && status?.pid === state.pid ? status : null;
    },
    ageMs(directory) {
      const state = lookAt(directory);
      return state.kind === 'running' ? ageOf(state.pid) : null;
    },
    start,
    lastWords: lastLine,
    signal(directory, signal) {
      const state = lookAt(directory);
      if (state.kind !== 'running') return;
      try {
        // It leads a process group of its own; SIGTERM is for itself alone, it drains.
        process.kill(signal === 'SIGKILL' ? -state.pid : state.pid, signal);
      } catch {
        // It ended in between.
      }
    },
    forget(directory) {
      for (const path of [pidPath(directory), statusPath(directory)]) {
        try {
          rmSync(path, { force: true });
        } catch {
          // What stays tells of no other process, and a stop that fails would have this node fenced.
        }
      }
    },
    programProblem: (program) => {
      const resolved = resolveProgram(program);
      return resolved.kind === 'ok' ? null : resolved.why;
    },
  };
}

function lookAt(directory: string): DaemonState {
  const file = readPidFile(directory);
  if (file === null || file.boot !== bootId()) return { kind: 'absent' };
  return startTicksOf(file.pid) === file.startTicks
    ? { kind: 'running', pid: file.pid }
    : { kind: 'gone', pid: file.pid };
}

function readPidFile(directory: string): PidFile | null {
  try {
    const data = JSON.parse(readFileSync(pidPath(directory), 'utf8')) as Partial<PidFile> | null;
    const { pid, startTicks, boot } = data ?? {};
    if (typeof pid !== 'number' || pid <= 1 || typeof startTicks !== 'number') return null;
    return typeof boot === 'string' ? { pid, startTicks, boot } : null;
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat; null when there is no such process, or only its zombie. */
function startTicksOf(pid: number): number | null {
  const stat = textOf(`/proc/${String(pid)}/stat`);
  if (stat === null) return null;
  // The command name, in parentheses, may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
}

// USER_HZ, in which /proc counts on every Linux.
const TICK_MS = 10;

/** How old a process is: by how much it started before us, and how old we are. No clock is read. */
function ageOf(pid: number): number | null {
  const theirs = startTicksOf(pid);
  const ours = startTicksOf(process.pid);
  if (theirs === null || ours === null) return null;
  return (ours - theirs) * TICK_MS + process.uptime() * 1000;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The same as in the first line of the built program. */
const SPARING = ['--single-threaded-gc', '--max-semi-space-size=4'];

type Program =
  | { readonly kind: 'ok'; readonly command: string; readonly words: readonly string[] }
  | { readonly kind: 'wrong'; readonly why: string };

function resolveProgram(given: string): Program {
  const here = dirname(realpathSync(process.argv[1] ?? process.execPath));
  const beside = ['nova-ha.cjs', 'nova-ha', '../nova-ha.cjs', '../nova-ha'];
  const places = [...beside.map((name) => join(here, name)), ...PLACES];
  const path = given === '' ? places.find((place) => existsSync(place)) : given;
  if (path === undefined) {
    return { kind: 'wrong', why: `nova-ha is not installed: none of ${places.join(', ')} exists.` };
  }
  const script = /\.[cm]?js$/.test(path);
  try {
    accessSync(path, script ? constants.R_OK : constants.X_OK);
  } catch {
    return { kind: 'wrong', why: `the program ${path} cannot be run; see the parameter binary.` };
  }
  return script
    ? { kind: 'ok', command: process.execPath, words: [...SPARING, path] }
    : { kind: 'ok', command: path, words: [] };
}

function start(order: DaemonOrder): string | null {
  const { directory, env } = order;
  const program = resolveProgram(order.program);
  if (program.kind === 'wrong') return program.why;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const size = statSync(logPath(directory), { throwIfNoEntry: false })?.size ?? 0;
    if (size > LARGEST_LOG_BYTES) renameSync(logPath(directory), `${logPath(directory)}.1`);
    const log = openSync(logPath(directory), 'a', 0o600);
    // None of our descriptors but the log reach it: the executor waits for its pipes to close.
    const child = spawn(program.command, [...program.words, ...order.words], {
      cwd: '/',
      env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => undefined);
    child.unref();
    const { pid } = child;
    const startTicks = pid === undefined ? null : startTicksOf(pid);
    if (pid === undefined || startTicks === null) return 'the process ended at once';
    const file: PidFile = { pid, startTicks, boot: bootId() };
    writeFileSync(`${pidPath(directory)}.new`, `${JSON.stringify(file)}\n`);
    renameSync(`${pidPath(directory)}.new`, pidPath(directory));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The last line of the log that says something, clipped. */
function lastLine(directory: string): string | null {
  const text = textOf(logPath(directory));
  const lines = (text ?? '').slice(-8192).split('\n');
  return lines.findLast((line) => line.trim() !== '')?.slice(0, 400) ?? null;
}
