import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { firstLine, gatherCast, runCommand, type Cast } from './demo-processes.ts';

/** What the demonstration is played on: processes of this machine that talk over loopback. */
export interface Stage {
  readonly cast: Cast;
  /** Where it all lies; `nova-ha` in it is this program, on this stage. */
  readonly directory: string;
  readonly workerLog: string;
  readonly controlUrl: string;
  /** Runs one command of ours and shows what was typed; true when it ended well. */
  command(args: readonly string[]): Promise<boolean>;
  /** Something happens to the simulated cloud. */
  world(what: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** The truth about the simulated cloud. */
  look(what: string): Promise<unknown>;
  /** Waits for a condition, but not for ever. */
  waitFor(condition: () => Promise<boolean>): Promise<boolean>;
  elapsedMs(): number;
  /** The worker ended by itself: nothing will happen any more. */
  isWorkerLost(): boolean;
  /** Nothing is played any more: that, or somebody stopped it. */
  isOver(): boolean;
}

/** The longest that anything in the demonstration is waited for. */
const PATIENCE_MS = 20_000;

/** What the simulated cloud says of itself when it is ready. */
interface Announcement {
  readonly authUrl: string;
  readonly controlUrl: string;
}

/** Starts the simulated cloud and the worker; everything lies in a directory of its own. */
export async function openStage(
  signal: AbortSignal,
): Promise<
  { readonly kind: 'ok'; readonly stage: Stage } | { readonly kind: 'failed'; readonly why: string }
> {
  const program = realpathSync(process.argv[1] ?? '');
  const simulator = join(dirname(program), 'simulator.cjs');
  if (!existsSync(simulator)) {
    return { kind: 'failed', why: `${simulator} is missing: run "npm run build" first` };
  }
  const directory = mkdtempSync(join(tmpdir(), 'nova-ha-demo-'));
  const cast = gatherCast(directory);
  const cloud = await startCloud(simulator, directory, cast);
  if (typeof cloud === 'string') return { kind: 'failed', why: cloud };
  const { authUrl, controlUrl } = cloud;
  const { env, workerLog } = furnish(directory, program, authUrl);
  const lost = new AbortController();
  const log = openSync(workerLog, 'a', 0o600);
  const worker = cast.add(
    spawn(process.execPath, [program, 'worker'], {
      stdio: ['ignore', log, log],
      env,
      detached: true,
    }),
  );
  closeSync(log);
  worker.once('exit', () => {
    lost.abort();
  });
  const startedMs = performance.now();
  const either = AbortSignal.any([signal, lost.signal]);
  const stage: Stage = {
    ...{ cast, directory, workerLog, controlUrl },
    command: (args) => runCommand(program, args, env, either),
    world: async (what, body) => {
      const init = { method: 'POST', body: JSON.stringify(body), signal: either };
      await fetch(`${controlUrl}/${what}`, init);
    },
    look: async (what) => (await fetch(`${controlUrl}/${what}`, { signal: either })).json(),
    waitFor: async (condition) => {
      const untilMs = performance.now() + PATIENCE_MS;
      while (performance.now() < untilMs && !either.aborted) {
        if (await condition()) return true;
        await pause(100);
      }
      return false;
    },
    elapsedMs: () => performance.now() - startedMs,
    isWorkerLost: () => lost.signal.aborted,
    isOver: () => either.aborted,
  };
  return { kind: 'ok', stage };
}

/** Starts the simulated cloud; tells where it is, or why it did not start. */
async function startCloud(
  simulator: string,
  directory: string,
  cast: Cast,
): Promise<Announcement | string> {
  const logFile = join(directory, 'cloud.log');
  const log = openSync(logFile, 'a', 0o600);
  // Not our stderr: whoever reads it would wait for a cloud that is kept.
  const cloud = spawn(process.execPath, [simulator, ...CLOUD_OPTIONS], {
    stdio: ['ignore', 'pipe', log],
    detached: true,
  });
  cast.add(cloud);
  closeSync(log);
  const announced = await firstLine(cloud);
  cloud.stdout?.destroy();
  if (announced !== null) return JSON.parse(announced) as Announcement;
  return `the simulated cloud did not start: ${readFileSync(logFile, 'utf8').split('\n', 1)[0] ?? ''}`;
}

/** Writes what the worker and the commands need; `nova-ha` in the directory is for the shell. */
function furnish(
  directory: string,
  program: string,
  authUrl: string,
): { readonly env: NodeJS.ProcessEnv; readonly workerLog: string } {
  const configFile = join(directory, 'config.yaml');
  writeFileSync(configFile, configText(directory, authUrl), { mode: 0o600 });
  writeFileSync(join(directory, 'nova-ha'), scriptText(program, configFile), { mode: 0o700 });
  const env = { ...withoutSettings(process.env), NOVA_HA_CONFIG: configFile };
  return { env, workerLog: join(directory, 'worker.log') };
}

const CLOUD_OPTIONS = [
  ['--hosts', '4'],
  ['--instances', '40'],
  ['--spawn-ms', '1000'],
  ['--boot-ms', '1000'],
  ['--report-interval-ms', '1000'],
  ['--service-down-time-ms', '60000'],
].flat();

const isSetting = (name: string): boolean => /^(NOVA_HA|OS)_/.test(name);

/** What an operator has set for his real cloud and store must not reach into the demonstration. */
const withoutSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !isSetting(name)));

/** A program for the shell: ours, on this stage, whatever is set there. */
const scriptText = (program: string, configFile: string): string => `#!/bin/sh
unset $(env | sed -n -e 's/^\\(NOVA_HA_[A-Za-z0-9_]*\\)=.*/\\1/p' -e 's/^\\(OS_[A-Za-z0-9_]*\\)=.*/\\1/p')
export NOVA_HA_CONFIG=${quoted(configFile)}
exec ${quoted(process.execPath)} ${quoted(program)} "$@"
`;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Impatient settings, so that nobody has to wait for probation in a demonstration. */
const configText = (
  directory: string,
  authUrl: string,
): string => `state_directory: ${JSON.stringify(`${directory}/state`)}
run_directory: ${JSON.stringify(`${directory}/run`)}
pacemaker:
  enabled: off # not this machine's cluster
openstack:
  auth_url: ${authUrl}
  username: admin
  password: secret
  project_name: admin
  user_domain_name: Default
  project_domain_name: Default
region: RegionOne
fence:
  watch: 0s
worker:
  lease: 5s
pace:
  in_flight: 5
readmit:
  confirm: 1s
  healthy: 2s
freshness:
  idle: 1s
`;
