import type { CatalogueEntry } from './reason-entry.ts';

/** Reasons that come from the state of an instance, and from where its data lies. */
export const REASONS_OF_STATES = {
  NH320: {
    severity: 'warning',
    sentence:
      'its resize waits to be confirmed or reverted: a copy of its disk lies on the host it came from',
    remedy:
      'when the host is back: openstack server resize confirm {id} (or revert); else recover the copy by hand',
  },
  NH321: {
    severity: 'warning',
    sentence:
      'it is shelved, but not yet offloaded: nothing of it runs, its data is an image in Glance',
    remedy:
      'unshelve it when the host is back; or boot a new instance from the image {name}-shelved',
  },
  NH322: {
    severity: 'note',
    sentence: 'it is shelved and offloaded: it is on no host',
    remedy: 'none needed; openstack server unshelve {id} starts it on another host',
  },
  NH323: {
    severity: 'warning',
    sentence: 'it was being built and has never run: Nova does not evacuate it',
    remedy: 'delete it and boot it again: openstack server delete {id}',
  },
  NH324: {
    severity: 'note',
    sentence: 'it is deleted, and can still be restored (soft-delete)',
    remedy: 'none needed; to have it again: openstack server restore {id} when the host is back',
  },
  NH325: {
    severity: 'alert',
    sentence:
      'a resize or cold migration was copying its disk (task_state {state}): neither copy is sure to be whole',
    remedy:
      'see "openstack server migration list --server {id}" and where its disk is whole, then recover it by hand',
  },
  NH326: {
    severity: 'note',
    sentence:
      'its state {state} is reset to error, then it is evacuated: what was in its memory is lost, and it ends {end}',
    remedy: 'none needed; states.{state}: skip leaves it where it is',
  },
  NH327: {
    severity: 'note',
    sentence: 'it ends stopped, whatever it was (states.start_after or states.stopped_projects)',
    remedy: 'none needed; its owner starts it',
  },
  NH328: {
    severity: 'warning',
    sentence:
      'its root disk is on local storage, and Glance has no snapshot of it that is young enough (the limit is {limit})',
    remedy:
      'bring the host back; from then on make snapshots more often: openstack server image create {id}',
  },
  NH329: {
    severity: 'warning',
    sentence:
      'its root disk is on local storage, and its newest snapshot {name} ({image}) is {age} old; the limit is {limit}',
    remedy:
      'bring the host back; or raise storage.snapshot_max_age and, once {host} is settled, run nova-ha evacuate {host} --instance {id}',
  },
  NH338: {
    severity: 'warning',
    sentence:
      'this cloud cannot leave evacuated instances stopped (no microversion 2.95): {what} run on their new host until they are stopped there',
    remedy:
      'none needed; where they must not run at all, upgrade Nova to 2023.1 (27.0.0), all of its computes too',
  },
  NH420: {
    severity: 'warning',
    sentence:
      'its root disk is on local storage: it is rebuilt from its image and its data is lost (storage.local_disk: rebuild)',
    remedy: 'none needed; storage.local_disk: skip leaves it where it is',
  },
  NH421: {
    severity: 'note',
    sentence: 'its {disks} on local storage comes back empty',
    remedy: 'none needed; what must last belongs on a volume',
  },
  NH422: {
    severity: 'note',
    sentence:
      'its root disk is on local storage: it is recreated from its snapshot {name} ({image}), which is {age} old; what was written since is lost',
    remedy: 'none needed; storage.local_disk: skip leaves it where it is',
  },
  NH423: {
    severity: 'warning',
    sentence: 'its state could not be reset ({detail}); it is tried again {at}',
    remedy: 'none needed; if Nova forbids it: allow os_compute_api:os-admin-actions:reset_state',
  },
  NH424: {
    severity: 'alert',
    sentence:
      'it is on {destination} without its data: it could not be recreated from its snapshot {name} ({detail})',
    remedy: 'see that nothing on it is needed, then openstack server rebuild --image {image} {id}',
  },
  NH425: {
    severity: 'warning',
    sentence:
      'Nova cannot leave it stopped ({detail}); it is sent again without that, and stopped when it has landed',
    remedy: 'none needed',
  },
  NH426: {
    severity: 'alert',
    sentence:
      'the host came back after its state had been reset from {state} to error; nothing is wrong with it, and it stays there',
    remedy: 'openstack server set --state active {id}, then openstack server reboot --hard {id}',
  },
} as const satisfies Record<string, CatalogueEntry>;
