/** How loud a reason is: `note` explains, `warning` is worth a look, `alert` needs a human. */
export type Severity = 'note' | 'warning' | 'alert';

interface CatalogueEntry {
  readonly severity: Severity;
  /** The sentence, with `{name}` where a parameter stands. */
  readonly sentence: string;
  readonly remedy: string;
}

/**
 * The one catalogue of reasons: log, metric labels, page, command line and docs are made from it.
 * NH1xx: what the host waits for. NH2xx: held back. NH3xx: why an instance is skipped.
 * NH4xx: why an instance waits, is retried or given up. NH5xx: the way back. NH6xx: refusals at the
 * command line. Codes are never reused.
 */
export const CATALOGUE = {
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
    remedy: 'none needed; nothing is done until Nova answers again',
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
  NH109: {
    severity: 'note',
    sentence: '{host} is proven off and isolated; its instances are being listed',
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
    remedy: 'mend or remove it as said; a removed mark is rebuilt from Nova, or mark the host again',
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
  NH301: {
    severity: 'warning',
    sentence:
      'not evacuable in vm_state {state}: Nova moves only active, stopped and error instances',
    remedy:
      'recover it by hand when the host is back, or reset its state and run nova-ha evacuate {host} --instance {id}',
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
    remedy: 'bring the host back, or set storage.local_disk: rebuild to accept the loss',
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
    remedy: 'mend the cause, then nova-ha evacuate {host} --instance {id}',
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
      'see that no guest of it runs on {destination}, then openstack server evacuate {id}; or fence {destination}: then it is sent again by itself',
  },
  NH407: {
    severity: 'alert',
    sentence: 'its evacuation failed late ({detail}): a guest may be left running on {destination}',
    remedy:
      'see that no guest of it runs on {destination}, then openstack server evacuate {id}; or fence {destination}: then it is sent again by itself',
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
      'see where its guest runs (virsh list --all on both hosts); when it runs nowhere: openstack server evacuate {id}',
  },
  NH413: {
    severity: 'warning',
    sentence: 'given up by {by}: {detail}',
    remedy: 'none needed; to try it once more: nova-ha retry {host} {id}',
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

/** A code of the catalogue. */
export type ReasonCode = keyof typeof CATALOGUE;

/** A reason with the values of its parameters. */
export interface Reason {
  readonly code: ReasonCode;
  readonly values: Readonly<Record<string, string>>;
}

/** Makes a reason; values are texts so that a reason is stable under JSON. */
export function because(code: ReasonCode, values: Record<string, string | number> = {}): Reason {
  return {
    code,
    values: Object.fromEntries(Object.entries(values).map(([key, v]) => [key, String(v)])),
  };
}

const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

/** The sentence of a reason, without its code. */
export const sentenceOf = (reason: Reason): string =>
  fill(CATALOGUE[reason.code].sentence, reason.values);

/** What the reader can do about it. */
export const remedyOf = (reason: Reason): string =>
  fill(CATALOGUE[reason.code].remedy, reason.values);

/** How loud it is. */
export const severityOf = (reason: Reason): Severity => CATALOGUE[reason.code].severity;
