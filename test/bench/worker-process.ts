import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A worker of the built program, as systemd or Pacemaker would run it, with its use of the machine. */
export interface WorkerProcess {
  readonly directory: string;
  /** User and system CPU time so far, in seconds. */
  cpuS(): number;
  /** Largest resident memory so far, in MiB. */
  peakMib(): number;
  stop(): Promise<void>;
}

/** A configuration for the simulated cloud; `more` is appended. */
export function writeConfig(authUrl: string, more = ''): { directory: string; file: string } {
  const directory = mkdtempSync(join(tmpdir(), 'nova-ha-bench-'));
  const file = join(directory, 'config.yaml');
  const text = `state_directory: ${directory}/state
openstack:
  auth_url: ${authUrl}
  username: admin
  password: secret
  project_name: admin
  user_domain_name: Default
  project_domain_name: Default
region: RegionOne
${more}`;
  writeFileSync(file, text, { mode: 0o600 });
  return { directory, file };
}

/** Starts it and waits until it says that it watches the store. */
export async function startWorker(config: {
  directory: string;
  file: string;
}): Promise<WorkerProcess> {
  const program = join(process.cwd(), 'dist', 'nova-ha.cjs');
  const child = spawn(program, ['--config', config.file, 'worker'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('watches')) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`the worker ended: ${text}`));
    });
  });
  const proc = `/proc/${String(child.pid)}`;
  return {
    directory: config.directory,
    cpuS: () => {
      const fields = readFileSync(`${proc}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      // utime and stime, in clock ticks of 10 ms.
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    peakMib: () =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1]) / 1024,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(config.directory, { recursive: true, force: true });
    },
  };
}
