/**
 * The real OpenStack of `test/stack/cloud`, for scenarios.
 */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { must, run } from './command.ts';
import { createNova, type Nova } from './nova.ts';

const SCRIPT = fileURLToPath(new URL('../cloud', import.meta.url));
const UP_MS = 600_000; // the first `up` installs packages and migrates schemas

/** What runs where, from the hypervisors' own notes and not from Nova. */
export interface Guests {
  /** Host to (instance to `running`, `shutdown`, `paused`, `suspended`). */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Instance to the hosts on which it runs, for those that run more than once. */
  readonly twice: Readonly<Record<string, readonly string[]>>;
}

/** What can be done to one part; a host's name stands for its nova-compute. */
export type PartVerb = 'start' | 'stop' | 'kill' | 'freeze' | 'thaw' | 'restart';

/** A running cloud. Everything rejects with the script's own words if it fails. */
export interface Cloud {
  readonly hosts: readonly string[];
  readonly nova: Nova;
  /** CLOUD_DIR: logs, settings and the hosts' knobs. */
  readonly directory: string;
  /** OS_* for a process under test. */
  env(): Readonly<Record<string, string>>;
  /** Boots instances straight onto a host and gives their ids once all are ACTIVE. */
  boot(count: number, host: string): Promise<readonly string[]>;
  guests(): Promise<Guests>;
  /** The hosts on which this instance's guest runs now. */
  runningOn(instance: string): Promise<readonly string[]>;
  powerOff(host: string): Promise<void>;
  powerOn(host: string): Promise<void>;
  powerStatus(host: string): Promise<'on' | 'off'>;
  part(verb: PartVerb, name: string): Promise<void>;
  /** From now on one nova-api, or two behind haproxy; who changes it has to change it back. */
  apis(count: 1 | 2): Promise<void>;
  /** How long each spawn on this host takes from now on; 0 is back to normal. */
  spawnDelay(host: string, seconds: number): Promise<void>;
  /** Whether each spawn on this host raises from now on. */
  spawnFailure(host: string, fails: boolean): Promise<void>;
  /** No instances, every part running, every host up and enabled. */
  reset(): Promise<void>;
  /** Remembers all instances and where they run; nobody may be at work. */
  snapshot(): Promise<void>;
  /** What the snapshot has, and nothing else; every host up and enabled. Seconds instead of minutes. */
  restore(): Promise<void>;
  /** Ends the cloud if, and only if, `startCloud` had to start it. */
  stop(): Promise<void>;
}

/** Choices of `cloud up`; what is left out stays as it is. */
export interface CloudChoices {
  readonly hosts?: readonly string[];
  /** Nova's report_interval and service_down_time in seconds. */
  readonly reportSeconds?: number;
  readonly downSeconds?: number;
}

const guestsShape = v.object({
  hosts: v.record(v.string(), v.record(v.string(), v.string())),
  twice: v.record(v.string(), v.array(v.string())),
});

/** Starts the cloud, or joins the one that runs in CLOUD_DIR already. */
export async function startCloud(choices: CloudChoices = {}): Promise<Cloud> {
  const environment = chosen(choices);
  const cloud = (...args: string[]): Promise<string> =>
    must({ file: SCRIPT, args, env: environment, timeoutMs: UP_MS });
  const act = async (...args: string[]): Promise<void> => {
    await cloud(...args);
  };

  const before = await run({ file: SCRIPT, args: ['token'] });
  if (before.code === 0 && Object.keys(environment).length > 0) await act('down');
  await act('up');

  const env = exports(await cloud('env'));
  const directory = needed(env, 'CLOUD_DIR');
  const nova = createNova({
    authUrl: needed(env, 'OS_AUTH_URL'),
    novaUrl: needed(env, 'NOVA_URL'),
    username: needed(env, 'OS_USERNAME'),
    password: needed(env, 'OS_PASSWORD'),
    project: needed(env, 'OS_PROJECT_NAME'),
  });
  const hosts = (await cloud('parts')).split('\n').filter((part) => isHost(directory, part));

  const guests = async (): Promise<Guests> => {
    // Exit code 1 says that a guest runs twice: an answer, not a failure.
    const { stdout } = await run({ file: SCRIPT, args: ['guests', '--json'], env: environment });
    return v.parse(guestsShape, JSON.parse(stdout));
  };

  return {
    hosts,
    nova,
    directory,
    env: () => env,
    async boot(count, host) {
      const lines = (await cloud('boot', String(count), host)).trim().split('\n');
      return lines.map((line) => line.split(' ', 1)[0] ?? '');
    },
    guests,
    async runningOn(instance) {
      const found = Object.entries((await guests()).hosts);
      return found.filter(([, on]) => on[instance] === 'running').map(([host]) => host);
    },
    powerOff: (host) => act('power-off', host),
    powerOn: (host) => act('power-on', host),
    powerStatus: async (host) =>
      (await cloud('power-status', host)).trim() === 'off' ? 'off' : 'on',
    part: (verb, name) => act(verb, name),
    apis: (count) => act('apis', String(count)),
    spawnDelay: (host, seconds) => knob(directory, host, 'spawn-delay', seconds > 0, seconds),
    spawnFailure: (host, fails) => knob(directory, host, 'spawn-fail', fails),
    reset: () => act('reset'),
    snapshot: () => act('snapshot'),
    restore: () => act('restore'),
    stop: () => (before.code === 0 ? Promise.resolve() : act('down')),
  };
}

function chosen(choices: CloudChoices): Record<string, string> {
  const { hosts, reportSeconds, downSeconds } = choices;
  return {
    ...(hosts === undefined ? {} : { CLOUD_HOSTS: hosts.join(' ') }),
    ...(reportSeconds === undefined ? {} : { CLOUD_REPORT: String(reportSeconds) }),
    ...(downSeconds === undefined ? {} : { CLOUD_DOWN: String(downSeconds) }),
  };
}

function exports(text: string): Readonly<Record<string, string>> {
  const pairs = text.matchAll(/^export (\w+)=(.*)$/gm);
  return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value]));
}

function needed(env: Readonly<Record<string, string>>, name: string): string {
  const value = env[name];
  if (value === undefined) throw new Error(`\`cloud env\` prints no ${name}`);
  return value;
}

function isHost(directory: string, part: string): boolean {
  return part !== '' && existsSync(`${directory}/hosts/${part}`);
}

async function knob(
  directory: string,
  host: string,
  name: string,
  set: boolean,
  value: number | '' = '',
): Promise<void> {
  const file = `${directory}/hosts/${host}/${name}`;
  await (set ? writeFile(file, String(value)) : rm(file, { force: true }));
}
