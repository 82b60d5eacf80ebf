import type { CatalogueEntry } from './reason-entry.ts';
import { REASONS_OF_STATES } from './reasons-of-states.ts';

/** Reasons that concern one instance. NH3xx: why it is skipped. NH4xx: why it waits, is retried or given up. */
export const REASONS_OF_INSTANCES = {
  NH301: {
    severity: 'warning',
    sentence:
      'not evacuable in vm_state {state}: Nova moves only active, stopped and error instances',
    remedy:
      'recover it by hand when the host is back; what is paused, suspended or rescued can be moved with states.{state}: reset-and-evacuate (its memory is lost)',
  },
  NH302: {
    severity: 'warning',
    sentence: 'it was never launched',
    remedy: 'delete it and boot it again',
  },
  NH303: {
    severity: 'alert',
    sentence:
      'a live migration was under way (task_state {state}): the guest may run on its destination',
    remedy:
      'see "openstack server migration list --server {id}", make sure where it runs, then reset its state and evacuate it by hand',
  },
  NH304: { severity: 'note', sentence: 'it is being deleted', remedy: 'none needed' },
  NH305: {
    severity: 'warning',
    sentence:
      'its root disk is on local storage: an evacuation would rebuild it from its image and lose its data',
    remedy:
      'bring the host back; or set storage.local_disk: restore to recreate it from its newest snapshot, or rebuild to accept the loss',
  },
  NH306: {
    severity: 'warning',
    sentence:
      'it is in the hard affinity group {group}, which Nova cannot evacuate through the scheduler',
    remedy: 'bring the host back; Nova offers no safe way to evacuate a hard-affinity member',
  },
  NH307: {
    severity: 'warning',
    sentence: 'the host came back before its evacuation was sent; it stays there',
    remedy: 'see that it runs: openstack server show {id}; start it if it does not',
  },
  NH308: {
    severity: 'note',
    sentence: 'not asked for (--instance)',
    remedy: 'none needed',
  },
  NH309: {
    severity: 'note',
    sentence: 'the mark was taken back by {by}',
    remedy: 'none needed',
  },
  NH330: {
    severity: 'warning',
    sentence: 'no host has room for it by the figures of Placement; it waits, next look {at}',
    remedy: 'add or enable compute hosts; or set capacity.check: warn, to let the scheduler decide',
  },
  NH331: {
    severity: 'warning',
    sentence: '{where} is "{written}", not a whole number in its range: {taken}',
    remedy: 'write a whole number: 1 to 1000 (the highest first), or 1 to 10 for StarlingX',
  },
  NH310: {
    severity: 'note',
    sentence: 'left out by rule {rule} of select.rules',
    remedy:
      'none needed; to move it all the same, once {host} is settled: nova-ha evacuate {host} --instance {id}',
  },
  NH311: {
    severity: 'note',
    sentence: 'not tagged ({keys}), and select.mode is {mode}',
    remedy:
      'none needed; tag its image, flavor or itself, or move it once {host} is settled: nova-ha evacuate {host} --instance {id}',
  },
  NH312: {
    severity: 'note',
    sentence: 'its host is in no aggregate tagged {keys}, and select.hosts is tagged',
    remedy: 'none needed; to protect this host, tag an aggregate that it is in',
  },
  NH401: {
    severity: 'warning',
    sentence: 'no host has room for it (NoValidHost); it waits for capacity, next try {at}',
    remedy: 'add or enable compute hosts; the next try comes by itself',
  },
  NH402: {
    severity: 'warning',
    sentence: 'its evacuation failed ({detail}); try {attempt} of {limit} {at}',
    remedy: 'none needed; see the fault with "openstack server show {id}"',
  },
  NH403: {
    severity: 'alert',
    sentence: 'given up after {attempt} tries: {detail}',
    remedy:
      'mend the cause, then nova-ha retry {host} {id}; once {host} is settled: nova-ha evacuate {host} --instance {id}',
  },
  NH404: {
    severity: 'alert',
    sentence: 'Nova refuses to evacuate it: {detail}',
    remedy: 'recover it by hand; it cannot be evacuated as it is',
  },
  NH405: {
    severity: 'warning',
    sentence:
      'the outcome of its evacuation request is unknown ({detail}); watching Nova before anything is repeated',
    remedy: 'none needed',
  },
  NH406: {
    severity: 'alert',
    sentence:
      'its evacuation to {destination} has stood still for {time}: a guest may be half built there',
    remedy:
      'see that no guest of it is left on {destination}, not even a stopped one, then nova-ha retry {host} {id}; or fence {destination}: then it is sent again by itself',
  },
  NH407: {
    severity: 'alert',
    sentence: 'its evacuation failed late ({detail}): a guest may be left running on {destination}',
    remedy:
      'see that no guest of it is left on {destination}, not even a stopped one, then nova-ha retry {host} {id}; or fence {destination}: then it is sent again by itself',
  },
  NH408: {
    severity: 'warning',
    sentence: 'its destination {destination} failed too and is proven off; it is sent again',
    remedy: 'none needed',
  },
  NH409: {
    severity: 'warning',
    sentence: 'its evacuation was accepted but lost inside Nova ({detail}); it is sent again',
    remedy: 'none needed; the record stays "accepted" in Nova',
  },
  NH410: {
    severity: 'warning',
    sentence: 'the request was not taken ({detail}); it is sent again {at}',
    remedy: 'none needed',
  },
  NH411: {
    severity: 'warning',
    sentence: 'it was stopped before the failure and could not be stopped again: {detail}',
    remedy: 'stop it by hand: openstack server stop {id}',
  },
  NH412: {
    severity: 'alert',
    sentence: 'its migration is {status} but Nova still shows it on {host}',
    remedy:
      'see where its guest runs (virsh list --all on both hosts); when it runs nowhere: nova-ha retry {host} {id}',
  },
  NH413: {
    severity: 'warning',
    sentence: 'given up by {by}: {detail}',
    remedy: 'none needed; to try it once more: nova-ha retry {host} {id}',
  },
  ...REASONS_OF_STATES,
  NH427: {
    severity: 'note',
    sentence:
      'it came to {host} when that had failed already; watching {host} for signs of life before it is sent',
    remedy: 'none needed; if {host} is back, it stays there',
  },
} as const satisfies Record<string, CatalogueEntry>;
