import { turnAgeMs } from '../../domain/worker-status.ts';
import { configEnvironment } from '../agent-environment.ts';
import type { AgentIo } from '../agent-io.ts';
import type { AgentDeps } from '../agent-parts.ts';
import type { Daemons } from './daemon.ts';
import { readOcfEnvironment, type OcfEnvironment } from './environment.ts';
import { because, usageOf, type OcfCode } from './exit.ts';
import { ocfMetadata } from './metadata.ts';
import { OCF } from './parameter.ts';

/** A worker that survives this long after its start did not stumble over its configuration. */
const START_MS = 5000;
const LOOK_MS = 100;

/** What is kept of the stop time-out for killing, and for the executor itself. */
const STOP_RESERVE_MS = 4000;
const STOP_DEFAULT_MS = 20_000;
const KILL_MS = 2000;

/** The parts of NovaEvacuate. */
export interface EvacuateDeps extends AgentDeps {
  readonly daemons: Daemons;
}

interface Context {
  readonly io: AgentIo;
  readonly deps: EvacuateDeps;
  readonly environment: OcfEnvironment;
  readonly directory: string;
}

/** Runs ocf:nova-ha:NovaEvacuate and gives its exit code. */
export async function runEvacuateAgent(io: AgentIo, deps: EvacuateDeps): Promise<number> {
  const action = io.argv[0] ?? '';
  if (action === 'meta-data') {
    io.out(ocfMetadata('NovaEvacuate', deps.version));
    return OCF.success;
  }
  const environment = readOcfEnvironment('NovaEvacuate', io.env);
  const directory = environment.text('run_directory');
  const context = { io, deps, environment, directory };
  switch (action) {
    case 'start':
      return start(context);
    case 'stop':
      return stop(context);
    case 'monitor':
    case 'status':
      return monitor(context);
    case 'validate-all':
      return validate(context);
    case 'usage':
    case 'help':
      io.out(usageOf('NovaEvacuate'));
      return OCF.success;
    default:
      io.err(usageOf('NovaEvacuate'));
      return OCF.unimplemented;
  }
}

function validate({ io, deps, environment }: Context): OcfCode {
  if (environment.problem !== null) return because(io, OCF.configured, environment.problem);
  const problem = deps.daemons.programProblem(environment.text('binary'));
  return problem === null ? OCF.success : because(io, OCF.installed, problem);
}

async function start(context: Context): Promise<OcfCode> {
  const { io, deps, directory, environment } = context;
  const valid = validate(context);
  if (valid !== OCF.success) return valid;
  if (deps.daemons.look(directory).kind === 'running') return OCF.success;
  deps.daemons.forget(directory);
  const problem = deps.daemons.start({
    directory,
    program: environment.text('binary'),
    words: ['worker'],
    env: workerEnvironment(context),
  });
  if (problem !== null) {
    return because(io, OCF.generic, `The worker could not be started: ${problem}`);
  }
  const endMs = deps.clock.monotonicMs() + START_MS;
  while (deps.clock.monotonicMs() < endMs) {
    await deps.clock.sleep(LOOK_MS);
    if (deps.daemons.look(directory).kind !== 'running') {
      const words = deps.daemons.lastWords(directory) ?? 'it left no message';
      deps.daemons.forget(directory);
      // 2 and 5 send Pacemaker to the next controller, whose configuration may be right.
      return because(io, OCF.arguments, `The worker ended at once: ${words}`);
    }
    if (deps.daemons.status(directory) !== null) break;
  }
  return OCF.success;
}

/** The worker gets no OCF_* or PCMK_* variables: it is no agent. */
function workerEnvironment({ io, environment, directory }: Context): Record<string, string> {
  const kept = Object.entries(io.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(OCF_|PCMK_|HA_|CRM_|NOTIFY_SOCKET|WATCHDOG_)/.test(entry[0]),
  );
  const delay = environment.integer('evacuate_delay');
  return {
    ...Object.fromEntries(kept),
    ...configEnvironment(environment.settings),
    ...(delay > 0 ? { NOVA_HA_FENCE_DELAY: `${String(delay)}s` } : {}),
    ...(environment.flag('verbose') ? { NOVA_HA_LOG_LEVEL: 'debug' } : {}),
    NOVA_HA_RUN_DIRECTORY: directory,
  };
}

/**
 * 7 when there is no worker, 1 when it is hung, else 0. An unreachable Nova, Keystone or store is no
 * reason to fail: Pacemaker would restart the worker eight times a second, and it would help nobody.
 */
function monitor({ io, deps, environment, directory }: Context): OcfCode {
  const { daemons } = deps;
  const state = daemons.look(directory);
  if (state.kind === 'gone' && !environment.isProbe) {
    const words = daemons.lastWords(directory) ?? 'it left no message';
    return because(io, OCF.notRunning, `The worker (pid ${String(state.pid)}) is gone: ${words}`);
  }
  if (state.kind !== 'running') return OCF.notRunning;
  const status = daemons.status(directory);
  const workerAgeMs = daemons.ageMs(directory) ?? 0;
  const ageMs = status === null ? workerAgeMs : turnAgeMs(status, workerAgeMs);
  if (ageMs > environment.integer('turn_timeout') * 1000) {
    const seconds = String(Math.round(ageMs / 1000));
    const pid = String(state.pid);
    return because(
      io,
      OCF.generic,
      `The worker (pid ${pid}) hangs: it has completed no turn for ${seconds} s.`,
    );
  }
  if (status === null || status.needsHuman === 0 || environment.isProbe) return OCF.success;
  const hosts =
    status.needsHuman === 1 ? '1 host needs' : `${String(status.needsHuman)} hosts need`;
  return because(io, OCF.degraded, `${hosts} a human: see nova-ha status.`);
}

/** Lets the worker drain, then ends it. Never fails: a failed stop makes Pacemaker fence this node. */
async function stop({ io, deps, environment, directory }: Context): Promise<OcfCode> {
  const { daemons, clock } = deps;
  const waitUntilGone = async (limitMs: number): Promise<boolean> => {
    const endMs = clock.monotonicMs() + limitMs;
    while (daemons.look(directory).kind === 'running') {
      if (clock.monotonicMs() >= endMs) return false;
      await clock.sleep(LOOK_MS);
    }
    return true;
  };
  const drainMs = Math.max(1000, (environment.timeoutMs ?? STOP_DEFAULT_MS) - STOP_RESERVE_MS);
  daemons.signal(directory, 'SIGTERM');
  if (!(await waitUntilGone(drainMs))) {
    io.err('WARNING: the worker did not end in time and is killed.\n');
    daemons.signal(directory, 'SIGKILL');
    if (!(await waitUntilGone(KILL_MS))) {
      io.err('WARNING: the worker cannot be killed; it is left to the kernel.\n');
    }
  }
  daemons.forget(directory);
  return OCF.success;
}
