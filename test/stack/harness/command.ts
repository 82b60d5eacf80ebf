/**
 * Commands of the test beds, run as processes of their own.
 */
import { spawn } from 'node:child_process';

/** How a command ended and what it printed. */
export interface CommandResult {
  /** The exit code; 128 + the signal's number is not imitated: a signal gives -1. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to run, where, and for how long at most. */
export interface Command {
  readonly file: string;
  readonly args?: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** After this the command gets SIGKILL and the call rejects. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end; rejects only if it cannot start or does not end in time. */
export function run(command: Command): Promise<CommandResult> {
  const { file, args = [], env = {}, stdin, timeoutMs = 300_000 } = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...process.env, ...env }, timeout: timeoutMs });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal !== null && child.killed) {
        reject(new Error(`${[file, ...args].join(' ')} did not end within ${timeoutMs} ms`));
      } else {
        resolve({ code: code ?? -1, stdout, stderr });
      }
    });
    child.stdin.on('error', () => undefined); // it may end without reading
    child.stdin.end(stdin ?? '');
  });
}

/** Runs a command that has to succeed and gives what it printed on stdout. */
export async function must(command: Command): Promise<string> {
  const result = await run(command);
  if (result.code !== 0) {
    const name = [command.file, ...(command.args ?? [])].join(' ');
    throw new Error(`${name} ended with ${result.code}: ${result.stderr || result.stdout}`);
  }
  return result.stdout;
}
