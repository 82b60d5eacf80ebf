import type { Command } from 'commander';
import type { ExitName } from './exit.ts';
import type { Io } from './io.ts';
import type { Doors } from './parts.ts';
import { hear } from './outcome.ts';
import { createProgram, exitOfError } from './program.ts';

/** Runs one command line (without `node` and the file) and tells how it ended. */
export async function runCli(args: readonly string[], io: Io, doors: Doors): Promise<ExitName> {
  const heard = hear(args, io);
  const exit = await parse(args, heard.io, doors);
  await heard.close(exit);
  return exit;
}

async function parse(args: readonly string[], io: Io, doors: Doors): Promise<ExitName> {
  let exit: ExitName = 'done';
  const program = createProgram({
    doors,
    io,
    finish: (name) => {
      exit = name;
    },
  });
  try {
    await program.parseAsync([...wordsFor(args, program)], { from: 'user' });
  } catch (error) {
    return exitOfError(error);
  }
  return exit;
}

/** What commander would answer with the whole help and an error. */
function wordsFor(args: readonly string[], program: Command): readonly string[] {
  const [first, second] = args;
  // Asking for nothing is asking for the help.
  if (first === undefined) return ['--help'];
  const isKnown = program.commands.some((command) => command.name() === second);
  // A command that there is not is told as such, with the nearest name.
  return first === 'help' && second !== undefined && second !== 'help' && !isKnown
    ? [second]
    : args;
}
