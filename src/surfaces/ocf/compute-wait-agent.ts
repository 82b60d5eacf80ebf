import type { AgentIo } from '../agent-io.ts';
import type { AgentDeps } from '../agent-parts.ts';
import type { Opened } from '../agent-settings.ts';
import type { Store } from '../../engine/ports.ts';
import { hostNameProblem } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import { hostAmong } from '../fence/target.ts';
import { waitUntilSettled } from '../settling.ts';
import { readOcfEnvironment, type OcfEnvironment } from './environment.ts';
import { because, usageOf, type OcfCode } from './exit.ts';
import { ocfMetadata } from './metadata.ts';
import { OCF } from './parameter.ts';

/** What is kept of the start time-out, so that we can say why before we are killed. */
const START_RESERVE_MS: Millis = 5000;
const START_DEFAULT_MS: Millis = 600_000;
const PAUSE_MS: Millis = 1000;

/** A file whose presence says that the resource is active here; gone after a reboot. */
export interface Flags {
  isSet(directory: string, name: string): boolean;
  /** Null when it is set, else why not. */
  set(directory: string, name: string): string | null;
  clear(directory: string, name: string): void;
}

/** The parts of NovaComputeWait. */
export interface ComputeWaitDeps extends AgentDeps {
  readonly flags: Flags;
}

interface Context {
  readonly io: AgentIo;
  readonly deps: ComputeWaitDeps;
  readonly environment: OcfEnvironment;
  readonly host: string;
}

/**
 * Runs ocf:nova-ha:NovaComputeWait and gives its exit code. Besides the actions of the OCF API there is
 * `wait`, for the systemd drop-in: it waits as `start` does, without an end and without a flag.
 */
export async function runComputeWaitAgent(io: AgentIo, deps: ComputeWaitDeps): Promise<number> {
  const action = io.argv[0] ?? '';
  if (action === 'meta-data') {
    io.out(ocfMetadata('NovaComputeWait', deps.version));
    return OCF.success;
  }
  const environment = readOcfEnvironment('NovaComputeWait', io.env);
  const directory = environment.text('run_directory');
  const node = io.env['OCF_RESKEY_CRM_meta_on_node'] ?? deps.machine;
  const host = environment.text('host') === '' ? node : environment.text('host');
  const context = { io, deps, environment, host };
  const flag = `${environment.instance.replaceAll(/[^\w.-]/g, '_')}.active`;
  switch (action) {
    case 'start':
      return start(context, directory, flag);
    case 'stop':
      deps.flags.clear(directory, flag);
      return OCF.success;
    case 'monitor':
    case 'status':
      return deps.flags.isSet(directory, flag) ? OCF.success : OCF.notRunning;
    case 'validate-all':
      return validate(context);
    case 'wait':
      return wait(context, Number.MAX_SAFE_INTEGER);
    case 'usage':
    case 'help':
      io.out(usageOf('NovaComputeWait'));
      return OCF.success;
    default:
      io.err(usageOf('NovaComputeWait'));
      return OCF.unimplemented;
  }
}

function validate({ io, environment, host }: Context): OcfCode {
  const problem = environment.problem ?? hostNameProblem(host);
  return problem === null ? OCF.success : because(io, OCF.configured, problem);
}

async function start(context: Context, directory: string, flag: string): Promise<OcfCode> {
  const { io, deps, environment } = context;
  if (deps.flags.isSet(directory, flag)) return OCF.success;
  const limitMs = (environment.timeoutMs ?? START_DEFAULT_MS) - START_RESERVE_MS;
  const waited = await wait(context, Math.max(1000, limitMs));
  if (waited !== OCF.success) return waited;
  const problem = deps.flags.set(directory, flag);
  return problem === null ? OCF.success : because(io, OCF.generic, problem);
}

/** Waits until the host's evacuation is settled; a store that is away is waited for, too. */
async function wait(context: Context, limitMs: Millis): Promise<OcfCode> {
  const { io, deps, environment, host } = context;
  const valid = validate(context);
  if (valid !== OCF.success) return valid;
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (sentence: string) => {
      io.err(`WARNING: ${sentence}\n`);
    },
    error: (sentence: string) => {
      io.err(`ERROR: ${sentence}\n`);
    },
  };
  let opened: Opened<Store> | null = null;
  const domain = environment.text('domain');
  const result = await waitUntilSettled({
    deps,
    openStore: async () => {
      if (opened?.kind !== 'ok') opened = await deps.openStore(environment.settings, log);
      return opened;
    },
    matches: (hosts) => {
      const target = hostAmong(host, domain === '' ? null : domain, hosts);
      if (target.kind === 'host') return [target.host];
      return target.kind === 'ambiguous' ? target.hosts : [];
    },
    limitMs,
    pauseMs: PAUSE_MS,
    onWait: (why) => {
      io.err(`INFO: Waiting for ${host} to complete evacuations: ${why}\n`);
    },
  });
  if (result.kind !== 'settled') {
    return because(
      io,
      OCF.generic,
      `It is not safe yet for nova-compute on ${host} to start: ${result.why}`,
    );
  }
  if (result.waited) await deps.clock.sleep(environment.integer('evacuation_delay') * 1000);
  return OCF.success;
}
