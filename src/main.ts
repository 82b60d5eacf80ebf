import type { Doors } from './surfaces/cli/parts.ts';
import { createProcessIo } from './surfaces/cli/process-io.ts';
import { runCli } from './surfaces/cli/run.ts';
import { codeOf } from './surfaces/cli/session.ts';
import { VERSION } from './version.ts';

// Everything but the command line itself is loaded when a command asks for it.
const doors: Doors = {
  version: VERSION,
  loadConfig: async (options) => (await import('./compose-config.ts')).openConfig(options),
  reloadConfig: async (...given) => (await import('./compose-config.ts')).reloadConfig(...given),
  describe: async (config) => (await import('./compose-config.ts')).describeConfig(config),
  compose: async (...parts) => (await import('./compose.ts')).compose(...parts),
};

runCli(process.argv.slice(2), createProcessIo(process), doors).then(
  (exit) => {
    // Whether all of the output has arrived is heard a moment after the last write.
    process.stdout.write('', () => {
      setImmediate(() => process.exit(Math.max(codeOf(exit), Number(process.exitCode ?? 0))));
    });
  },
  (bug: unknown) => {
    // A sentence for the operator, a place in the bundle for whoever mends it.
    const { message, stack = '' } = bug instanceof Error ? bug : new Error(String(bug));
    const place = /([^\s(]+:\d+:\d+)\)?$/m.exec(stack.slice(stack.indexOf('\n')))?.[1] ?? '?';
    process.stderr.write(`nova-ha: internal error: ${message} (${place}); please report it\n`);
    process.exit(70);
  },
);
