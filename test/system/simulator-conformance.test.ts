/**
 * The simulated cloud is held to the expectations that were tried on a real one.
 */
import { afterAll, describe, it } from 'vitest';
import { createRealClock } from '../../src/simulator/clock.ts';
import { createCloud } from '../../src/simulator/cloud.ts';
import type { Cloud } from '../../src/simulator/cloud.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import { SUBJECTS } from '../stack/conformance/cases/index.ts';
import { createRunner } from '../stack/conformance/runner.ts';
import type { Image } from '../../src/simulator/world.ts';
import type { Target } from '../stack/conformance/target.ts';

/** As quick as the real test bed is slow; reports and down time as there. */
const TIMINGS = {
  conductorMs: 20,
  schedulerMs: 20,
  claimMs: 20,
  prepareMs: 20,
  spawnMs: 20,
  saveMs: 20,
  finishMs: 20,
  stopMs: 50,
  cleanupMs: 200,
  bootMs: 50,
  reportIntervalMs: 2_000,
  firstReportMs: 500,
  serviceDownTimeMs: 8_000,
};
const SLOW_SPAWN_MS = 2_000;

let cloud: Cloud | undefined;
let simulator: Simulator | undefined;

function running(): Cloud {
  if (cloud === undefined) throw new Error('the simulated cloud is not running');
  return cloud;
}

const target: Target = {
  get authUrl() {
    return simulator?.authUrl ?? '';
  },
  username: 'admin',
  password: 'secret',
  project: 'admin',
  hosts: ['compute-1', 'compute-2', 'compute-3', 'compute-4'],
  boot: (host, state) => Promise.resolve(running().boot({ host, vmState: state })[0] ?? ''),
  powerOff: async (host) => {
    await Promise.resolve();
    running().powerOff(host);
  },
  killCompute: async (host) => {
    await Promise.resolve();
    running().killCompute(host);
  },
  startCompute: async (host) => {
    await Promise.resolve();
    running().powerOn(host);
    running().startCompute(host);
  },
  spawning: async (host, how) => {
    await Promise.resolve();
    running().setSpawnDelay(host, how === 'slow' ? SLOW_SPAWN_MS : undefined);
    running().setSpawnFailure(host, how === 'failing' ? 'spawn' : undefined);
  },
  conductor: async (up) => {
    await Promise.resolve();
    if (up) running().bringBack('conductor');
    else running().takeDown('conductor');
  },
  aggregate: (name, hosts, choices) =>
    Promise.resolve(String(running().createAggregate(name, { hosts, ...choices }))),
  image: (name, { tags = [], fields = {} }) => {
    const {
      os_hidden: hidden = false,
      visibility = 'public',
      min_disk: disk = 0,
      ...rest
    } = fields;
    return Promise.resolve(
      running().createImage(name, {
        tags,
        hidden: hidden === true,
        visibility: visibility as Image['visibility'],
        minDiskGb: Number(disk),
        properties: rest as Record<string, string>,
      }),
    );
  },
  forget: async () => {
    await Promise.resolve();
    const { aggregates, images } = running().world;
    aggregates.clear();
    images.clear();
  },
  runningOn: (instance) =>
    Promise.resolve(
      running()
        .guests()
        .find((guest) => guest.instanceId === instance)?.hosts ?? [],
    ),
  reset: async () => {
    await simulator?.close();
    cloud = createCloud({
      clock: createRealClock(),
      random: createRandom(1),
      hosts: 4,
      timings: TIMINGS,
      microversion: { min: '2.1', max: '2.93' },
    });
    simulator = await startSimulator({ cloud });
  },
};

const runner = createRunner(target);

afterAll(async () => {
  await simulator?.close();
});

describe.each(Object.entries(SUBJECTS))('%s', (_subject, expectations) => {
  it.each(expectations)('$name', (expectation) => runner.check(expectation));
});
