import type { CatalogueEntry } from './reason-entry.ts';
import { REASONS_OF_HOLDING } from './reasons-of-holding.ts';

/**
 * Reasons that concern a whole host. NH1xx: what it waits for. NH2xx: held back. NH5xx: the way back.
 * NH6xx: refusals at the command line.
 */
export const REASONS_OF_HOSTS = {
  NH101: {
    severity: 'note',
    sentence: 'waiting for a proof that {host} is off ({detail})',
    remedy:
      'Pacemaker or the power agent proves it; when you have seen the machine off yourself: nova-ha evacuate {host} --confirm-fenced',
  },
  NH102: {
    severity: 'note',
    sentence: 'waiting for Nova to show {host} as forced down',
    remedy: 'none needed; if it lasts, see the worker log for the answer of PUT /os-services',
  },
  NH103: {
    severity: 'alert',
    sentence: 'Nova knows no nova-compute service on {host}',
    remedy:
      'check the name against "openstack compute service list"; then nova-ha unmark {host}, or mark it under the right name',
  },
  NH104: {
    severity: 'warning',
    sentence: 'the state of {what} is unknown: {detail}',
    remedy: 'none needed if it passes, nothing is done until then; else mend what it says',
  },
  NH105: {
    severity: 'note',
    sentence:
      'waiting until {host} is isolated too (every marked host is isolated before any instance moves)',
    remedy: 'none needed; see nova-ha status {host}',
  },
  NH106: {
    severity: 'alert',
    sentence: '{host} could not be isolated for {time}: {detail}',
    remedy:
      'disable it and force it down by hand: openstack compute service set --disable --down {host} nova-compute',
  },
  NH107: {
    severity: 'warning',
    sentence: 'no evacuation may be sent: {detail}',
    remedy: 'none needed; it goes on when the condition ends',
  },
  NH108: {
    severity: 'note',
    sentence: 'waiting {time} before the first evacuation (fence.delay)',
    remedy: 'none needed',
  },
  NH110: {
    severity: 'note',
    sentence:
      'Nova showed {host} as up when it was confirmed dead; watching it for signs of life for {time}',
    remedy: 'none needed; fencing through Pacemaker or a power agent needs no such wait',
  },
  NH111: {
    severity: 'alert',
    sentence: 'the record of {host} cannot be read: {detail}',
    remedy:
      'mend or remove it as said; a removed mark is rebuilt from Nova, or mark the host again',
  },
  NH112: {
    severity: 'note',
    sentence: 'waiting for {hosts}: being fenced just now, and not marked yet',
    remedy: 'none needed; see crm_mon for the fencing',
  },
  NH113: {
    severity: 'note',
    sentence:
      'nothing is left to evacuate; requests of {hosts} may wait in its queue, so its nova-compute must not start yet',
    remedy: 'none needed; it settles when they have ended (nova-ha status shows what keeps them)',
  },
  NH201: {
    severity: 'alert',
    sentence: 'held: {marked} of {total} hosts are marked as failed (limit {limit})',
    remedy:
      'look at the control plane first: mass failure is often RabbitMQ, the clock or a switch; to go on: nova-ha evacuate {host} --force',
  },
  NH202: {
    severity: 'alert',
    sentence: 'held: {host} shows signs of life (its nova-compute reports to Nova)',
    remedy:
      'its guests may be running: fence it (then it is marked anew), or nova-ha unmark {host} when it was no failure',
  },
  NH203: {
    severity: 'note',
    sentence: '{count} evacuations are in flight, the limit is {limit}',
    remedy: 'none needed; raise pace.in_flight when Nova has room for more',
  },
  NH210: {
    severity: 'note',
    sentence:
      '{count} instances of the group {group} and later ones wait until the group {before} has landed',
    remedy:
      'none needed; after order.patience they go anyway, and order.sequence: false ends the waiting',
  },
  NH211: {
    severity: 'warning',
    sentence: 'the one destination that is allowed, {host}, is not up and enabled',
    remedy: 'bring {host} up, name another destination.host, or set destination.strict: false',
  },
  ...REASONS_OF_HOLDING,
  NH212: {
    severity: 'warning',
    sentence:
      'by the figures of Placement {short} of {count} instances find no room ({unknown} unknown)',
    remedy:
      'add or enable compute hosts; those without room wait and are tried again by themselves',
  },
  NH501: {
    severity: 'note',
    sentence:
      'evacuated; waiting for {host} to come back (its nova-compute has not reported since)',
    remedy: 'boot the host; nova-compute cleans up and the host is taken back by itself',
  },
  NH502: {
    severity: 'note',
    sentence: 'waiting for nova-compute on {host} to clean up {count} evacuated instances',
    remedy: 'if it lasts: restart nova-compute on {host}',
  },
  NH503: {
    severity: 'note',
    sentence: 'waiting for {host} to be up in Nova',
    remedy: 'none needed',
  },
  NH504: {
    severity: 'note',
    sentence: 'up; enabling it after {time} of health',
    remedy: 'to enable it now: nova-ha enable {host}',
  },
  NH505: {
    severity: 'note',
    sentence: 'taken back, but left disabled: {detail}',
    remedy:
      'when it may take new instances: openstack compute service set --enable {host} nova-compute',
  },
  NH506: {
    severity: 'note',
    sentence: 'evacuated; taking hosts back is switched off (readmit.automatic: false)',
    remedy: 'nova-ha enable {host}',
  },
  NH507: {
    severity: 'note',
    sentence: 'up in Nova; {detail}',
    remedy: 'none needed',
  },
  NH601: {
    severity: 'alert',
    sentence: '{host} is not proven off',
    remedy:
      'power it off and confirm: nova-ha evacuate {host} --confirm-fenced; evacuating a running host starts its guests twice',
  },
  NH602: {
    severity: 'alert',
    sentence: 'Nova shows the nova-compute of {host} as up',
    remedy: 'an evacuation is for dead hosts; move guests off a living one by live migration',
  },
  NH603: {
    severity: 'warning',
    sentence: '{host} is not marked',
    remedy: 'nova-ha status shows what is',
  },
  NH604: {
    severity: 'warning',
    sentence: '{count} evacuations of {host} are in flight',
    remedy: 'wait for them (nova-ha status {host} --watch); Nova cannot cancel an evacuation',
  },
  NH605: {
    severity: 'warning',
    sentence: '{host} still has {detail}',
    remedy: 'wait until its nova-compute has cleaned up: nova-ha status {host}',
  },
  NH606: {
    severity: 'warning',
    sentence: 'no instance of {host} waits for a decision ({detail})',
    remedy: 'nova-ha status {host} shows where each of them stands',
  },
} as const satisfies Record<string, CatalogueEntry>;
