import { chmod, copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealClock } from '../../src/simulator/clock.ts';
import { createCloud, type Cloud } from '../../src/simulator/cloud.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { built, runProgram, startProgram, type Finished, type Running } from './built-agent.ts';

/** The built command on a directory of its own, with a simulated cloud over HTTP. */
export interface Cli {
  readonly cloud: Cloud;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** The same as a user without any rights. */
  runAsNobody(args: readonly string[]): Promise<Finished>;
  stop(): Promise<void>;
}

const QUICK = {
  conductorMs: 1,
  schedulerMs: 1,
  claimMs: 1,
  prepareMs: 1,
  saveMs: 1,
  finishMs: 1,
  reportIntervalMs: 200,
  serviceDownTimeMs: 1000,
  cleanupMs: 10,
  bootMs: 100,
};

/** Starts a cloud of four hosts; `spawnMs` is how long Nova takes to build a guest. */
export async function startCli({ spawnMs = 50, instances = 6 } = {}): Promise<Cli> {
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-cli-'));
  const cloud = createCloud({
    clock: createRealClock(),
    random: createRandom(1),
    hosts: 4,
    timings: { ...QUICK, spawnMs },
  });
  cloud.boot({ host: 'compute-1', count: instances });
  const simulator = await startSimulator({ cloud });
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: directory,
    USER: 'anna',
    OS_AUTH_URL: simulator.authUrl,
    OS_USERNAME: 'admin',
    OS_PASSWORD: 'secret',
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_REGION_NAME: 'RegionOne',
    NOVA_HA_STATE_DIRECTORY: join(directory, 'state'),
    NOVA_HA_RUN_DIRECTORY: join(directory, 'run'),
    NOVA_HA_WORKER_LEASE: '2s',
    NOVA_HA_WORKER_POLL: '100ms',
    NOVA_HA_PACE_POLL_MIN: '50ms',
    NOVA_HA_READMIT_CONFIRM: '0s',
    NOVA_HA_READMIT_HEALTHY: '0s',
    NOVA_HA_FENCE_WATCH: '0s',
  };
  const given = (args: readonly string[], more: Readonly<Record<string, string>> = {}) => ({
    args: [built('nova-ha.cjs'), ...args],
    env: { ...env, ...more },
    cwd: directory,
  });
  return {
    cloud,
    directory,
    env,
    run: (args, more) => runProgram(process.execPath, given(args, more)),
    start: (args, more) => startProgram(process.execPath, given(args, more)),
    runAsNobody: async (args) => {
      await chmod(directory, 0o755);
      const copy = join(directory, 'nova-ha.cjs');
      await copyFile(built('nova-ha.cjs'), copy);
      const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
      return runProgram(process.execPath, { ...given([]), ...uid, args: [copy, ...args] });
    },
    stop: async () => {
      // Background workers have sessions of their own; none may outlive the test.
      for (const pid of await workersOf(directory)) process.kill(pid, 'SIGKILL');
      await simulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The processes whose state directory is below `directory`. */
export async function workersOf(directory: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that ends meanwhile, or of somebody else, is none of ours.
      const environment = await readFile(`/proc/${String(pid)}/environ`, 'utf8').catch(() => '');
      const ours = environment.includes(`NOVA_HA_STATE_DIRECTORY=${directory}/`);
      return ours && pid !== process.pid ? [pid] : [];
    }),
  );
  return found.flat();
}
