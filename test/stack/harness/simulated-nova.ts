/**
 * The simulated cloud in the place of the real one, reached by the nodes of a real cluster: for
 * scenarios in which Pacemaker matters and Nova must not take the CPU.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealClock } from '../../../src/simulator/clock.ts';
import { createCloud, type Cloud } from '../../../src/simulator/cloud.ts';
import { createFaults } from '../../../src/simulator/faults.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import type { ApiRequest } from '../../../src/simulator/request.ts';
import { startSimulator } from '../../../src/simulator/server.ts';
import type { NovaAccess } from './nova.ts';

/** A request to evacuate an instance, and which hosts were forced down when it came. */
export interface Posted {
  readonly instance: string;
  readonly forcedDown: readonly string[];
}

/** A simulated Nova for a cluster. */
export interface SimulatedNova {
  readonly cloud: Cloud;
  readonly access: NovaAccess;
  /** Its port on this machine's loopback, for CLUSTER_FORWARD. */
  readonly port: number;
  /** A program for CLUSTER_HOOK: the machine's power is the host's, nova-compute is a resource. */
  readonly hook: string;
  /** Every request to evacuate so far. */
  readonly posted: readonly Posted[];
  stop(): Promise<void>;
}

/** Hosts `compute-1` to `compute-N`; the nova-compute of those in `managed` does not start with the machine. */
export async function startSimulatedNova(choices: {
  readonly hosts: number;
  readonly managed: readonly string[];
}): Promise<SimulatedNova> {
  const cloud = createCloud({
    clock: createRealClock(),
    random: createRandom(1),
    hosts: choices.hosts,
    timings: { bootMs: 500, spawnMs: 1000, reportIntervalMs: 1000, serviceDownTimeMs: 5000 },
  });
  for (const host of choices.managed) cloud.setGate(host, true);
  const posted: Posted[] = [];
  const faults = createFaults(cloud.world.random);
  const decide: typeof faults.decide = (request) => {
    const instance = evacuated(request);
    if (instance !== null) {
      const down = cloud.hosts().filter(({ forcedDown }) => forcedDown);
      posted.push({ instance, forcedDown: down.map(({ name }) => name) });
    }
    return faults.decide(request);
  };
  const simulator = await startSimulator({ cloud, faults: { ...faults, decide } });
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-hook-'));
  const hook = join(directory, 'hook');
  await writeFile(hook, hookScript(simulator.controlUrl, choices.managed));
  await chmod(hook, 0o755);
  return {
    cloud,
    access: {
      authUrl: simulator.authUrl,
      novaUrl: simulator.endpoints.compute,
      username: 'admin',
      password: 'secret',
      project: 'admin',
    },
    port: Number(new URL(simulator.url).port),
    hook,
    posted,
    stop: async () => {
      await simulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The instance that a request wants to have evacuated, or null. */
function evacuated({ service, path, body }: ApiRequest): string | null {
  const wanted = typeof body === 'object' && body !== null && 'evacuate' in body;
  if (service !== 'compute' || !wanted) return null;
  return /\/servers\/([^/]+)\/action$/.exec(path)?.[1] ?? null;
}

const hookScript = (controlUrl: string, hosts: readonly string[]): string => `#!/bin/bash
case " ${hosts.join(' ')} " in *" $2 "*) ;; *) exit 0 ;; esac
post() { curl -sf -m 20 -H 'Content-Type: application/json' -d "{\\"host\\": \\"$2\\"}" "${controlUrl}/$1"; }
case $1 in
    off) post power-off "$2" ;;
    on) post power-on "$2" ;;
    compute-start) post start-compute "$2" ;;
    compute-stop) post kill-compute "$2" ;;
    compute-status)
        curl -sf -m 20 "${controlUrl}/hosts" | tr '}' '\\n' | grep -F "\\"name\\":\\"$2\\"" | grep -qvF '"compute":"stopped"' ;;
esac
`;
