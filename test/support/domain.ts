import {
  newEvacuation,
  type Evacuation,
  type Life,
  type Progress,
  type Tracked,
} from '../../src/domain/evacuation.ts';
import type { Fleet, Service, UnreachableService } from '../../src/domain/host.ts';
import {
  asEvent,
  asHost,
  asInstance,
  type HostName,
  type InstanceId,
} from '../../src/domain/ids.ts';
import type { Instance } from '../../src/domain/instance.ts';
import type { Facts } from '../../src/domain/judge.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { wholeHost, type Mark } from '../../src/domain/mark.ts';
import type { Migration } from '../../src/domain/migration.ts';
import type { ActionTrace, Observation, Sighting } from '../../src/domain/observation.ts';
import { summaryOf, type Summary } from '../../src/domain/summary.ts';

/** The instant at which the failure of these tests was reported. */
export const T0 = 1_795_000_000_000;
export const H1 = asHost('compute-1');
export const H2 = asHost('compute-2');
export const H3 = asHost('compute-3');
export const VM = asInstance('00000000-0000-4000-8000-000000000001');
export const EVENT = asEvent('20261118T082640Z-7f3a');

/** The n-th instance. */
export const vm = (n: number): InstanceId =>
  asInstance(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);

/** A mark by a fence agent that vouches for the fencing. */
export const mark = (change: Partial<Mark> = {}): Mark => ({
  event: EVENT,
  firstAt: T0,
  at: T0,
  origin: 'fence-agent',
  by: 'ctl-1',
  claim: { source: 'mark', at: T0, detail: 'fenced by Pacemaker' },
  request: wholeHost,
  ...change,
});

/** Its nova-compute has just reported for the fourth time; the service record is of {@link REPORTED}. */
export const REPORTED = '2026-11-18T08:27:20.000000';
export const ALIVE: Life = {
  updatedAt: REPORTED,
  moves: 4,
  movedAt: T0,
  since: '2026-11-18T08:26:50.000000',
  stepMs: 10_000,
};

/** A healthy nova-compute. */
export const service = (host: HostName = H1, change: Partial<Service> = {}): Service => ({
  id: `service-of-${host}`,
  host,
  zone: 'nova',
  status: 'enabled',
  state: 'up',
  forcedDown: false,
  disabledReason: null,
  updatedAt: '2026-11-18T08:26:40.000000',
  ...change,
});

/** The same, isolated by us. */
export const isolated = (host: HostName = H1, change: Partial<Service> = {}): Service =>
  service(host, {
    status: 'disabled',
    state: 'down',
    forcedDown: true,
    disabledReason: `nova-ha: ${EVENT} evacuating (fenced)`,
    ...change,
  });

/** The list of services; conductor and scheduler are up. */
export const fleet = (
  services: readonly (Service | UnreachableService)[],
  change: Partial<Omit<Fleet, 'services'>> = {},
): Fleet => ({
  services: new Map(services.map((one) => [one.host, one])),
  conductorsUp: 1,
  schedulersUp: 1,
  ...change,
});

/** An active instance on the failed host. */
export const instance = (id: InstanceId = VM, change: Partial<Instance> = {}): Instance => ({
  id,
  name: `guest ${id.slice(-2)}`,
  projectId: 'p1',
  host: H1,
  vmState: 'active',
  taskState: null,
  powerState: 1,
  imageBacked: true,
  imageId: 'image',
  flavor: {
    name: 'm1',
    vcpus: 1,
    ramMib: 1,
    diskGib: 1,
    ephemeralGib: 0,
    swapMib: 0,
    extraSpecs: {},
  },
  metadata: {},
  tags: [],
  locked: false,
  lockedReason: null,
  availabilityZone: null,
  launched: true,
  fault: null,
  faultAt: null,
  createdAt: '2026-11-01T00:00:00Z',
  ...change,
});

/** An evacuation record away from the failed host. */
export const row = (id: number, status: string, change: Partial<Migration> = {}): Migration => ({
  id,
  uuid: `row-${String(id)}`,
  instance: VM,
  status,
  source: H1,
  destination: status === 'accepted' || status === 'error' ? null : H2,
  createdAt: '2026-11-18T08:26:50.000000',
  updatedAt: null,
  ...change,
});

/** A look at the instance alone. */
export const seen = (host: HostName | null, change: Partial<Sighting> = {}): Sighting => ({
  id: VM,
  host,
  vmState: 'active',
  taskState: null,
  fault: null,
  faultAt: null,
  ...change,
});

/** What a turn learnt about {@link VM}: nothing but that it has no records, and stands on its host. */
export const facts = (change: Partial<Facts> = {}): Facts => ({
  id: VM,
  source: H1,
  rows: known([], T0),
  onSource: known(instance(), T0),
  sighting: unknown('not looked up'),
  trace: unknown('not looked up'),
  answer: null,
  fenced: new Map(),
  livenessOf: () => 'doubtful',
  reports: new Map(),
  listed: T0,
  controlPlaneUp: true,
  ...change,
});

/** Nova denies {@link VM}, and its host's list does not have it either. */
export const DENIED: Partial<Facts> = { sighting: known(null, T0), onSource: known(null, T0) };

/** The events of an evacuation whose record is {@link row}'s; handed on to a destination that built it. */
export const traced = (change: Partial<ActionTrace> = {}): ActionTrace => ({
  requestId: 'req-1',
  startedAt: '2026-11-18T08:26:49.000000',
  scheduling: 'done',
  building: 'done',
  buildingOn: H2,
  fault: null,
  ran: false,
  ...change,
});

/** An instance of the inventory. */
export const entry = (progress: Progress, change: Partial<Tracked> = {}): Tracked => ({
  name: 'guest',
  projectId: 'p1',
  before: { vmState: 'active', taskState: null, powerState: 1, locked: false },
  exclusiveGroup: null,
  progress,
  ...change,
});

/** Waits for its first try. */
export const PENDING: Extract<Progress, { at: 'pending' }> = {
  at: 'pending',
  attempt: 0,
  after: 0,
  notBefore: T0,
  why: null,
};
/** Asked for. */
export const INTENDED: Extract<Progress, { at: 'intended' }> = {
  at: 'intended',
  attempt: 1,
  since: T0,
  after: 0,
};
/** Taken by Nova. */
export const ACCEPTED: Extract<Progress, { at: 'accepted' }> = {
  at: 'accepted',
  attempt: 1,
  since: T0,
  after: 0,
  migration: 1,
  destination: null,
  looked: T0,
};

/** A record whose host is proven off, isolated, and has these instances. */
export function evacuating(
  progresses: readonly Progress[] = [],
  change: Partial<Evacuation> = {},
): Evacuation {
  return {
    ...newEvacuation(change.host ?? H1, mark(), T0),
    phase: 'evacuating',
    proof: { source: 'mark', at: T0, detail: 'fenced by Pacemaker' },
    isolation: {
      before: { status: 'enabled', disabledReason: null, forcedDown: false },
      wasUp: false,
      since: T0,
      seen: true,
    },
    instances: Object.fromEntries(progresses.map((progress, i) => [vm(i + 1), entry(progress)])),
    ...change,
  };
}

/** Another host's record in short. */
export const peer = (host: HostName, change: Partial<Summary> = {}): Summary => ({
  ...summaryOf(evacuating([], { host })),
  ...change,
});

/** A turn that saw everything in order: the host isolated, two others up, no instances, no records. */
export const observation = (change: Partial<Observation> = {}): Observation => ({
  fleet: known(fleet([isolated(), service(H2), service(H3)]), T0),
  proof: known(null, T0),
  inventory: known([], T0),
  groups: known([], T0),
  migrations: known([], T0),
  sightings: new Map(),
  traces: new Map(),
  peers: known([], T0),
  switches: known([], T0),
  aggregates: known([], T0),
  answers: [],
  ...change,
});
