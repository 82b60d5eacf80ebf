import { isServiceUp, lastReport, zoneOf } from '../hosts.ts';
import type { Host } from '../hosts.ts';
import type { Instance } from '../instances.ts';
import { naiveTime, zuluTime } from '../timings.ts';
import type { World } from '../world.ts';
import type { Call } from './context.ts';

const TASK_STATUS: Readonly<Record<string, string>> = {
  rebooting: 'REBOOT',
  reboot_pending: 'REBOOT',
  reboot_started: 'REBOOT',
  rebooting_hard: 'HARD_REBOOT',
  reboot_pending_hard: 'HARD_REBOOT',
  reboot_started_hard: 'HARD_REBOOT',
  updating_password: 'PASSWORD',
  rebuilding: 'REBUILD',
  rebuild_block_device_mapping: 'REBUILD',
  rebuild_spawning: 'REBUILD',
  migrating: 'MIGRATING',
  resize_prep: 'RESIZE',
  resize_migrating: 'RESIZE',
  resize_migrated: 'RESIZE',
  resize_finish: 'RESIZE',
};

const VM_STATUS: Readonly<Record<string, string>> = {
  active: 'ACTIVE',
  building: 'BUILD',
  stopped: 'SHUTOFF',
  resized: 'VERIFY_RESIZE',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  rescued: 'RESCUE',
  error: 'ERROR',
  deleted: 'DELETED',
  'soft-delete': 'SOFT_DELETED',
  shelved: 'SHELVED',
  shelved_offloaded: 'SHELVED_OFFLOADED',
};

/** The status which users see: a mixture of vm_state and task_state (api/openstack/common.py, _STATE_MAP). */
export function serverStatus(instance: Instance): string {
  const { vmState, taskState } = instance;
  const mixes = vmState === 'active' || vmState === 'stopped' || vmState === 'error';
  const byTask = taskState === null || !mixes ? undefined : TASK_STATUS[taskState];
  return byTask ?? VM_STATUS[vmState] ?? 'UNKNOWN';
}

/** host_status: a disabled host reads MAINTENANCE even when it is dead. */
function hostStatus(world: World, host: Host | undefined): string {
  if (host === undefined) return '';
  if (host.forcedDown) return 'DOWN';
  if (host.disabled) return 'MAINTENANCE';
  if (isServiceUp(world, host)) return 'UP';
  return lastReport(world, host) === undefined ? 'DOWN' : 'UNKNOWN';
}

function flavorView(call: Call, instance: Instance): unknown {
  const { flavor } = instance;
  if (call.version < 47) return { id: flavor.id, links: [] };
  return {
    original_name: flavor.name,
    vcpus: flavor.vcpus,
    ram: flavor.memoryMb,
    disk: flavor.diskGb,
    ephemeral: flavor.ephemeralGb,
    swap: flavor.swapMb,
    ...(call.policy.flavorExtraSpecs ? { extra_specs: flavor.extraSpecs } : {}),
  };
}

function addVersioned(call: Call, instance: Instance, view: Record<string, unknown>): void {
  const { world, version } = call;
  const { host } = instance;
  if (version >= 9) view['locked'] = instance.lockedBy !== undefined;
  if (version >= 16 && call.policy.hostStatus) view['host_status'] = hostStatus(world, host);
  if (version >= 19) view['description'] = null;
  if (version >= 26) view['tags'] = instance.tags;
  if (version >= 63) view['trusted_image_certificates'] = null;
  if (version >= 73) view['locked_reason'] = instance.lockedReason;
  if (version >= 96) view['pinned_availability_zone'] = instance.pinnedZone ?? null;
  if (version >= 100) {
    view['scheduler_hints'] = instance.groupId === undefined ? {} : { group: [instance.groupId] };
  }
}

function addBootAttributes(instance: Instance, view: Record<string, unknown>): void {
  view['OS-EXT-SRV-ATTR:root_device_name'] = '/dev/vda';
  view['OS-EXT-SRV-ATTR:hostname'] = instance.name.toLowerCase();
  view['OS-EXT-SRV-ATTR:kernel_id'] = '';
  view['OS-EXT-SRV-ATTR:ramdisk_id'] = '';
  view['OS-EXT-SRV-ATTR:launch_index'] = 0;
  view['OS-EXT-SRV-ATTR:reservation_id'] = `r-${instance.id.slice(0, 8)}`;
  view['OS-EXT-SRV-ATTR:user_data'] = null;
}

/** One server as in the detailed list; links are left empty, for nobody should follow them. */
export function serverView(call: Call, instance: Instance): Record<string, unknown> {
  const { host } = instance;
  const status = serverStatus(instance);
  const view: Record<string, unknown> = {
    id: instance.id,
    name: instance.name,
    status,
    tenant_id: instance.projectId,
    user_id: instance.userId,
    metadata: instance.metadata,
    hostId: host === undefined ? '' : host.nodeUuid.replaceAll('-', ''),
    image: instance.imageId === undefined ? '' : { id: instance.imageId, links: [] },
    flavor: flavorView(call, instance),
    created: zuluTime(instance.createdAtMs),
    updated: zuluTime(instance.updatedAtMs),
    accessIPv4: '',
    accessIPv6: '',
    addresses: {},
    links: [],
    key_name: null,
    config_drive: '',
    'OS-DCF:diskConfig': 'MANUAL',
    'OS-EXT-AZ:availability_zone': host === undefined ? '' : zoneOf(call.world, host),
    'OS-SRV-USG:launched_at':
      instance.launchedAtMs === undefined ? null : naiveTime(instance.launchedAtMs),
    'OS-SRV-USG:terminated_at': null,
    'OS-EXT-STS:vm_state': instance.vmState,
    'OS-EXT-STS:task_state': instance.taskState,
    'OS-EXT-STS:power_state': instance.powerState,
    'os-extended-volumes:volumes_attached': instance.volumes.map((volume) =>
      call.version >= 3
        ? { id: volume.id, delete_on_termination: volume.deleteOnTermination }
        : { id: volume.id },
    ),
  };
  if (call.policy.extendedServerAttributes) {
    view['OS-EXT-SRV-ATTR:host'] = host?.name ?? null;
    view['OS-EXT-SRV-ATTR:hypervisor_hostname'] = host?.nodeName ?? null;
    view['OS-EXT-SRV-ATTR:instance_name'] =
      `instance-${instance.seq.toString(16).padStart(8, '0')}`;
    if (call.version >= 3) addBootAttributes(instance, view);
  }
  if (instance.fault !== undefined && status === 'ERROR') {
    const { code, message, createdAtMs } = instance.fault;
    view['fault'] = { code, message, created: zuluTime(createdAtMs) };
  }
  addVersioned(call, instance, view);
  return view;
}
