import { appendFileSync, writeSync } from 'node:fs';

/** An agent's outside, bound to the streams of this process. */
export interface ProcessIo {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readInput(limitBytes: number): Promise<Uint8Array | null>;
  out(text: string): void;
  err(text: string): void;
  append(path: string, text: string): string | null;
}

/**
 * Runs an agent as this process and ends it with the agent's exit code. SIGTERM ends it with 1 and a
 * line on standard error: whatever had been written is whole, so the caller may simply call again.
 */
export function runAgentProcess(name: string, run: (io: ProcessIo) => Promise<number>): void {
  const end = (sentence: string): never => {
    write(2, `ERROR: ${sentence}\n`);
    process.exit(1);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () =>
      end(`Failed: ${name} was ended by ${signal} before it was done; nothing is left half done.`),
    );
  }
  const bug = (error: unknown): never =>
    end(
      `Failed: internal error in ${name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  process.on('uncaughtException', bug);
  process.on('unhandledRejection', bug);
  const io: ProcessIo = {
    argv: process.argv.slice(2),
    env: process.env,
    readInput,
    out: (text) => {
      write(1, text);
    },
    err: (text) => {
      write(2, text);
    },
    append(path, text) {
      try {
        appendFileSync(path, text, { mode: 0o600 });
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
  run(io).then((code) => process.exit(code), bug);
}

// The stream objects of process cost several milliseconds to make; an agent lives for less than 100.
function write(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  let patience = 1000;
  while (rest.length > 0 && patience > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      // Somebody else made the pipe non-blocking, and its reader is slow. Otherwise nobody listens.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      patience -= 1;
    }
  }
}

/** Reads standard input to its end; null when it is longer than the limit. A closed one is empty. */
function readInput(limitBytes: number): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const { stdin } = process;
    stdin.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limitBytes) chunks.push(chunk);
      else {
        stdin.destroy();
        resolve(null);
      }
    });
    const done = (): void => {
      resolve(Buffer.concat(chunks));
    };
    stdin.on('end', done);
    stdin.on('error', done);
  });
}
