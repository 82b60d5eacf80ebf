import { spawn, type ChildProcess } from 'node:child_process';

/** A program to run: never through a shell, so no argument is ever interpreted. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Text for its standard input; secrets belong here, an argv is visible to every user. */
  readonly stdin?: string;
  readonly timeoutMs: number;
}

/**
 * What became of it. `exited`: it ran to its end. `not-started`: it certainly did nothing (not
 * installed, not allowed). `uncertain`: it was killed, by its deadline or by somebody, or said more
 * than we take; what it was told to do may have happened.
 */
export type ExecOutcome =
  | {
      readonly kind: 'exited';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: 'not-started'; readonly why: string }
  | { readonly kind: 'uncertain'; readonly why: string };

/** Runs commands; the only door through which other programs are called. Never rejects. */
export type Exec = (command: Command) => Promise<ExecOutcome>;

const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const OUTPUT_LIMIT = 16 * 1024 * 1024;

/**
 * The `Exec` of the machine. The environment is fixed: no variable of ours (nor of whoever called
 * us) reaches the program, times are printed in UTC and messages in English. A program that is over
 * its deadline is killed together with its children (it runs in a process group of its own),
 * and so is one that still runs when this process ends.
 */
export function createExec(
  options: { readonly path?: string; readonly outputLimit?: number } = {},
): Exec {
  const { path = SYSTEM_PATH, outputLimit = OUTPUT_LIMIT } = options;
  const env = { PATH: path, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  return (command) =>
    new Promise((resolve) => {
      let child: ChildProcess;
      try {
        child = spawn(command.program, [...command.args], {
          env,
          shell: false,
          detached: true,
          stdio: ['pipe', 'pipe', 'pipe'],
        });
      } catch (error) {
        // Thrown for arguments that no program can be given, such as one with a NUL byte.
        resolve({ kind: 'not-started', why: `${command.program}: ${messageOf(error)}` });
        return;
      }
      follow(child, command, outputLimit, resolve);
    });
}

function follow(
  child: ChildProcess,
  { program, stdin, timeoutMs }: Command,
  outputLimit: number,
  resolve: (outcome: ExecOutcome) => void,
): void {
  endWithUs(child);
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[], length: 0 };
  let exit: { readonly code: number } | null = null;
  let killed: string | null = null;

  const finish = (outcome: ExecOutcome): void => {
    clearTimeout(deadline);
    child.stdout?.destroy();
    child.stderr?.destroy();
    resolve(outcome);
  };
  const exited = (code: number): ExecOutcome => ({
    kind: 'exited',
    code,
    stdout: Buffer.concat(output.stdout).toString('utf8'),
    stderr: Buffer.concat(output.stderr).toString('utf8'),
  });
  const kill = (why: string): void => {
    killed ??= why;
    killGroup(child);
    // It had ended itself, and what has just been killed were its children: there is no exit to wait for.
    if (exit !== null) finish({ kind: 'uncertain', why: killed });
  };
  const deadline = setTimeout(() => {
    // Ended, but a child of it still holds the output open: the answer is complete enough.
    if (exit !== null) finish(exited(exit.code));
    else kill(`${program} did not end within ${String(timeoutMs / 1000)} s and was killed`);
  }, timeoutMs);

  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (chunk: Buffer) => {
      output.length += chunk.length;
      if (output.length <= outputLimit) output[stream].push(chunk);
      else kill(`${program} wrote more than ${String(outputLimit)} bytes and was killed`);
    });
  }
  child.on('error', (error) => {
    if (child.pid === undefined) {
      finish({ kind: 'not-started', why: notStarted(program, error) });
    }
  });
  child.on('exit', (code, signal) => {
    if (code !== null) exit = { code };
    else killed ??= `${program} was killed by ${String(signal)}`;
    // A killed program's children are gone too; there is nothing more to read.
    if (killed !== null) finish({ kind: 'uncertain', why: killed });
  });
  child.on('close', () => {
    if (exit !== null && killed === null) finish(exited(exit.code));
  });
  // A program that does not read its input closes the pipe early; its exit code tells the rest.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin ?? '');
}

const running = new Set<ChildProcess>();

/** In a group of its own it would outlive us, when we are ended at a time-out of our caller for instance. */
function endWithUs(child: ChildProcess): void {
  if (running.size === 0) process.once('exit', endAll);
  running.add(child);
  child.once('close', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', endAll);
  });
}

function endAll(): void {
  for (const child of running) killGroup(child);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function notStarted(program: string, error: Error): string {
  const code = 'code' in error ? error.code : '';
  if (code === 'ENOENT') return `${program} is not installed here`;
  if (code === 'EACCES') return `${program} may not be run by this user`;
  return `${program} could not be started: ${error.message}`;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The first line of a program's complaint that says something, for messages. */
export function complaintOf(outcome: { readonly stdout: string; readonly stderr: string }): string {
  const lines = `${outcome.stderr}\n${outcome.stdout}`.split('\n').map((line) => line.trim());
  return (lines.find((line) => line !== '') ?? 'it said nothing').slice(0, 300);
}
