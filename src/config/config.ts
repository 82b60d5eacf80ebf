import { asHost, type HostName } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import { PROFILE_SECTIONS, type ProfilePolicy } from '../domain/profile.ts';
import type { Origin } from './origin.ts';
import { flatten, type Overrides } from './rows-profiles.ts';
import { selectionOf } from './selection.ts';
import type { Key, Settings } from './table.ts';

/** One validated, frozen configuration; every value remembers where it came from. */
export interface Config {
  /** The file that was read, or null when there is none. */
  readonly file: string | null;
  readonly settings: Settings;
  readonly origins: Readonly<Record<Key, Origin>>;
  /** What is odd, but no error: unknown NOVA_HA_* variables. */
  readonly warnings: readonly string[];
}

/** A configuration, or everything that is wrong about it (one sentence each, with its place). */
export type ConfigOutcome =
  | { readonly kind: 'ok'; readonly config: Config }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

const hostOrNull = (name: string | null): HostName | null => (name === null ? null : asHost(name));

/** The policy that the settings describe. */
export const policyOf = (settings: Settings): Policy => ({
  ...generalPolicy(settings),
  profiles: Object.fromEntries(
    Object.entries(settings.profiles).map(([name, profile]) => [
      name,
      profileOf(settings, profile),
    ]),
  ),
  assign: settings.assign.map(({ profile, host, zone, aggregate }) => ({
    profile,
    hosts: host,
    zones: zone,
    aggregates: aggregate,
  })),
});

/** The sections that a profile mentions, each completed from the general settings. */
function profileOf(settings: Settings, profile: Overrides): ProfilePolicy {
  const policy = generalPolicy({ ...settings, ...flatten(profile) });
  const mentioned = PROFILE_SECTIONS.filter((section) => section in profile);
  return Object.fromEntries(mentioned.map((section) => [section, policy[section]]));
}

function generalPolicy(settings: Settings): Policy {
  return {
    select: selectionOf(settings),
    profiles: {},
    assign: [],
    fence: {
      proof: settings['fence.proof'],
      skewMs: settings['fence.skew'],
      delayMs: settings['fence.delay'],
      watchMs: settings['fence.watch'],
      isolation: settings['fence.isolation'],
      patienceMs: settings['fence.patience'],
    },
    storage: storageOf(settings),
    states: statesOf(settings),
    pace: {
      inFlight: settings['pace.in_flight'],
      perDestination: settings['pace.per_destination'],
      posts: settings['pace.posts'],
      pollMinMs: settings['pace.poll_min'],
      pollMaxMs: settings['pace.poll_max'],
      perHost: settings['pace.per_host'],
      perGroup: settings['pace.per_group'],
      staggerMs: settings['pace.stagger'],
      adapt: settings['pace.adapt'],
      recoverMs: settings['pace.recover'],
    },
    order: {
      sources: settings['order.sources'],
      priorityKeys: settings['order.priority_keys'],
      groupKeys: settings['order.group_keys'],
      sequence: settings['order.sequence'],
      patienceMs: settings['order.patience'],
      delayMs: settings['order.delay'],
    },
    destination: {
      host: hostOrNull(settings['destination.host']),
      strict: settings['destination.strict'],
    },
    ...roomOf(settings),
    retry: {
      attempts: settings['retry.attempts'],
      backoffMs: settings['retry.backoff'],
      backoffMaxMs: settings['retry.backoff_max'],
      capacityMs: settings['retry.capacity'],
      uncertainMs: settings['retry.uncertain'],
      stalledMs: settings['retry.stalled'],
      restoreMs: settings['retry.restore'],
    },
    ...holdingOf(settings),
    readmit: {
      automatic: settings['readmit.automatic'],
      confirmMs: settings['readmit.confirm'],
      healthyMs: settings['readmit.healthy'],
      leaveDisabled: settings['readmit.leave_disabled'],
    },
    freshness: { fleetMs: settings['freshness.fleet'], idleMs: settings['freshness.idle'] },
  };
}

const roomOf = (settings: Settings): Pick<Policy, 'capacity' | 'reserve'> => ({
  capacity: { check: settings['capacity.check'] },
  reserve: {
    when: settings['reserve.when'],
    reason: settings['reserve.reason'],
    aggregate: settings['reserve.aggregate'],
    match: settings['reserve.match'],
    hosts: settings['reserve.hosts'],
    addToAggregates: settings['reserve.add_to_aggregates'],
    target: settings['reserve.target'],
    giveBack: settings['reserve.give_back'],
    patienceMs: settings['reserve.patience'],
  },
});

const storageOf = (settings: Settings): Policy['storage'] => ({
  kind: settings['storage.kind'],
  localDisk: settings['storage.local_disk'],
  snapshotMaxAgeMs: settings['storage.snapshot_max_age'],
  snapshotNames: settings['storage.snapshot_names'],
});

const statesOf = (settings: Settings): Policy['states'] => ({
  paused: settings['states.paused'],
  suspended: settings['states.suspended'],
  rescued: settings['states.rescued'],
  resized: settings['states.resized'],
  shelved: settings['states.shelved'],
  shelvedOffloaded: settings['states.shelved_offloaded'],
  building: settings['states.building'],
  migrating: settings['states.migrating'],
  startAfter: settings['states.start_after'],
  stoppedProjects: settings['states.stopped_projects'],
});

const holdingOf = (settings: Settings): Pick<Policy, 'storm' | 'flap' | 'died'> => ({
  storm: {
    maxHosts: settings['storm.max_hosts'],
    maxShare: settings['storm.max_share'],
    cascadeMs: settings['storm.cascade'],
    aggregateKey: settings['storm.aggregate_key'],
    silentShare: settings['storm.silent_share'],
    cooldownMs: settings['storm.cooldown'],
    intervalMs: settings['storm.interval'],
    perInterval: settings['storm.per_interval'],
  },
  died: { action: settings['died.action'], afterMs: settings['died.after'] },
  flap: { count: settings['flap.count'], periodMs: settings['flap.period'] },
});
