import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

const run = promisify(execFile);

/** A private Redis on a free port of the loopback, with its data in a directory of its own. */
export interface RedisServer {
  readonly port: number;
  readonly directory: string;
  readonly socket: string;
  /** `redis-cli` against it. */
  cli(...argv: string[]): Promise<string>;
  /** Stops (SIGSTOP), continues or kills the process. */
  signal(name: NodeJS.Signals): void;
  /** Kills it and starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

const POLICY = '/usr/sbin/policy-rc.d';

/** Installs Debian's package where we may, without starting its service; else says what to install. */
async function ensureInstalled(): Promise<void> {
  if (existsSync('/usr/bin/redis-server')) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error('these tests need /usr/bin/redis-server and redis-cli: install redis-server');
  }
  const hadPolicy = existsSync(POLICY);
  if (!hadPolicy) {
    await writeFile(POLICY, '#!/bin/sh\nexit 101\n');
    await chmod(POLICY, 0o755);
  }
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], { env });
  } finally {
    if (!hadPolicy) await rm(POLICY);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    // A Cluster node takes this port + 10000 for its bus.
    if (port < 50_000) return port;
  }
}

/** Whether something answers a PING there, be it with an error. */
export function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => {
      settle(false);
    });
    socket.once('error', () => {
      settle(false);
    });
    socket.once('data', (data) => {
      settle(/^(\+PONG|-NOAUTH|-NOPERM|-DENIED)/.test(data.toString()));
    });
    socket.write('PING\r\n');
  });
}

/** Options of a private server. */
export interface RedisServerOptions {
  /** Lines of redis.conf; `$DIR` stands for the directory. */
  readonly lines?: readonly string[];
  /** Arguments that redis-cli needs to get in. */
  readonly cliArgv?: readonly string[];
  readonly isSentinel?: boolean;
  readonly port?: number;
  /** Files to write into the directory before the start. */
  readonly directory?: string;
}

/** The text of redis.conf; every acknowledged write is on disk. */
function configurationOf(
  options: RedisServerOptions & {
    readonly directory: string;
    readonly port: number;
    readonly socket: string;
  },
): string {
  const { directory, port, socket } = options;
  const basic = [`port ${String(port)}`, 'bind 127.0.0.1', `dir ${directory}`, 'daemonize no'];
  const data = ['save ""', 'appendonly yes', 'appendfsync always', 'repl-diskless-sync-delay 0'];
  const server = options.isSentinel === true ? [] : [...data, `unixsocket ${socket}`];
  const own = (options.lines ?? []).map((line) => line.replaceAll('$DIR', directory));
  return [...basic, ...server, ...own, ''].join('\n');
}

/** Starts a private Redis and waits until it answers. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  await ensureInstalled();
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'nova-ha-redis-')));
  const port = options.port ?? (await freePort());
  const socket = join(directory, 'redis.sock');
  const configuration = join(directory, 'redis.conf');
  await writeFile(configuration, configurationOf({ ...options, directory, port, socket }));

  let child: ChildProcess;
  const start = async (): Promise<void> => {
    const argv = options.isSentinel === true ? [configuration, '--sentinel'] : [configuration];
    child = spawn('/usr/bin/redis-server', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (output += data.toString()));
    await until(() => {
      if (child.exitCode !== null) throw new Error(`redis-server ended: ${output}`);
      return answersPing(port);
    });
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    port,
    directory,
    socket,
    cli: async (...argv) => {
      const base = ['-h', '127.0.0.1', '-p', String(port), ...(options.cliArgv ?? [])];
      const { stdout } = await run('/usr/bin/redis-cli', [...base, ...argv]);
      return stdout.trim();
    },
    signal: (name) => {
      child.kill(name);
    },
    restart: async () => {
      await end();
      await start();
    },
    stop: async () => {
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A master with one replica and three Sentinels that fail over within two seconds. */
export interface SentinelSet {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly string[];
  /** The Sentinels themselves, in the order of their addresses. */
  readonly watchers: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Starts master, replica and Sentinels, and waits until they know each other. */
export async function startSentinels(): Promise<SentinelSet> {
  const master = await startRedis();
  const replica = await startRedis({ lines: [`replicaof 127.0.0.1 ${String(master.port)}`] });
  const sentinels: RedisServer[] = [];
  for (let index = 0; index < 3; index += 1) {
    const watch = `sentinel monitor mymaster 127.0.0.1 ${String(master.port)} 2`;
    const pace = ['down-after-milliseconds mymaster 500', 'failover-timeout mymaster 3000'];
    const lines = [watch, ...pace.map((line) => `sentinel ${line}`)];
    sentinels.push(await startRedis({ isSentinel: true, lines }));
  }
  await until(async () => (await master.cli('info', 'replication')).includes('state=online'));
  for (const sentinel of sentinels) {
    await until(async () => {
      const told = await sentinel.cli('sentinel', 'master', 'mymaster');
      const field = (name: string): string =>
        new RegExp(`^${name}\\n(.*)$`, 'm').exec(told)?.[1] ?? '';
      return (
        field('num-slaves') === '1' &&
        field('num-other-sentinels') === '2' &&
        field('flags') === 'master'
      );
    });
  }
  return {
    master,
    replica,
    sentinels: sentinels.map(({ port }) => `127.0.0.1:${String(port)}`),
    watchers: sentinels,
    stop: async () => {
      for (const server of [...sentinels, replica, master]) await server.stop();
    },
  };
}

/** Starts a Cluster of masters, each with `replicas` replicas, and waits until every slot is served. */
export async function startCluster(
  masters: number,
  replicas: number,
): Promise<readonly RedisServer[]> {
  const servers: RedisServer[] = [];
  for (let index = 0; index < masters * (1 + replicas); index += 1) {
    const lines = [
      'cluster-enabled yes',
      'cluster-node-timeout 1500',
      'cluster-config-file nodes.conf',
    ];
    servers.push(await startRedis({ lines }));
  }
  const nodes = servers.map(({ port }) => `127.0.0.1:${String(port)}`);
  const argv = [
    '--cluster',
    'create',
    ...nodes,
    '--cluster-replicas',
    String(replicas),
    '--cluster-yes',
  ];
  await run('/usr/bin/redis-cli', argv);
  for (const server of servers) {
    await until(async () => {
      const isServed = (await server.cli('cluster', 'info')).includes('cluster_state:ok');
      const own = await server.cli('info', 'replication');
      const isLinked = !own.includes('role:slave') || own.includes('master_link_status:up');
      return isServed && isLinked;
    });
  }
  return servers;
}

/** A certificate authority and a certificate of 127.0.0.1 and localhost, in PEM files. */
export async function makeCertificates(
  directory: string,
): Promise<{ ca: string; cert: string; key: string }> {
  const at = (name: string): string => join(directory, name);
  const openssl = (...argv: string[]): Promise<unknown> => run('openssl', argv, { cwd: directory });
  const fresh = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  await openssl(
    'req',
    '-x509',
    ...fresh,
    '-subj',
    '/CN=test authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  await openssl(
    'req',
    ...fresh.slice(0, 3),
    '-subj',
    '/CN=localhost',
    '-keyout',
    'key.pem',
    '-out',
    'request.pem',
  );
  await writeFile(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const sign = [
    '-req',
    '-in',
    'request.pem',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
  ];
  await openssl('x509', ...sign, '-days', '2', '-extfile', 'names', '-out', 'cert.pem');
  await readFile(at('cert.pem'));
  return { ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem') };
}
