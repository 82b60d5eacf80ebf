import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Host } from '../../src/simulator/hosts.ts';
import { startAgentCloud } from '../support/agent-cloud.ts';
import { built, FENCED_ENV, stdinOf } from '../support/built-agent.ts';
import { copyClassicAgents } from '../support/classic-agents.ts';
import { ensureDebianPackages } from '../support/debian-packages.ts';
import { startRedis } from '../support/redis-server.ts';

/** CPU time (user and system) from start to end of a process, the least of all runs, in milliseconds. */
export interface ColdStarts {
  readonly runs: number;
  readonly nodeMs: number;
  readonly metadataMs: number;
  readonly classicMetadataMs: number;
  readonly offMs: number;
  readonly classicOffMs: number;
}

const HOST = 'compute-1';

/**
 * Starts the agents beside Debian's, in turn, so that all of them meet the same machine. `off` is that
 * of a host which is up and enabled, with a Redis and a simulated Nova that answer at once.
 */
export async function measureColdStarts(runs: number): Promise<ColdStarts> {
  await ensureDebianPackages();
  const classic = await copyClassicAgents();
  const redis = await startRedis();
  const store = `{kind: redis, redis: {url: "redis://127.0.0.1:${String(redis.port)}"}}`;
  const world = await startAgentCloud(store);
  const host = world.cloud.host(HOST);
  const { config, ...credentials } = world.options;
  const off = { action: 'off', plug: HOST, ...credentials };
  const compute = join(classic.directory, 'fence_compute');
  const least = { node: Infinity, metadata: Infinity, classicMetadata: Infinity };
  const leastOff = { ours: Infinity, classic: Infinity };
  const path = `${classic.directory}:${FENCED_ENV['PATH'] ?? ''}`;
  const measure = (file: string, args: readonly string[], stdin = ''): Promise<number> =>
    cpuMsOf({ file, args, stdin, path });
  try {
    for (let run = 0; run < runs; run += 1) {
      least.node = Math.min(least.node, await measure(process.execPath, ['-e', '0']));
      const metadata = ['-o', 'metadata'];
      least.metadata = Math.min(least.metadata, await measure(built('fence_nova'), metadata));
      least.classicMetadata = Math.min(least.classicMetadata, await measure(compute, metadata));
      await redis.cli('flushall');
      putBack(host);
      const ours = await measure(
        built('fence_nova'),
        [],
        stdinOf({ ...off, config: config ?? '' }),
      );
      leastOff.ours = Math.min(leastOff.ours, ours);
      expectDown(host);
      putBack(host);
      leastOff.classic = Math.min(leastOff.classic, await measure(compute, [], stdinOf(off)));
      expectDown(host);
    }
  } finally {
    await world.stop();
    await redis.stop();
    await classic.remove();
  }
  return {
    runs,
    nodeMs: least.node,
    metadataMs: least.metadata,
    classicMetadataMs: least.classicMetadata,
    offMs: leastOff.ours,
    classicOffMs: leastOff.classic,
  };
}

function putBack(host: Host): void {
  host.disabled = false;
  host.forcedDown = false;
}

// An agent that failed early would look quick.
function expectDown({ forcedDown }: Host): void {
  if (!forcedDown) throw new Error(`${HOST} was not forced down`);
}

interface Call {
  readonly file: string;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly path: string;
}

// Bash knows what its children used, which Node does not tell; with a socket for its standard input it
// would read its start-up file.
function cpuMsOf({ file, args, stdin, path }: Call): Promise<number> {
  const script = 'TIMEFORMAT="%3U %3S"; time "$0" "$@" >/dev/null 2>&1';
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/bash', ['--norc', '-c', script, file, ...args], {
      env: { ...FENCED_ENV, PATH: path },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    child.on('error', reject);
    child.on('close', (code) => {
      const [user = NaN, system = NaN] = told.trim().split(' ').map(Number);
      if (code === 0 && !Number.isNaN(user + system)) resolve((user + system) * 1000);
      else reject(new Error(`${file} ${args.join(' ')} ended with ${String(code)}: ${told}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
  });
}
