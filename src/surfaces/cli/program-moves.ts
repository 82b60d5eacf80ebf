import { Option, type Command } from 'commander';
import type { EventId, HostName, InstanceId } from '../../domain/ids.ts';
import {
  durationArgument,
  eventArgument,
  hostArgument,
  instanceArgument,
  wordsArgument,
} from './arguments.ts';
import { HOST, type Wiring } from './wiring.ts';

/** What `drain` and `failback` share. */
export interface MoveOptions {
  readonly instance?: readonly InstanceId[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
  readonly by?: string;
}

/** The options of `drain`. */
export interface DrainOptions extends MoveOptions {
  readonly reason?: string;
  readonly targetHost?: HostName;
  readonly cold?: boolean;
  readonly liveOnly?: boolean;
  readonly undo?: boolean;
}

/** The options of `failback`. */
export interface FailbackOptions extends MoveOptions {
  readonly event?: EventId;
}

/** Adds the commands that move instances between living hosts. */
export function addMoves(program: Command, { doors, io, run }: Wiring): void {
  const moving = (command: Command): Command =>
    command
      .argument('<HOST>', HOST, hostArgument)
      .option('--instance <ID>', 'only this instance; may be repeated', instanceArgument)
      .option('--dry-run', 'print what would be done; change nothing')
      .option('--json', 'print JSON')
      .option('--no-wait', 'go on in the background and return (exit code 8)')
      .option(
        '--timeout <TIME>',
        'ask for no more after this long, as after Ctrl-C (exit code 8)',
        durationArgument,
      )
      .option('--by <WHO>', 'who asked for it, for the records (default: user@machine)');
  moving(program.command('drain'))
    .summary('empty a living host for maintenance')
    .description(
      'Disables HOST, then moves running instances by live migration and stopped ones by cold migration, and confirms these. Given again, it goes on where it was. Ctrl-C ends it: what Nova has begun goes on.',
    )
    .option('--reason <TEXT>', 'why; it stands in the disabled reason of the host', wordsArgument)
    .option('--target-host <HOST>', 'where to; the scheduler chooses without it', hostArgument)
    .addOption(
      new Option('--cold', 'stop running instances and migrate them cold').conflicts('liveOnly'),
    )
    .option('--live-only', 'leave stopped instances where they are')
    .addOption(
      new Option('--undo', 'enable HOST again, if a drain disabled it').conflicts([
        'cold',
        'liveOnly',
        'targetHost',
        'instance',
        'dryRun',
        'reason',
      ]),
    )
    .action((host: HostName, options: DrainOptions) =>
      run(async (global) => (await import('./drain.ts')).drain(doors, global, io, host, options)),
    );
  moving(program.command('failback'))
    .summary('bring home what an evacuation moved away')
    .description(
      'Brings the instances that an evacuation of HOST moved away back to it by live migration: those that are still where they landed, and run. HOST must be back in service.',
    )
    .option('--event <ID>', 'the event (default: the last one of HOST)', eventArgument)
    .action((host: HostName, options: FailbackOptions) =>
      run(async (global) =>
        (await import('./failback.ts')).failback(doors, global, io, host, options),
      ),
    );
}
