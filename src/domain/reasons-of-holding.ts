import type { CatalogueEntry } from './reason-entry.ts';

/** Why we hold back by an operator's will, by the number of failures, or by what a silent host may be. */
export const REASONS_OF_HOLDING = {
  NH220: {
    severity: 'warning',
    sentence: 'held: {what} was paused by {by} at {since}{until} ({reason})',
    remedy: '{lift}',
  },
  NH221: {
    severity: 'warning',
    sentence: 'held: {what} was frozen by {by} at {since}{until} ({reason})',
    remedy: '{lift}',
  },
  NH222: {
    severity: 'warning',
    sentence: 'held: {what} is under maintenance by {by} since {since}{until} ({reason})',
    remedy: '{lift}',
  },
  NH223: {
    severity: 'alert',
    sentence:
      'forgotten by {by} ({reason}): {count} instances are left alone, {flying} evacuations are not followed',
    remedy:
      'look after them by hand (openstack server list --all-projects --host {host}); to have it evacuated after all: nova-ha mark {host}',
  },
  NH224: {
    severity: 'alert',
    sentence:
      'the nova-compute of {host} is silent for {time}, {node}, and {count} instances are there; nothing is done: {detail}',
    remedy: 'start nova-compute on {host}; when the host is dead: nova-ha evacuate {host} --fence',
  },
  NH225: {
    severity: 'alert',
    sentence:
      'the nova-compute of {host} is silent for {time}, {node}, and {count} instances are there; it is disabled, so that nothing new lands there (died.action: disable)',
    remedy: 'start nova-compute on {host}; it is enabled again by itself when it reports',
  },
  NH226: {
    severity: 'warning',
    sentence:
      'the nova-compute of {host} is silent for {time}, {node}, and {count} instances are there; the host is being switched off (died.action: fence)',
    remedy: 'none needed; it is evacuated once it is proven off',
  },
  NH227: {
    severity: 'alert',
    sentence:
      'the nova-compute of {host} is silent for {time}, {node}, and {count} instances are there; the host is not switched off: {detail}',
    remedy: 'start nova-compute on {host}; when the host is dead: nova-ha evacuate {host} --fence',
  },
  NH228: {
    severity: 'warning',
    sentence: 'no switch is on for {what}',
    remedy: 'nova-ha status shows which are on',
  },
  NH229: {
    severity: 'warning',
    sentence: 'ignoring {host} leaves {count} instances to nobody',
    remedy: 'when that is meant: nova-ha ignore {host} --reason TEXT --yes',
  },
  NH230: {
    severity: 'alert',
    sentence:
      'held: {marked} hosts of the aggregate {aggregate} are marked as failed (its {key} is {limit})',
    remedy: 'to go on: nova-ha resume --force {host}; or change that key of the aggregate',
  },
  NH231: {
    severity: 'alert',
    sentence:
      'held: {silent} of {total} compute services are silent although they are not marked: that is the control plane or the network, not hosts',
    remedy:
      'look at RabbitMQ, the clocks and the network; hosts that are off on purpose: nova-ha maintenance HOST on; to go on: nova-ha resume --force {host}',
  },
  NH232: {
    severity: 'note',
    sentence:
      'held: {count} hosts may begin within {interval} (storm.per_interval), it is the turn of {host} in {time}',
    remedy: 'none needed; to begin now: nova-ha resume --force {host}',
  },
  NH233: {
    severity: 'warning',
    sentence:
      'held: too many hosts had failed at once; evacuations go on after {time} of calm (storm.cooldown)',
    remedy: 'none needed; to go on now: nova-ha resume --force {host}',
  },
  NH234: {
    severity: 'alert',
    sentence:
      '{host} is up again, but left disabled: it failed {count} times within {time} (flap.count)',
    remedy: 'find out why it fails; then: nova-ha enable {host}',
  },
  NH235: {
    severity: 'warning',
    sentence: 'the profile {profile} is configured no more; the general policy holds for {host}',
    remedy:
      'if that was not meant, put the profile back and reload the workers (systemctl reload nova-ha)',
  },
} as const satisfies Record<string, CatalogueEntry>;
