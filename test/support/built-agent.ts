import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a process gave. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly tookMs: number;
}

/** A process under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** The built artefact of that name. */
export function built(name: string): string {
  const path = fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build first`);
  return path;
}

/** Pacemaker's fencing daemon gives its agents no HOME, no USER and no TERM. */
export const FENCED_ENV: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C',
  PCMK_service: 'pacemaker-fenced',
};

/** Starts a program; `input: null` leaves its standard input open. */
export function startProgram(
  command: string,
  given: {
    readonly args?: readonly string[];
    readonly input?: string | Uint8Array | null;
    readonly env?: Readonly<Record<string, string>>;
    readonly uid?: number;
    readonly cwd?: string;
  } = {},
): Running {
  const began = performance.now();
  const child = spawn(command, given.args ?? [], {
    cwd: given.cwd ?? '/',
    env: given.env ?? FENCED_ENV,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(given.uid === undefined ? {} : { uid: given.uid }),
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.on('error', () => undefined);
  if (given.input !== null) child.stdin.end(given.input ?? '');
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, out, err, tookMs: performance.now() - began });
    });
  });
  return { child, finished };
}

/** Runs a program to its end. */
export const runProgram = (
  command: string,
  given: Parameters<typeof startProgram>[1] = {},
): Promise<Finished> => startProgram(command, given).finished;

/** Options as Pacemaker sends them. */
export const stdinOf = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
