/**
 * The real cloud as a target of the expectations.
 */
import type { Cloud } from '../harness/cloud.ts';
import { arrange, type Region } from '../harness/region.ts';
import { waitFor } from '../harness/wait.ts';
import type { InstanceState, Target } from './target.ts';

const SLOW_SECONDS = 20; // longer than a nova-compute takes to start and clean up on a busy machine

const ACTIONS: Readonly<Record<Exclude<InstanceState, 'active'>, unknown>> = {
  stopped: { 'os-stop': null },
  error: { 'os-resetState': { state: 'error' } },
  paused: { pause: null },
  suspended: { suspend: null },
  rescued: { rescue: {} },
};

/** Makes the real cloud a target; its hosts have to share their disks. */
export function createRealTarget(cloud: Cloud): Target {
  const { nova, hosts } = cloud;
  let arranged: Promise<Region> | null = null;
  const region = (): Promise<Region> => (arranged ??= arrange(nova));

  async function bring(instance: string, state: Exclude<InstanceState, 'active'>): Promise<void> {
    const path = `/servers/${instance}/action`;
    const reply = await nova.call({ method: 'POST', path, body: ACTIONS[state] });
    if (reply.status >= 300) throw new Error(`${state}: ${JSON.stringify(reply.body)}`);
    const there = async (): Promise<boolean> => {
      const server = await nova.server(instance);
      return server['OS-EXT-STS:vm_state'] === state && server['OS-EXT-STS:task_state'] === null;
    };
    await waitFor(there, { what: `${instance} ${state}` });
  }

  return {
    ...nova.access,
    hosts,
    async boot(host, state) {
      const [instance = ''] = await cloud.boot(1, host);
      if (state !== 'active') await bring(instance, state);
      return instance;
    },
    powerOff: (host) => cloud.powerOff(host),
    killCompute: (host) => cloud.part('kill', host),
    startCompute: (host) => cloud.powerOn(host),
    async spawning(host, how) {
      await cloud.spawnDelay(host, how === 'slow' ? SLOW_SECONDS : 0);
      await cloud.spawnFailure(host, how === 'failing');
    },
    conductor: (running) => cloud.part(running ? 'thaw' : 'freeze', 'nova-conductor'),
    aggregate: async (name, among, choices) =>
      String(await (await region()).aggregate(name, among, choices)),
    image: async (name, choices) => (await region()).image(name, choices),
    forget: async () => (await region()).clear(),
    runningOn: (instance) => cloud.runningOn(instance),
    reset: () => cloud.reset(),
  };
}
