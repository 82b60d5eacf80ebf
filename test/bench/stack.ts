import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startCloud, type Cloud } from '../stack/harness/cloud.ts';
import { cpuSeconds } from '../stack/harness/cpu.ts';
import { runningElsewhere } from '../stack/harness/guest-watch.ts';
import { waitFor } from '../stack/harness/wait.ts';
import { ensureDebianPackages } from '../support/debian-packages.ts';
import { WAYS, YARDSTICK, type Way } from './evacuation-ways.ts';

/**
 * What an evacuation takes on the real cloud: `npm run bench:stack -- [INSTANCES [ROUNDS [WAYS]]]`, WAYS
 * being parts of the names of those to try. Ours, an ideal client that keeps as many in flight and does
 * nothing else, and the tools of OpenStack and Debian. Each round tries every way once, so that a busy
 * moment of the machine does not count against one of them alone; the best round of each is compared.
 * Nothing is asserted.
 */
const HOST = 'compute-1';
const count = Number(process.argv[2] ?? 100);
const rounds = Number(process.argv[3] ?? 3);
const wanted = process.argv.slice(4);
const ways = WAYS.filter(
  ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
);

/** One evacuation of the whole host. */
interface Run {
  /** From its start until the last guest runs elsewhere; Infinity when one never does. */
  readonly seconds: number;
  /** What the cloud worked meanwhile; it depends less on what else the machine does. */
  readonly cpuS: number;
  readonly calls: number;
  readonly posts: number;
  readonly inFlight: number;
  /** Instances per host afterwards, the failed one first. */
  readonly spread: string;
  readonly active: number;
  readonly twice: number;
}

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

async function measure(cloud: Cloud, ids: readonly string[], way: Way): Promise<Run> {
  await cloud.restore();
  await cloud.powerOff(HOST);
  const log = join(cloud.directory, 'log', 'nova-api.log');
  const { size } = await stat(log);
  const cpuBefore = await cpuSeconds(cloud.directory);
  let began = performance.now();
  const arrived = async (): Promise<boolean> => {
    const there = await runningElsewhere(cloud.directory, cloud.hosts, HOST);
    return ids.every((id) => there.has(id));
  };
  const moved = waitFor(arrived, { what: 'all elsewhere', timeoutMs: 900_000, everyMs: 50 }).then(
    () => (performance.now() - began) / 1000,
    () => Infinity,
  );
  await way.evacuate(cloud, HOST, ids, () => {
    began = performance.now();
  });
  const seconds = await moved;
  const cpuS = (await cpuSeconds(cloud.directory)) - cpuBefore;
  const requests = (await readFile(log)).subarray(size).toString();
  await quiet(cloud);
  const { twice } = await cloud.guests();
  const servers = await Promise.all(cloud.hosts.map((host) => cloud.nova.servers(host)));
  return {
    seconds,
    cpuS,
    calls: requests.match(/"(GET|POST|PUT) \/v2\.1\S*/g)?.length ?? 0,
    posts: requests.match(/"POST \/v2\.1\S*/g)?.length ?? 0,
    inFlight: await mostInFlight(cloud),
    spread: servers.map(({ length }) => length).join('/'),
    active: servers.flat().filter(({ status }) => status === 'ACTIVE').length,
    twice: Object.keys(twice).length,
  };
}

/** Waits until Nova has nothing left to write, so that nothing of this round reaches the next one. */
async function quiet(cloud: Cloud): Promise<void> {
  const isOver = async (): Promise<boolean> => {
    const rows = await cloud.nova.migrations(HOST);
    return rows.every(({ status }) => !['accepted', 'pre-migrating'].includes(status));
  };
  const what = 'no evacuation under way';
  await waitFor(isOver, { what, timeoutMs: 120_000, everyMs: 1000 }).catch(() => null);
}

/** The most evacuations that were under way at once, by the dates of Nova's records (whole seconds). */
async function mostInFlight(cloud: Cloud): Promise<number> {
  const rows = await cloud.nova.migrations(HOST);
  const flights = rows.map(({ created_at: from, updated_at: to }) => ({ from, to: to ?? '9' }));
  return Math.max(
    0,
    ...flights.map(
      ({ from: at }) => flights.filter(({ from, to }) => from <= at && at < to).length,
    ),
  );
}

const COLUMNS = [30, 8, 8, 6, 6, 6, 9, 13, 6, 5];
const line = (...cells: readonly string[]): string =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(30) : cell.padStart(COLUMNS[at] ?? 0))).join(' ');
const bySeconds = (a: Run, b: Run): number => a.seconds - b.seconds;

function table(runs: ReadonlyMap<string, readonly Run[]>): void {
  const yardstick = bestOf(runs, YARDSTICK);
  print();
  print(`${String(count)} instances on one host, best of ${String(rounds)} rounds`);
  print(
    line(
      '',
      'seconds',
      'to ideal',
      'CPU s',
      'calls',
      'POSTs',
      'in flight',
      'per host',
      'ACTIVE',
      'twice',
    ),
  );
  for (const { name } of ways) {
    const best = bestOf(runs, name);
    if (best === undefined || yardstick === undefined) continue;
    const { seconds, cpuS, calls, posts, inFlight, spread, active, twice } = best;
    const ratio = (seconds / yardstick.seconds).toFixed(2);
    const numbers = [cpuS.toFixed(0), ...[calls, posts, inFlight].map(String)];
    print(line(name, seconds.toFixed(1), ratio, ...numbers, spread, String(active), String(twice)));
  }
  const seconds = (name: string): number => bestOf(runs, name)?.seconds ?? NaN;
  const own = seconds('nova-ha');
  print();
  print(`nova-ha takes ${(own / seconds(YARDSTICK)).toFixed(2)} of the ideal (at most 1.15);`);
  for (const name of ['nova host-evacuate', 'fence_evacuate, patched']) {
    if (!runs.has(name)) continue;
    print(`${name} takes ${(seconds(name) / own).toFixed(2)} of nova-ha (at least 1.30)`);
  }
}

function bestOf(runs: ReadonlyMap<string, readonly Run[]>, name: string): Run | undefined {
  return runs.get(name)?.toSorted(bySeconds)[0];
}

await ensureDebianPackages();
// So that the worker, which is ended at the exit, does not outlive us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.env['CLOUD_TIMEOUT'] ??= '900'; // a hundred instances are deleted and booted
const cloud = await startCloud();
const runs = new Map<string, Run[]>();
try {
  await cloud.reset();
  const ids = await cloud.boot(count, HOST);
  await cloud.snapshot();
  for (let round = 1; round <= rounds; round += 1) {
    for (const way of ways) {
      const result = await measure(cloud, ids, way);
      runs.set(way.name, [...(runs.get(way.name) ?? []), result]);
      print(`round ${String(round)}: ${way.name.padEnd(30)} ${result.seconds.toFixed(1)} s`);
    }
  }
} finally {
  await cloud.stop();
  if (runs.size > 0) table(runs);
}
