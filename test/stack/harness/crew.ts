/**
 * The built program at work on the real cloud: workers as processes, the fence agent as Pacemaker
 * calls it, and the commands of an operator, all on one store.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileStore } from '../../../src/adapters/store/file.ts';
import { createRedisStore } from '../../../src/adapters/store/redis.ts';
import { createSystemClock } from '../../../src/adapters/system.ts';
import { isActive, type Evacuation } from '../../../src/domain/evacuation.ts';
import { asHost } from '../../../src/domain/ids.ts';
import type { Store } from '../../../src/engine/ports.ts';
import {
  built,
  FENCED_ENV,
  runProgram,
  startProgram,
  stdinOf,
  type Finished,
  type Running,
} from '../../support/built-agent.ts';
import { workersOf } from '../../support/cli-process.ts';
import { watching } from '../../support/worker-stage.ts';
import type { Cloud } from './cloud.ts';
import { waitFor } from './wait.ts';

/** Where the marks are kept: a directory of the crew's own, a Redis on this port, or what Sentinels name. */
export type CrewStore =
  'file' | { readonly redisPort: number } | { readonly sentinels: readonly string[] };

/** How a crew is set up. */
export interface CrewChoices {
  readonly store?: CrewStore;
  /** NOVA_HA_* variables of the workers. */
  readonly env?: Readonly<Record<string, string>>;
  /** `short` (the usual choice here): as becomes a Nova that reports every 2 s; `default`: as shipped. */
  readonly waits?: 'short' | 'default';
  /** Further lines of the configuration file; see {@link Crew.reload}. */
  readonly policy?: string;
}

/** Workers and commands on one store. */
export interface Crew {
  readonly store: Store;
  /**
   * Writes other further lines into the configuration file, sends SIGHUP, and waits for the line of the
   * log that has these words.
   */
  reload(worker: Running, policy: string, says: string): Promise<string>;
  /** Starts a worker and waits until it watches the store. */
  worker(env?: Readonly<Record<string, string>>): Promise<Running>;
  /** Starts a worker and waits for nothing. */
  begin(env?: Readonly<Record<string, string>>): Running;
  /** A command of `nova-ha`, to its end. */
  command(...args: readonly string[]): Promise<Finished>;
  /** `fence_nova` with this action, called as Pacemaker calls it. */
  fence(
    action: 'off' | 'on',
    host: string,
    more?: Readonly<Record<string, string>>,
  ): Promise<Finished>;
  /** `NovaComputeWait wait`, which holds nova-compute back where systemd starts it. */
  gate(host: string): Running;
  /** The host loses its power, and the fence agent marks it. */
  lose(host: string): Promise<void>;
  record(host: string): Promise<Evacuation>;
  /** Waits until no instance of the host has anything left to wait for. */
  settled(host: string, timeoutMs?: number): Promise<Evacuation>;
  /** Waits until the host was taken back. */
  closed(host: string, timeoutMs?: number): Promise<Evacuation>;
  /** Everything that the workers have said so far. */
  said(): string;
  /** Ends every process and removes the store. */
  stop(): Promise<void>;
}

/**
 * Nova reports every 2 s here instead of every 10 s, so the waits that are made of reports are shorter
 * by as much; everything else is the default.
 */
const QUICK: Readonly<Record<string, string>> = {
  NOVA_HA_READMIT_CONFIRM: '3s',
  NOVA_HA_READMIT_HEALTHY: '5s',
  NOVA_HA_FRESHNESS_IDLE: '1s',
  NOVA_HA_FRESHNESS_FLEET: '6s',
};

/** Sets up a crew; no worker runs yet. */
export async function createCrew(cloud: Cloud, choices: CrewChoices = {}): Promise<Crew> {
  const { store: place = 'file', env: chosen = {}, waits = 'short', policy = '' } = choices;
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-crew-'));
  const config = join(directory, 'config.yaml');
  const configure = (lines: string): Promise<void> =>
    writeFile(config, configuration(cloud, directory, place) + lines, { mode: 0o600 });
  await configure(policy);
  const store = openStore(place, directory);
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: directory,
    USER: 'anna',
    NOVA_HA_CONFIG: config,
    NOVA_HA_STATE_DIRECTORY: join(directory, 'state'),
    NOVA_HA_RUN_DIRECTORY: join(directory, 'run'),
    NOVA_HA_LOG_LEVEL: 'debug',
    // Rounds lose the same few hosts again and again, and want them back.
    NOVA_HA_FLAP_COUNT: '0',
    ...(waits === 'short' ? QUICK : {}),
    ...chosen,
  };
  const running: Running[] = [];
  let said = '';
  const log = createWriteStream(join(cloud.directory, 'log', 'worker.log'), { flags: 'a' });
  // A test that ran out of time leaves no process behind either.
  process.once('exit', () => {
    for (const { child } of running) child.kill('SIGKILL');
  });

  const begin: Crew['begin'] = (more = {}) => {
    const args = [built('nova-ha.cjs'), 'worker'];
    const worker = startProgram(process.execPath, {
      args,
      env: { ...env, ...more },
      cwd: directory,
    });
    worker.child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      log.write(chunk);
    });
    running.push(worker);
    return worker;
  };
  const fence: Crew['fence'] = (action, host, more = {}) =>
    runProgram(built('fence_nova'), {
      env: { ...FENCED_ENV, HOME: directory },
      input: stdinOf({ action, plug: host, config, ...more }),
    });
  const record: Crew['record'] = async (host) => {
    const read = await store.read(asHost(host));
    if (read.kind === 'unknown') throw new Error(read.why);
    if (read.value === null) throw new Error(`${host} has no record`);
    return read.value.evacuation;
  };
  const until = (
    host: string,
    is: (evacuation: Evacuation) => boolean,
    what: string,
    timeoutMs: number,
  ): Promise<Evacuation> =>
    waitFor(
      async () => {
        const evacuation = await record(host);
        if (is(evacuation)) return evacuation;
        throw new Error(briefly(evacuation));
      },
      { what: `${host} ${what}`, timeoutMs, everyMs: 200 },
    );

  return {
    store,
    async reload(worker, lines, says) {
      const before = said.length;
      await configure(lines);
      worker.child.kill('SIGHUP');
      const found = (): string | undefined =>
        said
          .slice(before)
          .split('\n')
          .find((line) => line.includes(says));
      return waitFor(found, { what: `a line with: ${says}` });
    },
    begin,
    async worker(more) {
      const worker = begin(more);
      await watching(worker);
      return worker;
    },
    command: (...args) =>
      runProgram(process.execPath, { args: [built('nova-ha.cjs'), ...args], env, cwd: directory }),
    fence,
    gate(host) {
      const env = { ...FENCED_ENV, OCF_RESKEY_config: config, OCF_RESKEY_host: host };
      const gate = startProgram(built('ocf/NovaComputeWait'), { args: ['wait'], env });
      running.push(gate);
      return gate;
    },
    async lose(host) {
      await cloud.powerOff(host);
      const { code, err } = await fence('off', host);
      if (code !== 0) throw new Error(`fence_nova off ${host}: ${err}`);
    },
    record,
    settled: (host, timeoutMs = 180_000) =>
      until(host, (evacuation) => !isActive(evacuation), 'settled', timeoutMs),
    closed: (host, timeoutMs = 180_000) =>
      until(host, ({ phase }) => phase === 'closed', 'taken back', timeoutMs),
    said: () => said,
    async stop() {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ finished }) => finished));
      for (const pid of await workersOf(directory)) process.kill(pid, 'SIGKILL');
      await store.close();
      log.end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function openStore(place: CrewStore, directory: string): Store {
  const clock = createSystemClock();
  if (place === 'file') return createFileStore({ directory: join(directory, 'store'), clock });
  const redis =
    'sentinels' in place
      ? { sentinels: place.sentinels }
      : { url: `redis://127.0.0.1:${String(place.redisPort)}` };
  return createRedisStore({ redis, clock });
}

function inYaml(place: CrewStore, directory: string): string {
  if (place === 'file') return `{kind: file, directory: "${join(directory, 'store')}"}`;
  return 'sentinels' in place
    ? `{kind: redis, redis: {sentinels: ${JSON.stringify(place.sentinels)}}}`
    : `{kind: redis, redis: {url: "redis://127.0.0.1:${String(place.redisPort)}"}}`;
}

function configuration(cloud: Cloud, directory: string, place: CrewStore): string {
  const { authUrl, username, password, project } = cloud.nova.access;
  return `state_directory: ${join(directory, 'state')}
run_directory: ${join(directory, 'run')}
store: ${inYaml(place, directory)}
region: RegionOne
openstack:
  auth_url: ${authUrl}
  username: ${username}
  password: ${password}
  project_name: ${project}
  user_domain_name: Default
  project_domain_name: Default
`;
}

/** Where a host stands, in a few words for the message of a wait that was in vain. */
function briefly({ phase, instances, reasons }: Evacuation): string {
  const counts: Record<string, number> = {};
  for (const { progress } of Object.values(instances)) {
    const why = 'why' in progress && progress.why !== null ? ` ${progress.why.code}` : '';
    counts[progress.at + why] = (counts[progress.at + why] ?? 0) + 1;
  }
  return JSON.stringify({ phase, reasons: reasons.map(({ code }) => code), ...counts });
}
