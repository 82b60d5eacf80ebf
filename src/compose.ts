import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { startBackground } from './adapters/background.ts';
import { createLog } from './adapters/log.ts';
import { compileLightly, createSystemChance, createSystemClock } from './adapters/system.ts';
import { composeCloud } from './compose-cloud.ts';
import { composeFencing } from './compose-fencing.ts';
import { composeStore } from './compose-store.ts';
import { composeSupervision } from './compose-supervision.ts';
import { policyOf, type Config } from './config/config.ts';
import type { GlobalOptions, Parts } from './surfaces/cli/parts.ts';

/** The parts list: which adapter stands behind which port. Nothing is contacted before it is used. */
export async function compose(
  config: Config,
  options: GlobalOptions,
  role: 'command' | 'worker',
): Promise<Parts> {
  if (role === 'worker') compileLightly();
  const { settings, origins } = config;
  const clock = createSystemClock();
  const log = createLog({
    level:
      role === 'command' && origins['log.level'].from === 'default'
        ? 'warn'
        : settings['log.level'],
    format: settings['log.format'],
    stamp: stampOf(role),
  });
  const store = await composeStore(settings, clock, log);
  const cloud = composeCloud(config, clock, log);
  return {
    config,
    policy: policyOf(settings),
    clock,
    chance: createSystemChance(),
    log,
    store: store.store,
    storeWarnings: () => store.warnings(),
    ...composeFencing({ settings, clock, cloud: () => cloud.open() }),
    supervision: composeSupervision(settings, clock, log),
    machine: hostname(),
    user: userName(),
    cloud: () => cloud.open(),
    background: (name, args) => {
      if (settings['store.kind'] === 'memory')
        return { kind: 'refused', why: 'store.kind is memory, which no other process can see' };
      const logFile = join(settings.state_directory ?? '/var/lib/nova-ha', `${name}.log`);
      const started = startBackground({ args: [...args, ...argumentsOf(options)], logFile });
      return started.kind === 'refused' ? started : { ...started, log: logFile };
    },
    close: async () => {
      cloud.close();
      await store.store.close();
    },
  };
}

/** Commands talk to people; a worker writes to a terminal, to the journal or into a file. */
function stampOf(role: 'command' | 'worker'): 'priority' | 'time' | 'none' {
  if (role === 'command' || process.stderr.isTTY) return 'none';
  return (process.env['JOURNAL_STREAM'] ?? '') === '' ? 'time' : 'priority';
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number without a name.
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** The global options again, for a process that we start. */
const argumentsOf = (options: GlobalOptions): readonly string[] => [
  ...(options.config === null ? [] : ['--config', options.config]),
  ...options.settings.flatMap(({ key, value, option }) =>
    option === '--set' ? [option, `${key}=${value}`] : [option, value],
  ),
];
