import { deleteInstance } from './api/servers.ts';
import { bootInstances } from './booting.ts';
import type { BootOptions } from './booting.ts';
import { bringBack, takeDown } from './control-plane.ts';
import type { PlanePart } from './control-plane.ts';
import { acceptEvacuation } from './evacuation.ts';
import { listGuests } from './guests.ts';
import type { DoubleRun, GuestPlace } from './guests.ts';
import type { Host, SpawnFailure } from './hosts.ts';
import { saveInstance } from './instances.ts';
import type { EvacuatePost, Instance } from './instances.ts';
import { freezeCompute, killCompute, powerOff, powerOn, setGate, thawCompute } from './machines.ts';
import { startCompute } from './returning.ts';
import type { Aggregate, Image, ServerGroup, World } from './world.ts';

/** What an operator, an accident or a test can do to a cloud, and what it can see of the truth. */
export interface CloudHands {
  /** Creates instances; returns their ids. */
  boot(options: BootOptions): string[];
  deleteInstance(id: string): void;
  /** Changes states in the database behind Nova's back. */
  setInstanceState(id: string, state: { vmState?: string; taskState?: string | null }): void;
  createServerGroup(policy: string, options?: { name?: string; maxServerPerHost?: number }): string;
  createAggregate(
    name: string,
    options?: { hosts?: readonly string[]; zone?: string; metadata?: Record<string, string> },
  ): number;
  createImage(
    name: string,
    options?: Partial<Omit<Image, 'id' | 'name'>> & { id?: string },
  ): string;
  /** Cuts the power of a host: nova-compute and guests die. */
  powerOff(host: string): void;
  powerOn(host: string): void;
  /** Ends nova-compute; the guests run on. */
  killCompute(host: string): void;
  freezeCompute(host: string): void;
  thawCompute(host: string): void;
  startCompute(host: string): void;
  /** Holds nova-compute back at the next boot, or lets it go. */
  setGate(host: string, gated: boolean): void;
  /** Whether the hypervisor starts former guests at boot. */
  setAutostart(host: string, autostart: boolean): void;
  setCapacity(host: string, instances: number): void;
  setSpawnFailure(host: string, failure: SpawnFailure | undefined): void;
  setSpawnDelay(host: string, spawnMs: number | undefined): void;
  takeDown(part: PlanePart): void;
  bringBack(part: PlanePart): void;
  cellDown(cell: string): void;
  cellUp(cell: string): void;
  /** Puts nova-api's clock ahead (or behind) of the reports. */
  setApiSkew(skewMs: number): void;
  /** Somebody else evacuates: returns the request id, or undefined if nothing was accepted. */
  evacuateByHand(id: string, requestedHost?: string): string | undefined;
  /** Expires every token now. */
  expireTokens(): void;
  host(name: string): Readonly<Host>;
  hosts(): readonly Readonly<Host>[];
  instance(id: string): Readonly<Instance>;
  /** Where every guest runs, orphans included. */
  guests(): readonly GuestPlace[];
  /** Every time an instance began to run on a second host. */
  doubles(): readonly DoubleRun[];
  /** Evacuate requests accepted for an instance, in order. */
  evacuatePosts(id: string): readonly EvacuatePost[];
  /** Evacuations under way now, and at most so far. */
  flights(): {
    readonly now: number;
    readonly peak: number;
    readonly peakByDestination: Record<string, number>;
  };
}

function hostOf(world: World, name: string): Host {
  const host = world.hosts.get(name);
  if (host === undefined) throw new Error(`the simulated cloud has no host ${name}`);
  return host;
}

function instanceOf(world: World, id: string): Instance {
  const instance = world.instances.byId.get(id);
  if (instance === undefined) throw new Error(`the simulated cloud has no instance ${id}`);
  return instance;
}

type ThingHands = Pick<
  CloudHands,
  | 'boot'
  | 'deleteInstance'
  | 'setInstanceState'
  | 'createServerGroup'
  | 'createAggregate'
  | 'createImage'
>;

function thingHands(world: World): ThingHands {
  return {
    boot: (options) => bootInstances(world, options).map((instance) => instance.id),
    deleteInstance: (id) => {
      deleteInstance(world, instanceOf(world, id));
    },
    setInstanceState: (id, state) => {
      saveInstance(world, instanceOf(world, id), state);
    },
    createServerGroup: (policy, options = {}) => {
      const id = world.random.uuid();
      const { defaultProjectId: projectId, defaultUserId: userId } = world.identity;
      const { name = `group-${world.groups.size + 1}`, maxServerPerHost } = options;
      const group: ServerGroup = {
        id,
        name,
        policy,
        maxServerPerHost,
        projectId,
        userId,
        members: new Set(),
      };
      world.groups.set(id, group);
      return id;
    },
    createAggregate: (name, options = {}) => {
      const aggregate: Aggregate = {
        id: world.aggregates.size + 1,
        uuid: world.random.uuid(),
        name,
        zone: options.zone ?? null,
        hosts: new Set(options.hosts ?? []),
        metadata: { ...options.metadata },
        createdAtMs: world.clock.now(),
      };
      world.aggregates.set(aggregate.id, aggregate);
      return aggregate.id;
    },
    createImage: (name, options = {}) => {
      const image: Image = {
        tags: [],
        hidden: false,
        visibility: 'public',
        owner: world.identity.defaultProjectId,
        status: 'active',
        minDiskGb: 0,
        properties: {},
        createdAtMs: world.clock.now(),
        ...options,
        id: options.id ?? world.random.uuid(),
        name,
      };
      world.images.set(image.id, image);
      return image.id;
    },
  };
}

type HostHands = Pick<
  CloudHands,
  | 'powerOff'
  | 'powerOn'
  | 'killCompute'
  | 'freezeCompute'
  | 'thawCompute'
  | 'startCompute'
  | 'setGate'
  | 'setAutostart'
  | 'setCapacity'
  | 'setSpawnFailure'
  | 'setSpawnDelay'
>;

function hostHands(world: World): HostHands {
  const on =
    (act: (world: World, host: Host) => void) =>
    (name: string): void => {
      act(world, hostOf(world, name));
    };
  return {
    powerOff: on(powerOff),
    powerOn: on(powerOn),
    killCompute: on(killCompute),
    freezeCompute: on(freezeCompute),
    thawCompute: on(thawCompute),
    startCompute: on(startCompute),
    setGate: (name, gated) => {
      setGate(world, hostOf(world, name), gated);
    },
    setAutostart: (name, autostart) => {
      hostOf(world, name).autostart = autostart;
    },
    setCapacity: (name, instances) => {
      hostOf(world, name).capacity = instances;
    },
    setSpawnFailure: (name, failure) => {
      hostOf(world, name).spawnFailure = failure;
    },
    setSpawnDelay: (name, spawnMs) => {
      hostOf(world, name).spawnMs = spawnMs;
    },
  };
}

function evacuateByHand(world: World, id: string, requestedHost?: string): string | undefined {
  const instance = instanceOf(world, id);
  if (instance.host === undefined || instance.deleted) return undefined;
  const requestId = `req-${world.random.uuid()}`;
  const accepted = acceptEvacuation(world, {
    instance,
    source: instance.host,
    requestedHost: requestedHost === undefined ? undefined : hostOf(world, requestedHost),
    bypassScheduler: false,
    endStopped: false,
    requestId,
    userId: world.identity.defaultUserId,
    projectId: world.identity.defaultProjectId,
  });
  return accepted === undefined ? undefined : requestId;
}

type PlaneHands = Pick<
  CloudHands,
  | 'takeDown'
  | 'bringBack'
  | 'cellDown'
  | 'cellUp'
  | 'setApiSkew'
  | 'evacuateByHand'
  | 'expireTokens'
>;

function planeHands(world: World): PlaneHands {
  return {
    takeDown: (part) => {
      takeDown(world, part);
    },
    bringBack: (part) => {
      bringBack(world, part);
    },
    cellDown: (cell) => {
      world.plane.downCells.add(cell);
    },
    cellUp: (cell) => {
      world.plane.downCells.delete(cell);
    },
    setApiSkew: (skewMs) => {
      world.plane.apiSkewMs = skewMs;
    },
    evacuateByHand: (id, requestedHost) => evacuateByHand(world, id, requestedHost),
    expireTokens: () => {
      world.identity.tokens.clear();
    },
  };
}

/** Gathers the hands of a cloud; unknown names are mistakes of the caller and throw. */
export function bringHands(world: World): CloudHands {
  return {
    ...thingHands(world),
    ...hostHands(world),
    ...planeHands(world),
    host: (name) => hostOf(world, name),
    hosts: () => world.hostList,
    instance: (id) => instanceOf(world, id),
    guests: () => listGuests(world),
    doubles: () => world.truth.doubles,
    evacuatePosts: (id) => instanceOf(world, id).evacuatePosts,
    flights: () => ({
      now: world.truth.flights.size,
      peak: world.truth.flightsPeak,
      peakByDestination: Object.fromEntries(
        world.hostList
          .filter((host) => host.flightsPeak > 0)
          .map((host) => [host.name, host.flightsPeak]),
      ),
    }),
  };
}
