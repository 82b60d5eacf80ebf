import type { CatalogueEntry } from './reason-entry.ts';

/** What becomes of the hosts that an operator keeps in reserve. */
export const REASONS_OF_RESERVES = {
  NH215: {
    severity: 'note',
    sentence: 'waiting for the reserved host {reserve} ({detail}), {time} at most',
    remedy: 'none needed; after that the evacuation goes on without it',
  },
  NH216: {
    severity: 'warning',
    sentence: 'no reserved host can be taken for {host}: {detail}',
    remedy:
      'none needed, the evacuation goes on without; to keep a host in reserve, disable it with a reason that says so (reserve.reason): openstack compute service set --disable --disable-reason reserved HOST nova-compute',
  },
  NH217: {
    severity: 'note',
    sentence: 'the reserved host {reserve} stayed empty and was given back, disabled as before',
    remedy: 'none needed',
  },
  NH218: {
    severity: 'note',
    sentence: 'the reserved host {reserve} stays in use: {detail}',
    remedy:
      'to keep it in reserve again, empty it (nova-ha drain {reserve}) and disable it with a reason that says so (reserve.reason)',
  },
  NH219: {
    severity: 'warning',
    sentence: 'the reserved host {reserve} is not given back yet: {detail}',
    remedy: 'none needed, it is looked at again; until then it stays enabled',
  },
  NH332: {
    severity: 'warning',
    sentence:
      'somebody changed the reserved host {reserve} meanwhile ({detail}); it is left as it is',
    remedy:
      'none needed; see whether it is still in the aggregates that it was added to: openstack aggregate list --long',
  },
  NH333: {
    severity: 'note',
    sentence: 'the reserved host {reserve} is not taken after all: {detail}',
    remedy: 'none needed; another one is taken when there is one',
  },
  NH334: {
    severity: 'warning',
    sentence: 'the reserved host {reserve} failed itself and is looked after as every failed host',
    remedy: 'none needed; it comes back as an ordinary host, disable it then to keep it in reserve',
  },
  NH335: {
    severity: 'note',
    sentence: 'the reserved host {reserve} is enabled for the instances of {host}',
    remedy: 'none needed',
  },
  NH337: {
    severity: 'note',
    sentence: 'the reserved host {reserve} would be taken {detail} ({count} can be had)',
    remedy: 'none needed',
  },
  NH336: {
    severity: 'warning',
    sentence: 'the reserved host {reserve} did not become ready within {time} ({detail})',
    remedy: 'look at nova-compute on {reserve}; the evacuation goes on without it',
  },
} as const satisfies Record<string, CatalogueEntry>;
