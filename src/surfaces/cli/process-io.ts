import { closeSync, openSync } from 'node:fs';
import type { Io, Live } from './io.ts';

/** Binds a command to this process: its streams, its environment, its signals. */
export function createProcessIo(process: NodeJS.Process): Io {
  const { stdout, stderr, env } = process;
  const controller = new AbortController();
  const stop = (): void => {
    // Whoever insists is not kept waiting; the store has everything that matters.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  let isHeard = true;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isHeard) return;
    isHeard = false;
    // `nova-ha status | head` closes the pipe early, which is no error; what goes on, goes on unwatched.
    if (error.code === 'EPIPE') controller.abort();
    else {
      stderr.write(`nova-ha: the output cannot be written: ${error.message}\n`);
      process.exitCode = 1;
    }
  });
  stderr.on('error', () => undefined);
  return {
    out: (text) => {
      if (isHeard) stdout.write(text);
    },
    err: (text) => void stderr.write(text),
    isTty: stdout.isTTY,
    size: () => ({
      columns: stdout.isTTY ? stdout.columns : 80,
      rows: stdout.isTTY ? stdout.rows : 24,
    }),
    env,
    signal: controller.signal,
    onHangup: (listener) => {
      process.on('SIGHUP', () => {
        // A terminal that was closed sends it too: nobody is left to read what this process says.
        if (stderr.isTTY && !hasTerminal()) stop();
        else listener();
      });
    },
    live: () => createLive(stdout),
  };
}

/** Whether the terminal from which this process was started is still there. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** The cursor to the upper left corner, and the screen emptied. */
const CLEAR = '\u001b[H\u001b[2J';

async function createLive(stream: NodeJS.WriteStream): Promise<Live> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(stream);
  let size = '';
  return {
    draw: (frame) => {
      const now = `${String(stream.columns)}x${String(stream.rows)}`;
      // What was drawn stands elsewhere now, folded anew or scrolled away: it cannot be drawn over.
      if (size !== '' && size !== now) {
        update.done();
        stream.write(CLEAR);
      }
      size = now;
      update(frame);
    },
    done: () => {
      update.done();
    },
  };
}
