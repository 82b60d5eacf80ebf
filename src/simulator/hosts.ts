import type { Instance } from './instances.ts';
import type { Migration } from './migrations.ts';
import type { Flight, World } from './world.ts';

/** What a host's instances directory is, as nova-compute finds it. */
export type StorageKind = 'shared' | 'rbd' | 'local';

/** Why the next rebuilds on a host fail; `claim` fails before anything is touched. */
export type SpawnFailure = 'claim' | 'spawn' | 'image' | 'network' | 'volume';

/** What a world is told about one host; everything but the name has a default. */
export interface HostSpec {
  readonly name: string;
  /** hypervisor_hostname; differs from the service host in many clouds. */
  readonly nodeName?: string;
  readonly cell?: string;
  readonly zone?: string;
  readonly storage?: StorageKind;
  readonly vcpus?: number;
  readonly memoryMb?: number;
  readonly diskGb?: number;
  /** At most so many instances, whatever their size. */
  readonly capacity?: number;
  readonly disabled?: boolean;
  readonly disabledReason?: string;
}

/** A compute host: machine, hypervisor, nova-compute and its service record. */
export interface Host {
  readonly name: string;
  readonly nodeName: string;
  readonly nodeUuid: string;
  readonly serviceUuid: string;
  readonly serviceId: number;
  readonly cell: string;
  readonly zone: string;
  readonly ip: string;
  readonly storage: StorageKind;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  readonly createdAtMs: number;
  capacity: number;
  disabled: boolean;
  disabledReason: string | null;
  forcedDown: boolean;
  /** Last change of the record by the API; reports move `updated_at` too. */
  savedAtMs: number;
  /** First report of the present run of reports; undefined while none are sent. */
  reportingSinceMs: number | undefined;
  /** Last report before the present run. */
  lastReportMs: number | undefined;
  /** COMPUTE_STATUS_DISABLED in placement: follows `disabled` only through nova-compute. */
  traitDisabled: boolean;
  machine: 'on' | 'off' | 'booting';
  compute: 'running' | 'starting' | 'frozen' | 'stopped';
  /** Counts starts and deaths of nova-compute, so that work of an earlier process is dropped. */
  life: number;
  /** nova-compute is held back at boot until it is started by hand. */
  gated: boolean;
  /** The hypervisor starts its former guests at boot, before nova-compute cleans up. */
  autostart: boolean;
  spawnFailure: SpawnFailure | undefined;
  spawnMs: number | undefined;
  /** Messages that wait for this nova-compute, in RabbitMQ. */
  readonly queue: (() => void)[];
  /** Steps which a frozen nova-compute will take up when it thaws. */
  readonly deferred: (() => void)[];
  /** Domains which the hypervisor knows. */
  readonly guests: Map<Instance, 'running' | 'stopped'>;
  /** Guests that ran when the machine lost its power. */
  readonly interrupted: Set<Instance>;
  /** Instances whose `host` is this one. */
  readonly instances: Set<Instance>;
  /** Placement allocations against this host. */
  readonly allocations: Set<Instance>;
  usedVcpus: number;
  usedMemoryMb: number;
  usedDiskGb: number;
  readonly migrationsFrom: Migration[];
  readonly migrationsTo: Migration[];
  /** Evacuations that are under way to this host. */
  readonly flights: Set<Flight>;
  flightsPeak: number;
}

/** Builds a host that is up and has been reporting, at a phase of its own. */
export function createHost(world: World, spec: HostSpec, index: number): Host {
  const nowMs = world.clock.now();
  const disabled = spec.disabled ?? false;
  return {
    name: spec.name,
    nodeName: spec.nodeName ?? spec.name,
    nodeUuid: world.random.uuid(),
    serviceUuid: world.random.uuid(),
    serviceId: index + 10,
    cell: spec.cell ?? 'cell1',
    zone: spec.zone ?? 'nova',
    ip: `192.0.2.${(index % 254) + 1}`,
    storage: spec.storage ?? 'shared',
    vcpus: spec.vcpus ?? 1_000,
    memoryMb: spec.memoryMb ?? 8_000_000,
    diskGb: spec.diskGb ?? 600_000,
    createdAtMs: nowMs - 86_400_000,
    capacity: spec.capacity ?? Number.POSITIVE_INFINITY,
    disabled,
    disabledReason: spec.disabledReason ?? null,
    forcedDown: false,
    savedAtMs: nowMs - 86_400_000,
    reportingSinceMs: nowMs - world.random.below(world.timings.reportIntervalMs),
    lastReportMs: undefined,
    traitDisabled: disabled,
    machine: 'on',
    compute: 'running',
    life: 0,
    gated: false,
    autostart: false,
    spawnFailure: undefined,
    spawnMs: undefined,
    queue: [],
    deferred: [],
    guests: new Map(),
    interrupted: new Set(),
    instances: new Set(),
    allocations: new Set(),
    usedVcpus: 0,
    usedMemoryMb: 0,
    usedDiskGb: 0,
    migrationsFrom: [],
    migrationsTo: [],
    flights: new Set(),
    flightsPeak: 0,
  };
}

/** When the service last reported; computed, so that a thousand idle hosts need no timers. */
export function lastReport(world: World, host: Host): number | undefined {
  const sinceMs = host.reportingSinceMs;
  const nowMs = world.clock.now();
  if (sinceMs === undefined || nowMs < sinceMs) return host.lastReportMs;
  const intervalMs = world.timings.reportIntervalMs;
  return sinceMs + Math.floor((nowMs - sinceMs) / intervalMs) * intervalMs;
}

/** Begins reports at `fromMs`, or ends them now (undefined). */
export function setReporting(world: World, host: Host, fromMs: number | undefined): void {
  host.lastReportMs = lastReport(world, host);
  host.reportingSinceMs = fromMs;
}

/** The zone of a host: that of an aggregate it is in, else the one it was made in. */
export function zoneOf(world: World, host: Host): string {
  for (const { zone, hosts } of world.aggregates.values()) {
    if (zone !== null && hosts.has(host.name)) return zone;
  }
  return host.zone;
}

/** Nova's view (servicegroup/drivers/db.py, is_up): not forced down, and the last report is near in either direction. */
export function isServiceUp(world: World, host: Host): boolean {
  if (host.forcedDown) return false;
  const seenMs = lastReport(world, host) ?? host.createdAtMs;
  const apiNowMs = world.clock.now() + world.plane.apiSkewMs;
  return Math.abs(apiNowMs - seenMs) <= world.timings.serviceDownTimeMs;
}

/** The record's updated_at: the later of the last API change and the last report. */
export function serviceUpdatedAt(world: World, host: Host): number {
  return Math.max(host.savedAtMs, lastReport(world, host) ?? 0);
}

/** Whether nova-compute can reach the database through RabbitMQ and a conductor. */
export function isPlaneUp(world: World): boolean {
  return world.plane.rabbitUp && world.plane.conductorUp;
}

/** Books an instance on a host in placement; a second booking of the same one changes nothing. */
export function allocate(host: Host, instance: Instance): void {
  if (host.allocations.has(instance)) return;
  host.allocations.add(instance);
  host.usedVcpus += instance.flavor.vcpus;
  host.usedMemoryMb += instance.flavor.memoryMb;
  host.usedDiskGb += instance.flavor.diskGb;
}

/** Removes a booking, if it is there. */
export function release(host: Host, instance: Instance): void {
  if (!host.allocations.delete(instance)) return;
  host.usedVcpus -= instance.flavor.vcpus;
  host.usedMemoryMb -= instance.flavor.memoryMb;
  host.usedDiskGb -= instance.flavor.diskGb;
}

/** Whether one more instance of this size fits. */
export function hasRoomFor(host: Host, instance: Instance): boolean {
  if (host.allocations.has(instance)) return host.allocations.size <= host.capacity;
  return (
    host.allocations.size < host.capacity &&
    host.usedVcpus + instance.flavor.vcpus <= host.vcpus * 4 &&
    host.usedMemoryMb + instance.flavor.memoryMb <= host.memoryMb &&
    host.usedDiskGb + instance.flavor.diskGb <= host.diskGb
  );
}
