import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

const run = promisify(execFile);

/** What a service manager hears. */
export interface NotifySocket {
  readonly path: string;
  /** How often it was told this, such as `READY=1`. */
  heard(assignment: string): number;
  close(): Promise<void>;
}

const NEEDED: Readonly<Record<string, string>> = {
  'python3-minimal': '/usr/bin/python3',
  systemd: '/usr/bin/systemd-notify',
};

// Received without room for file descriptors, the one that comes with BARRIER=1 is closed at once:
// that is how systemd says that it has read everything.
const RECEIVER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
while True:
    sys.stdout.write(listener.recv(65536).decode() + "\\n")
    sys.stdout.flush()
`;

async function ensureInstalled(): Promise<void> {
  const missing = Object.keys(NEEDED).filter((name) => !existsSync(NEEDED[name] ?? ''));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(`these tests need Debian's packages: apt-get install ${missing.join(' ')}`);
  await run(
    'apt-get',
    ['-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...missing],
    { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 1024 * 1024 },
  );
}

/** Listens as systemd does, on a datagram socket, which Node itself does not have. */
export async function listenToNotify(directory: string): Promise<NotifySocket> {
  await ensureInstalled();
  const path = join(directory, 'notify.sock');
  const child = spawn('/usr/bin/python3', ['-c', RECEIVER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until(() => existsSync(path));
  return {
    path,
    heard: (assignment) => text.split(assignment).length - 1,
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
