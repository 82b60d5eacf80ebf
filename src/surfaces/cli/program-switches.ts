import { Option, type Command } from 'commander';
import type { HostName } from '../../domain/ids.ts';
import { hostArgument, onOffArgument, spanArgument, wordsArgument } from './arguments.ts';
import { HOST, type Wiring } from './wiring.ts';

/** The options of the commands that switch. */
export interface SwitchOptions {
  readonly aggregate?: string;
  readonly reason?: string;
  readonly for?: number;
  readonly by?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const BY = 'who asked for it, for the records (default: user@machine)';
const FOR = 'end by itself after this long, such as 90m or 2h';
const REASON = 'why; everybody who asks sees it';

/** Adds the switches at run time: they lie in the store, bind every worker and survive restarts. */
export function addSwitches(program: Command, wiring: Wiring): void {
  addPause(program, wiring);
  addFreeze(program, wiring);
}

function addPause(program: Command, { doors, io, run }: Wiring): void {
  program
    .command('pause')
    .summary('send no new evacuation: of anything, an aggregate or a host')
    .description(
      'Sends nothing new until "resume": of anything, or of HOST, or of the hosts of an aggregate. Marks are taken and hosts isolated all the same; what is in flight is followed to its end; hosts that come back are taken back.',
    )
    .argument('[HOST]', `${HOST}; without one: everything`, hostArgument)
    .addOption(
      new Option('--aggregate <NAME>', 'the hosts of this aggregate').argParser(wordsArgument),
    )
    .requiredOption('--reason <TEXT>', REASON, wordsArgument)
    .option('--for <TIME>', FOR, spanArgument)
    .option('--by <WHO>', BY)
    .action((host: HostName | undefined, options: SwitchOptions) =>
      run(async (global) =>
        (await import('./switches.ts')).pause(doors, global, io, host, options),
      ),
    );
  program
    .command('resume')
    .summary('end a pause or a freeze; --force: go on in a storm')
    .description(
      'Ends the pause and the freeze of everything, of HOST or of an aggregate. With --force HOST is evacuated although too many hosts failed at once, or in an aggregate, or within an interval.',
    )
    .argument('[HOST]', `${HOST}; without one: the switches for everything`, hostArgument)
    .addOption(
      new Option('--aggregate <NAME>', 'the hosts of this aggregate')
        .argParser(wordsArgument)
        .conflicts('force'),
    )
    .option('--force', 'go on with HOST although the number of failures holds it')
    .option('--by <WHO>', BY)
    .action((host: HostName | undefined, options: SwitchOptions, command: Command) => {
      if (options.force === true && host === undefined)
        command.error('error: --force needs a HOST.');
      return run(async (global) =>
        (await import('./switches.ts')).resume(doors, global, io, host, options),
      );
    });
}

function addFreeze(program: Command, { doors, io, run }: Wiring): void {
  program
    .command('freeze')
    .summary('finish what is in flight, then touch nothing any more')
    .description(
      'As "pause", and hosts that come back are not taken back either, until "resume": for work on the cloud itself.',
    )
    .argument('<HOST>', `${HOST}; or "all"`, hostArgument)
    .requiredOption('--reason <TEXT>', REASON, wordsArgument)
    .option('--for <TIME>', FOR, spanArgument)
    .option('--by <WHO>', BY)
    .action((host: HostName, options: SwitchOptions) =>
      run(async (global) =>
        (await import('./switches.ts')).freeze(doors, global, io, host, options),
      ),
    );
  program
    .command('maintenance')
    .summary('tell that a host is being worked on')
    .description(
      'While it is on, HOST is frozen and counts in no storm. It does not disable the service: see "drain" and "openstack compute service set".',
    )
    .argument('<HOST>', HOST, hostArgument)
    .argument('<on|off>', 'whether it is being worked on', onOffArgument)
    .option('--reason <TEXT>', REASON, wordsArgument)
    .option('--for <TIME>', FOR, spanArgument)
    .option('--by <WHO>', BY)
    .action((host: HostName, state: 'on' | 'off', options: SwitchOptions) =>
      run(async (global) =>
        (await import('./switches.ts')).maintenance(doors, global, io, host, state, options),
      ),
    );
  program
    .command('ignore')
    .summary('forget a marked host: its instances are left alone')
    .description(
      'Closes the mark of HOST for good. What was not sent stays where it is, what is in flight is not followed, the host stays disabled and forced down in Nova until you lift that.',
    )
    .argument('<HOST>', HOST, hostArgument)
    .requiredOption('--reason <TEXT>', REASON, wordsArgument)
    .option('--yes', 'do it; without it the command only says what it would leave alone')
    .option('--by <WHO>', BY)
    .action((host: HostName, options: SwitchOptions) =>
      run(async (global) =>
        (await import('./switches.ts')).ignore(doors, global, io, host, options),
      ),
    );
}
