import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What the demonstration is played on: processes of this machine that talk over loopback. */
export interface Stage {
  readonly configFile: string;
  readonly workerLog: string;
  readonly controlUrl: string;
  /** How this program is called. */
  readonly program: string;
  /** Runs one command of ours and shows what was typed; true when it ended well. */
  command(args: readonly string[]): Promise<boolean>;
  /** Something happens to the simulated cloud. */
  world(what: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** The truth about the simulated cloud. */
  look(what: string): Promise<unknown>;
  /** Waits for a condition, but not for ever. */
  waitFor(what: string, condition: () => Promise<boolean>): Promise<boolean>;
  elapsedMs(): number;
  pids(): readonly number[];
  close(): Promise<void>;
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
  const cloud = spawn(process.execPath, [simulator, ...CLOUD_OPTIONS], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const announced = await firstLine(cloud);
  if (announced === null) return { kind: 'failed', why: 'the simulated cloud did not start' };
  const { authUrl, controlUrl } = JSON.parse(announced) as Announcement;
  const configFile = join(directory, 'config.yaml');
  writeFileSync(configFile, configText(directory, authUrl), { mode: 0o600 });
  const workerLog = join(directory, 'worker.log');
  const log = openSync(workerLog, 'a', 0o600);
  const env = { ...process.env, NOVA_HA_CONFIG: configFile };
  const worker = spawn(process.execPath, [program, 'worker'], {
    stdio: ['ignore', log, log],
    env,
    detached: true,
  });
  closeSync(log);
  for (const child of [cloud, worker]) child.unref();
  cloud.stdout.destroy();
  const startedMs = performance.now();
  const stage: Stage = {
    configFile,
    workerLog,
    controlUrl,
    program: `${process.execPath} ${program}`,
    command: (args) => runCommand(program, args, env, signal),
    world: async (what, body) => {
      await fetch(`${controlUrl}/${what}`, { method: 'POST', body: JSON.stringify(body), signal });
    },
    look: async (what) => (await fetch(`${controlUrl}/${what}`, { signal })).json(),
    waitFor: async (_what, condition) => {
      const untilMs = performance.now() + PATIENCE_MS;
      while (performance.now() < untilMs && !signal.aborted) {
        if (await condition()) return true;
        await pause(100);
      }
      return false;
    },
    elapsedMs: () => performance.now() - startedMs,
    pids: () => [cloud.pid, worker.pid].filter((pid) => pid !== undefined),
    close: async () => {
      await Promise.all([end(worker), end(cloud)]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return { kind: 'ok', stage };
}

const CLOUD_OPTIONS = [
  ['--hosts', '4'],
  ['--instances', '40'],
  ['--spawn-ms', '1000'],
  ['--boot-ms', '1000'],
  ['--report-interval-ms', '1000'],
  ['--service-down-time-ms', '60000'],
].flat();

/** Impatient settings, so that nobody has to wait for probation in a demonstration. */
const configText = (
  directory: string,
  authUrl: string,
): string => `state_directory: ${directory}/state
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
pace:
  in_flight: 5
readmit:
  confirm: 1s
  healthy: 2s
freshness:
  idle: 1s
`;

async function firstLine(child: ChildProcess): Promise<string | null> {
  let text = '';
  child.stdout?.setEncoding('utf8');
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return null;
}

function runCommand(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<boolean> {
  process.stdout.write(`$ nova-ha ${args.join(' ')}\n`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit', env });
    const stop = (): void => {
      child.kill('SIGINT');
    };
    signal.addEventListener('abort', stop, { once: true });
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code === 0);
    });
  });
}

/** Ends a process of ours and waits until it is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([gone, pause(3000)]);
  child.kill('SIGKILL');
}
