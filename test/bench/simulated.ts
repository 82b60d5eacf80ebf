import { spawn } from 'node:child_process';
import { createRealClock } from '../../src/simulator/clock.ts';
import { createCloud, type Cloud } from '../../src/simulator/cloud.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { startSimulator, type Simulator } from '../../src/simulator/server.ts';
import type { Timings } from '../../src/simulator/timings.ts';

/** A simulated cloud with its HTTP face in this process. */
export interface LocalCloud {
  readonly cloud: Cloud;
  readonly server: Simulator;
}

/** Starts it on loopback. */
export async function startLocalCloud(
  hosts: number,
  timings: Partial<Timings> = {},
): Promise<LocalCloud> {
  const cloud = createCloud({
    clock: createRealClock(),
    random: createRandom(1),
    hosts,
    timings,
  });
  return { cloud, server: await startSimulator({ cloud }) };
}

/** The dead host as Pacemaker leaves it to us: powered off, and forced down by the fence agent. */
export async function fenceHost({ cloud, server }: LocalCloud, host: string): Promise<void> {
  cloud.powerOff(host);
  const token = await signIn(server.authUrl);
  const answer = await fetch(
    `${server.endpoints.compute}/os-services/${cloud.host(host).serviceUuid}`,
    {
      method: 'PUT',
      headers: {
        'X-Auth-Token': token,
        'OpenStack-API-Version': 'compute 2.93',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({
        status: 'disabled',
        disabled_reason: 'fenced',
        forced_down: true,
      }),
    },
  );
  if (!answer.ok) throw new Error(`forcing ${host} down: ${String(answer.status)}`);
  cloud.requests.reset();
}

async function signIn(authUrl: string): Promise<string> {
  const identity = {
    methods: ['password'],
    password: { user: { name: 'admin', domain: { id: 'default' }, password: 'secret' } },
  };
  const scope = { project: { name: 'admin', domain: { id: 'default' } } };
  const answer = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope } }),
  });
  return answer.headers.get('x-subject-token') ?? '';
}

/** A simulated cloud in a process of its own, so that it takes no time from what is measured here. */
export interface RemoteCloud {
  readonly authUrl: string;
  control(what: string, body?: Readonly<Record<string, unknown>>): Promise<unknown>;
  stop(): void;
}

/** Starts it with `hosts` hosts of `perHost` instances each. */
export async function startRemoteCloud(hosts: number, perHost: number): Promise<RemoteCloud> {
  const child = spawn(
    process.execPath,
    [
      'dist/simulator.cjs',
      ...['--hosts', String(hosts), '--instances', String(hosts * perHost), '--spawn-ms', '1000'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const line = await new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
  });
  const { authUrl, controlUrl } = JSON.parse(line) as { authUrl: string; controlUrl: string };
  return {
    authUrl,
    control: async (what, body) => {
      const answer = await fetch(`${controlUrl}/${what}`, {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      return answer.json();
    },
    stop: () => {
      child.kill('SIGTERM');
    },
  };
}
