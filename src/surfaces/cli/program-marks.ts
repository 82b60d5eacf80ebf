import { Option, type Command } from 'commander';
import type { HostName, InstanceId } from '../../domain/ids.ts';
import { countArgument, hostArgument, instanceArgument, wordsArgument } from './arguments.ts';
import { HOST, type Wiring } from './wiring.ts';

/** The options of `status`. */
export interface StatusOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly yaml?: boolean;
}

/** Adds the commands that look at records and change them. */
export function addMarks(program: Command, wiring: Wiring): void {
  addStatus(program, wiring);
  addChanges(program, wiring);
  addResolutions(program, wiring);
  addHistory(program, wiring);
}

function addStatus(program: Command, { doors, io, run }: Wiring): void {
  program
    .command('status')
    .summary('print the marked hosts, or the instances of one')
    .description('Prints every host that has a record, or with HOST its instances one by one.')
    .argument('[HOST]', HOST, hostArgument)
    .option('-w, --watch', 'keep the output up to date')
    .addOption(new Option('--json', 'print JSON').conflicts('yaml'))
    .option('--yaml', 'print YAML')
    .action((host: HostName | undefined, options: StatusOptions) =>
      run(async (global) => (await import('./status.ts')).status(doors, global, io, host, options)),
    );
}

const marking = (program: Command, name: string, summary: string): Command =>
  program
    .command(name)
    .summary(summary)
    .argument('<HOST>', HOST, hostArgument)
    .option('--by <WHO>', 'who asked for it, for the records (default: user@machine)');

function addChanges(program: Command, { doors, io, run }: Wiring): void {
  marking(program, 'mark', 'report a host as failed, without looking or waiting')
    .description(
      'Records that HOST failed; a worker evacuates it once it is proven off. Needs the store only, not OpenStack.',
    )
    .option('--confirm-fenced', 'you have made sure yourself that the host is off')
    .action((host: HostName, options: { by?: string; confirmFenced?: boolean }) =>
      run(async (global) => (await import('./mark.ts')).mark(doors, global, io, host, options)),
    );
  marking(program, 'unmark', 'take the report of a failure back')
    .description('Takes the mark of HOST back; refused while evacuations are in flight.')
    .action((host: HostName, options: { by?: string }) =>
      run(async (global) => (await import('./mark.ts')).unmark(doors, global, io, host, options)),
    );
  marking(program, 'enable', 'take an evacuated host back into service')
    .description(
      'Lifts what was imposed on HOST (force-down, disabled) now, without the healthy delay.',
    )
    .action((host: HostName, options: { by?: string }) =>
      run(async (global) => (await import('./mark.ts')).enable(doors, global, io, host, options)),
    );
}

function addResolutions(program: Command, { doors, io, run }: Wiring): void {
  marking(program, 'retry', 'send instances once more that wait for a decision')
    .description(
      'Sends the stuck and given-up instances of HOST once more. Make sure first that no guest of theirs is left on an earlier destination.',
    )
    .argument(
      '[INSTANCE...]',
      'ids of instances; without one: all that are stuck or given up',
      instanceArgument,
    )
    .action(
      (host: HostName, instances: readonly InstanceId[] | undefined, options: { by?: string }) =>
        run(async (global) =>
          (await import('./mark.ts')).retry(doors, global, io, host, instances ?? [], options),
        ),
    );
  marking(program, 'abandon', 'give instances up, so that the mark can be done')
    .description('Gives up instances of HOST that are stuck or waiting.')
    .argument(
      '[INSTANCE...]',
      'ids of instances; without one: all that are stuck or waiting',
      instanceArgument,
    )
    .requiredOption('--reason <TEXT>', 'why; it goes into the history', wordsArgument)
    .action(
      (
        host: HostName,
        instances: readonly InstanceId[] | undefined,
        options: { by?: string; reason: string },
      ) =>
        run(async (global) =>
          (await import('./mark.ts')).abandon(doors, global, io, host, instances ?? [], options),
        ),
    );
}

function addHistory(program: Command, { doors, io, run }: Wiring): void {
  program
    .command('history')
    .summary('print what happened')
    .description('Prints the newest entries of the history, the newest last.')
    .argument('[HOST]', HOST, hostArgument)
    .option('-n, --limit <N>', 'how many entries', countArgument, 100)
    .option('--json', 'print one JSON document per entry')
    .action((host: HostName | undefined, options: { limit: number; json?: boolean }) =>
      run(async (global) =>
        (await import('./history.ts')).history(doors, global, io, host, options),
      ),
    );
}
