import { handleCompute } from './api/compute.ts';
import { handleIdentity } from './api/keystone.ts';
import type { SimClock } from './clock.ts';
import { handleImage } from './glance.ts';
import { bringHands } from './hands.ts';
import type { CloudHands } from './hands.ts';
import { createHost } from './hosts.ts';
import type { HostSpec } from './hosts.ts';
import { createIdentity } from './identity.ts';
import type { IdentityOptions } from './identity.ts';
import { handleNetwork } from './neutron.ts';
import { handlePlacement } from './placement.ts';
import type { Random } from './random.ts';
import type { ApiRequest, ApiResponse } from './request.ts';
import { DEFAULT_TIMINGS } from './timings.ts';
import type { Timings } from './timings.ts';
import { createTraffic } from './traffic.ts';
import type { Traffic } from './traffic.ts';
import type { Habits, World } from './world.ts';

/** How a simulated cloud is made. */
export interface CloudOptions {
  readonly clock: SimClock;
  readonly random: Random;
  /** Hosts in detail, or how many (`compute-1` …). */
  readonly hosts: readonly HostSpec[] | number;
  readonly timings?: Partial<Timings>;
  /** Supported microversions, as `2.x`; by default 2.1 to 2.96. */
  readonly microversion?: { readonly min: string; readonly max: string };
  readonly habits?: Partial<Habits>;
  readonly identity?: IdentityOptions;
}

/** A simulated cloud: what its API answers, what the world can do to it, and the truth about its guests. */
export interface Cloud extends CloudHands {
  /** Answers one request; everything it causes later happens on the clock. */
  handle(request: ApiRequest): ApiResponse;
  /** What was asked so far. */
  readonly requests: Traffic;
  /** The state itself, for tests that look behind the API. */
  readonly world: World;
}

const DEFAULT_HABITS: Habits = {
  stripEcho: false,
  stripMicroversion: false,
  wrongLinks: false,
  ignoreTaskState: true,
  resumeGuests: false,
  guardUnforce: true,
  groupViolationIsError: true,
  enforceScope: true,
  maxLimit: 1_000,
};

function hostSpecs(hosts: CloudOptions['hosts']): readonly HostSpec[] {
  if (typeof hosts !== 'number') return hosts;
  return Array.from({ length: hosts }, (_, index) => ({ name: `compute-${index + 1}` }));
}

function minorOf(version: string): number {
  return Number(version.split('.')[1] ?? '1');
}

function createWorld(options: CloudOptions): World {
  const { clock, random } = options;
  const { min, max } = options.microversion ?? { min: '2.1', max: '2.96' };
  const world: World = {
    clock,
    random,
    timings: { ...DEFAULT_TIMINGS, ...options.timings },
    microversion: { min: minorOf(min), max: minorOf(max) },
    habits: { ...DEFAULT_HABITS, ...options.habits },
    hosts: new Map(),
    hostList: [],
    hostsByService: new Map(),
    instances: { byId: new Map(), ordered: [], nextSeq: 1, byIdOrder: undefined },
    migrations: [],
    migrationsByUuid: new Map(),
    flavors: new Map(),
    groups: new Map(),
    aggregates: new Map(),
    images: new Map(),
    plane: {
      conductorUp: true,
      schedulerUp: true,
      rabbitUp: true,
      apiSkewMs: 0,
      downCells: new Set(),
      conductorQueue: [],
      inConductor: new Set(),
    },
    identity: createIdentity(random, options.identity ?? {}),
    truth: { doubles: [], flights: new Set(), flightsPeak: 0, moves: new Set(), movesPeak: 0 },
    traffic: createTraffic(),
  };
  for (const [index, spec] of hostSpecs(options.hosts).entries()) {
    const host = createHost(world, spec, index);
    world.hosts.set(host.name, host);
    world.hostList.push(host);
    world.hostsByService.set(host.serviceUuid, host);
  }
  return world;
}

function answer(world: World, request: ApiRequest): ApiResponse {
  switch (request.service) {
    case 'identity':
      return handleIdentity(world, request);
    case 'compute':
      return handleCompute(world, request);
    case 'image':
      return handleImage(world, request);
    case 'placement':
      return handlePlacement(world, request);
    case 'network':
      return handleNetwork(world, request);
  }
}

/** Makes a cloud. All chance comes from `random` and all time from `clock`: same seed, same history. */
export function createCloud(options: CloudOptions): Cloud {
  const world = createWorld(options);
  return {
    ...bringHands(world),
    handle: (request) => answer(world, request),
    requests: world.traffic,
    world,
  };
}
