import type { HostName, InstanceId } from './ids.ts';
import type { Instance } from './instance.ts';
import { DEFAULT_ORDER } from './order.ts';

/** What Placement says is free on a host: inventory less what is reserved, times the ratio, less what is used. */
export interface Room {
  readonly host: HostName;
  readonly vcpus: number;
  /** Dedicated CPUs. */
  readonly pcpus: number;
  readonly memoryMib: number;
  /** Null: its disks are no resource of its own (shared storage). */
  readonly diskGib: number | null;
  /** Placement itself keeps the scheduler from it (trait COMPUTE_STATUS_DISABLED). */
  readonly disabled: boolean;
}

/** What an instance takes on a host. */
export interface Need {
  readonly id: InstanceId;
  readonly priority: number;
  readonly exclusiveGroup: string | null;
  readonly zone: string | null;
  readonly vcpus: number;
  readonly pcpus: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  /** It asks for more than sizes (traits, devices, own resources), which is not looked into. */
  readonly special: boolean;
}

/** Whether there is room for an instance, by sizes. */
export type Fit = 'fits' | 'no-room' | 'unknown';

/** Whether a whole host would find room. */
export interface Forecast {
  readonly of: ReadonlyMap<InstanceId, Fit>;
  readonly fits: number;
  readonly short: number;
  readonly unknown: number;
}

/** A host that may take instances, with what is free there. */
export interface OpenRoom extends Room {
  readonly zone: string | null;
}

const SIZES = ['resources:VCPU', 'resources:PCPU', 'resources:MEMORY_MB', 'resources:DISK_GB'];
const SPECIAL = /^(resources\d*:|trait\d*:|pci_passthrough:alias|accel:|aggregate_)/;

/**
 * What an instance takes, as nova.scheduler.utils.ResourceRequest counts it: the root disk of one that
 * boots from a volume is none, dedicated CPUs are PCPU, and `resources:` in the flavor overrides.
 */
export function needOf(
  instance: Instance,
  place: { readonly priority?: number; readonly exclusiveGroup?: string | null } = {},
): Need {
  const { flavor } = instance;
  const specs = flavor.extraSpecs;
  const given = (key: string, usual: number): number => {
    const written = Number(specs[key] ?? Number.NaN);
    return Number.isFinite(written) ? written : usual;
  };
  const dedicated = specs['hw:cpu_policy'] === 'dedicated';
  const root = instance.imageBacked ? flavor.diskGib : 0;
  const disk = root + flavor.ephemeralGib + Math.ceil(flavor.swapMib / 1024);
  return {
    id: instance.id,
    priority: place.priority ?? DEFAULT_ORDER.priority,
    exclusiveGroup: place.exclusiveGroup ?? null,
    zone: instance.availabilityZone,
    vcpus: given('resources:VCPU', dedicated ? 0 : flavor.vcpus),
    pcpus: given('resources:PCPU', dedicated ? flavor.vcpus : 0),
    memoryMib: given('resources:MEMORY_MB', flavor.ramMib),
    diskGib: given('resources:DISK_GB', disk),
    special: Object.keys(specs).some((key) => SPECIAL.test(key) && !SIZES.includes(key)),
  };
}

interface Bin {
  readonly zone: string | null;
  vcpus: number;
  pcpus: number;
  memoryMib: number;
  diskGib: number;
  readonly groups: Set<string>;
}

/**
 * First fit, the important and then the large ones first. Only sizes are looked at, and members of one
 * anti-affinity group kept apart. Room in another zone than the instance's own does not count for sure:
 * no API below 2.96 tells whether it is bound to its zone.
 */
export function capacityOf(needs: readonly Need[], rooms: readonly OpenRoom[]): Forecast {
  const bins: readonly Bin[] = rooms
    .filter(({ disabled }) => !disabled)
    .map(({ zone, vcpus, pcpus, memoryMib, diskGib }) => ({
      ...{ zone, vcpus, pcpus, memoryMib },
      diskGib: diskGib ?? Infinity,
      groups: new Set<string>(),
    }));
  const sorted = [...needs].sort(
    (a, b) =>
      b.priority - a.priority || b.memoryMib - a.memoryMib || b.vcpus + b.pcpus - a.vcpus - a.pcpus,
  );
  const of = new Map<InstanceId, Fit>();
  for (const need of sorted) of.set(need.id, place(need, bins));
  const count = (fit: Fit): number => [...of.values()].filter((one) => one === fit).length;
  return { of, fits: count('fits'), short: count('no-room'), unknown: count('unknown') };
}

function place(need: Need, bins: readonly Bin[]): Fit {
  const own = bins.find((bin) => isAtHome(need, bin) && holds(bin, need));
  const bin = own ?? bins.find((one) => holds(one, need));
  if (bin === undefined) return 'no-room';
  bin.vcpus -= need.vcpus;
  bin.pcpus -= need.pcpus;
  bin.memoryMib -= need.memoryMib;
  bin.diskGib -= need.diskGib;
  if (need.exclusiveGroup !== null) bin.groups.add(need.exclusiveGroup);
  return own === undefined || need.special ? 'unknown' : 'fits';
}

const isAtHome = (need: Need, bin: Bin): boolean =>
  need.zone === null || bin.zone === null || need.zone === bin.zone;

const holds = (bin: Bin, need: Need): boolean =>
  bin.vcpus >= need.vcpus &&
  bin.pcpus >= need.pcpus &&
  bin.memoryMib >= need.memoryMib &&
  bin.diskGib >= need.diskGib &&
  !(need.exclusiveGroup !== null && bin.groups.has(need.exclusiveGroup));
