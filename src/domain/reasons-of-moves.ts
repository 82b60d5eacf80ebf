import type { CatalogueEntry } from './reason-entry.ts';

/** Reasons of the planned way (`drain`, `failback`). NH61x: of a host. NH62x: of an instance. */
export const REASONS_OF_MOVES = {
  NH607: {
    severity: 'warning',
    sentence:
      'it is in the hard affinity group {group}: the scheduler allows no other host than this one',
    remedy:
      'move it by hand at a microversion that forces a host (below 2.68), or let the group go',
  },
  NH608: {
    severity: 'alert',
    sentence: '{host} has no instance {ids}',
    remedy: 'nova-ha plan {host} shows its instances with their ids',
  },
  NH610: {
    severity: 'alert',
    sentence: 'Nova shows the nova-compute of {host} as down',
    remedy:
      'a dead host cannot be drained; when it is off for good: nova-ha evacuate {host}, else start its nova-compute',
  },
  NH611: {
    severity: 'alert',
    sentence: '{host} is marked as failed ({phase})',
    remedy: 'wait for its evacuation and its return: nova-ha status {host}',
  },
  NH612: {
    severity: 'alert',
    sentence: '{target} cannot take instances: {detail}',
    remedy: 'name another --target-host, or leave it to the scheduler',
  },
  NH613: {
    severity: 'warning',
    sentence: 'instances of {host} are being moved by {by} already',
    remedy: 'wait for it, or end it there first',
  },
  NH614: {
    severity: 'alert',
    sentence: '{host} cannot take its instances back: {detail}',
    remedy: 'bring it back into service first: nova-ha status {host}, nova-ha enable {host}',
  },
  NH615: {
    severity: 'warning',
    sentence: 'no evacuation of {host} is known whose instances could be brought home ({detail})',
    remedy: 'nova-ha history {host} shows the events; name one with --event',
  },
  NH616: {
    severity: 'warning',
    sentence: 'held: {detail}',
    remedy: 'nova-ha status shows it; give the command again when it has passed',
  },
  NH617: {
    severity: 'warning',
    sentence: '{host} was disabled by somebody else ({detail})',
    remedy:
      'when it may take instances again: openstack compute service set --enable {host} nova-compute',
  },
  NH618: {
    severity: 'note',
    sentence: 'evacuations go first ({hosts}); nothing more is moved until they are done',
    remedy: 'none needed; it goes on by itself',
  },
  NH619: {
    severity: 'note',
    sentence: 'it is not where it landed any more ({detail})',
    remedy: 'none needed',
  },
  NH620: {
    severity: 'warning',
    sentence: 'it cannot be migrated in vm_state {state}',
    remedy:
      'Nova migrates active and paused instances live and stopped ones cold: bring it into such a state, then give the command again',
  },
  NH621: {
    severity: 'warning',
    sentence: 'it is busy (task_state {state})',
    remedy: 'none needed; it is moved when the task is over',
  },
  NH622: {
    severity: 'warning',
    sentence: 'Nova refuses: it is locked ({detail})',
    remedy: 'unlock it, or use an account that Nova takes for an administrator',
  },
  NH623: {
    severity: 'warning',
    sentence: 'it is stopped, and only live migration was asked for (--live-only)',
    remedy: 'give the command without --live-only',
  },
  NH624: {
    severity: 'warning',
    sentence: 'it waits for somebody to confirm or revert a resize or migration that is not ours',
    remedy: 'openstack server resize confirm {id} (or revert)',
  },
  NH625: {
    severity: 'alert',
    sentence: 'Nova refuses to migrate it: {detail}',
    remedy: 'mend what it says, then give the command again',
  },
  NH626: {
    severity: 'warning',
    sentence: 'its migration ended as {status} ({detail}), try {attempt} of {limit}',
    remedy: 'none needed; see "openstack server event list {id}"',
  },
  NH627: {
    severity: 'alert',
    sentence: 'its migration left it in ERROR on {host}: {detail}',
    remedy:
      'see "openstack server event list {id}" and make sure where its guest runs, then reset its state and reboot it hard',
  },
  NH628: {
    severity: 'alert',
    sentence: 'its migration does not end: {detail}',
    remedy: 'see "openstack server migration list --server {id}"',
  },
  NH629: {
    severity: 'warning',
    sentence: 'it was moved {limit} times in vain ({detail})',
    remedy:
      'make room on the other hosts (capacity, zone, server group), then give the command again',
  },
} as const satisfies Record<string, CatalogueEntry>;
