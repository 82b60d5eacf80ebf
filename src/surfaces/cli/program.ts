import { Command, CommanderError, Option } from 'commander';
import type { HostName, InstanceId } from '../../domain/ids.ts';
import {
  durationArgument,
  hostArgument,
  instanceArgument,
  nodeArgument,
  settingArgument,
  type Setting,
} from './arguments.ts';
import { printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import type { Io } from './io.ts';
import type { Doors, GlobalOptions } from './parts.ts';
import type { PacemakerOptions } from './pacemaker.ts';
import { addMarks } from './program-marks.ts';
import { addMoves } from './program-moves.ts';
import { addSwitches } from './program-switches.ts';
import { HOST, type Wiring } from './wiring.ts';

/** What the commands run with. */
export interface ProgramDeps {
  readonly doors: Doors;
  readonly io: Io;
  readonly finish: (exit: ExitName) => void;
}

/**
 * The command line. Every action loads its own module when it is called, so that `--help`,
 * `--version` and mistakes are answered without loading the rest.
 */
export function createProgram({ doors, io, finish }: ProgramDeps): Command {
  const program = new Command('nova-ha')
    .description('Evacuates failed OpenStack compute hosts, and fences them for Pacemaker')
    .version(doors.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .option('--config <FILE>', 'the configuration file (default: /etc/nova-ha/config.yaml)')
    .option('--os-cloud <NAME>', 'the cloud in clouds.yaml')
    .option('--os-region-name <REGION>', 'the region')
    .option('--set <KEY=VALUE>', 'one key of the configuration; may be repeated', settingArgument)
    .addOption(new Option('--log-level <LEVEL>').choices(['debug', 'info', 'warn', 'error']))
    .addOption(new Option('--log-format <FORMAT>').choices(['text', 'json']))
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError('See nova-ha --help.')
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHelpWidth: () => Math.min(io.size().columns, 100),
      getErrHelpWidth: () => Math.min(io.size().columns, 100),
      outputError: (text, write) => {
        // One line, also where commander puts its suggestion on a second one.
        const line = text
          .replace(/^error: /, 'nova-ha: ')
          .trimEnd()
          .replace(/\s*\n\s*/g, ' ');
        write(`${printable(line)}\n`);
      },
    });
  const run = (action: (options: GlobalOptions) => Promise<ExitName>): Promise<void> =>
    action(globalOptions(program)).then(finish);
  addEvacuation(program, { doors, io, run });
  addMoves(program, { doors, io, run });
  addMarks(program, { doors, io, run });
  addSwitches(program, { doors, io, run });
  addService(program, { doors, io, run });
  addPacemaker(program, { doors, io, run });
  return program;
}

const OPTION_KEYS = {
  osCloud: ['cloud', '--os-cloud'],
  osRegionName: ['region', '--os-region-name'],
  logLevel: ['log.level', '--log-level'],
  logFormat: ['log.format', '--log-format'],
} as const;

function globalOptions(program: Command): GlobalOptions {
  const given = program.opts<{
    config?: string;
    osCloud?: string;
    osRegionName?: string;
    logLevel?: string;
    logFormat?: string;
    set?: readonly Setting[];
  }>();
  const named = Object.entries(OPTION_KEYS).flatMap(([name, [key, option]]) => {
    const value = given[name as keyof typeof OPTION_KEYS];
    return value === undefined ? [] : [{ key, value, option, via: 'argv' as const }];
  });
  const set = (given.set ?? []).map((setting) => ({
    ...setting,
    option: '--set',
    via: 'argv' as const,
  }));
  return { config: given.config ?? null, settings: [...set, ...named] };
}

/** What `evacuate` and `plan` share. */
export interface RequestOptions {
  readonly instance?: readonly InstanceId[];
  readonly targetHost?: HostName;
  readonly force?: boolean;
  readonly confirmFenced?: boolean;
  readonly json?: boolean;
}

function addEvacuation(program: Command, { doors, io, run }: Wiring): void {
  const request = (command: Command): Command =>
    command
      .argument('<HOST>', HOST, hostArgument)
      .option('--instance <ID>', 'only this instance; may be repeated', instanceArgument)
      .option('--target-host <HOST>', 'where to; the scheduler chooses without it', hostArgument)
      .option('--json', 'print JSON');
  request(program.command('evacuate'))
    .summary('move the instances of a dead host to living ones')
    .description(
      'Marks HOST as failed and evacuates its instances. Refuses a host that is not proven off: evacuating a living host starts its guests twice. A background worker does the work unless one runs already; Ctrl-C stops watching, never the evacuation.',
    )
    .addOption(
      new Option(
        '--fence',
        'switch the host off first, through Pacemaker or its power agent',
      ).conflicts('confirmFenced'),
    )
    .option('--confirm-fenced', 'you have made sure yourself that the host is off')
    .option(
      '--force',
      'go ahead in a storm (too many hosts failed at once), or although Nova shows the host as up',
    )
    .option('--dry-run', 'print what would be done, like "plan"')
    .option('--no-wait', 'do not watch; return as soon as the host is marked')
    .option('--timeout <TIME>', 'stop watching after this long (exit code 8)', durationArgument)
    .option('--by <WHO>', 'who asked for it, for the records (default: user@machine)')
    .action((host: HostName, options: EvacuateOptions) =>
      run(async (global) =>
        (await import('./evacuate.ts')).evacuate(doors, global, io, host, options),
      ),
    );
  request(program.command('plan'))
    .summary('print what evacuating a host would do')
    .description('Prints what "evacuate" would do with every instance of HOST; changes nothing.')
    .action((host: HostName, options: RequestOptions) =>
      run(async (global) => (await import('./plan.ts')).plan(doors, global, io, host, options)),
    );
  program
    .command('explain')
    .summary('print why each instance is where it is: rule, observation, decision')
    .description(
      'Explains HOST and its instances from the record, when the host is marked (asks the store only), else from a plan: what holds it and until when, which profile applies, and for each instance the rule, what was seen and what follows.',
    )
    .argument('<HOST>', HOST, hostArgument)
    .argument('[INSTANCE]', 'only this instance, by id or name')
    .option('--json', 'print JSON')
    .action((host: HostName, instance: string | undefined, options: { json?: boolean }) =>
      run(async (global) =>
        (await import('./explain.ts')).explain(doors, global, io, { host, instance, ...options }),
      ),
    );
}

/** The options of `evacuate`. */
export interface EvacuateOptions extends RequestOptions {
  readonly fence?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
  readonly by?: string;
}

/** The options of `worker`. */
export interface WorkerOptions {
  readonly once?: boolean;
  readonly only?: HostName;
  readonly untilSettled?: boolean;
}

function addService(program: Command, { doors, io, run }: Wiring): void {
  program
    .command('worker')
    .summary('evacuate marked hosts until stopped (the daemon)')
    .description('Watches the store and evacuates every marked host that is proven off.')
    .option('--once', 'one turn for every host with something to do, then end')
    .option('--only <HOST>', 'look after this host only', hostArgument)
    .option('--until-settled', 'with --only: end when the host is settled or another worker has it')
    .action((options: WorkerOptions, command: Command) => {
      if (options.untilSettled === true && options.only === undefined)
        command.error('error: --until-settled needs --only HOST.');
      return run(async (global) =>
        (await import('./worker.ts')).worker(doors, global, io, options),
      );
    });
  program
    .command('doctor')
    .summary('check store, credentials, what the account may do, and Pacemaker')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      run(async (global) => (await import('./doctor.ts')).doctor(doors, global, io, options)),
    );
  const config = program.command('config').summary('print or check the configuration');
  config
    .command('show')
    .description('Prints every key with its value and where that came from; secrets are masked.')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      run(async (global) => (await import('./config.ts')).configShow(doors, global, io, options)),
    );
  config
    .command('check')
    .description('Checks the configuration; contacts nobody.')
    .action(() =>
      run(async (global) => (await import('./config.ts')).configCheck(doors, global, io)),
    );
  program
    .command('demo')
    .summary('watch an evacuation in a simulated cloud; needs nothing')
    .option('--keep', 'leave the simulated cloud and the worker running')
    .action((options: { keep?: boolean }) =>
      run(async () => (await import('./demo.ts')).demo(io, options)),
    );
}

function addPacemaker(program: Command, { doors, io, run }: Wiring): void {
  program
    .command('pacemaker')
    .summary('print or check the configuration of a Pacemaker cluster')
    .description(
      'Prints the commands that make a Pacemaker cluster fence and evacuate its compute nodes, for the nodes that it finds or is given. Changes nothing.',
    )
    .argument('[NODE...]', 'the compute nodes; without one: those of the cluster', nodeArgument)
    .option('--controller <NODE>', 'a full member of the cluster; may be repeated', nodeArgument)
    .addOption(new Option('--pcs', 'print commands for pcs').conflicts('crm'))
    .option('--crm', 'print commands for crmsh')
    .option('--check', 'compare the running cluster with what is needed, and name each difference')
    .option('--json', 'with --check: print JSON')
    .action((nodes: readonly string[] | undefined, options: PacemakerOptions) =>
      run(async (global) =>
        (await import('./pacemaker.ts')).pacemaker(doors, global, io, nodes ?? [], options),
      ),
    );
}

/** The exit that an exception of commander stands for; other exceptions are bugs and go on. */
export function exitOfError(error: unknown): ExitName {
  if (!(error instanceof CommanderError)) throw error;
  return error.exitCode === 0 ? 'done' : 'usage';
}
