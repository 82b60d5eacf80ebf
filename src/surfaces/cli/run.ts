import type { ExitName } from './exit.ts';
import type { Io } from './io.ts';
import type { Doors } from './parts.ts';
import { createProgram, exitOfError } from './program.ts';

/** Runs one command line (without `node` and the file) and tells how it ended. */
export async function runCli(args: readonly string[], io: Io, doors: Doors): Promise<ExitName> {
  let exit: ExitName = 'done';
  const program = createProgram({
    doors,
    io,
    finish: (name) => {
      exit = name;
    },
  });
  try {
    // Without a command commander prints the help and calls it an error; asking is none.
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' });
  } catch (error) {
    return exitOfError(error);
  }
  return exit;
}
