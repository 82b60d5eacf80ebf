import type { HostName } from './ids.ts';
import type { Instant } from './time.ts';

/**
 * A nova-compute service as `GET /os-services` shows it (microversion >= 2.69). `state` is `unknown`
 * for the `UNKNOWN` rows of a cell that cannot be reached: never to be taken for `down`.
 */
export interface Service {
  readonly id: string;
  readonly host: HostName;
  readonly zone: string;
  readonly status: 'enabled' | 'disabled';
  readonly state: 'up' | 'down';
  readonly forcedDown: boolean;
  readonly disabledReason: string | null;
  /** Nova's own text; moves with every heartbeat *and* every PUT. Compared, never computed with. */
  readonly updatedAt: string | null;
}

/** A host whose row came without state, or did not come although we asked for it. */
export interface UnreachableService {
  readonly host: HostName;
  readonly state: 'unknown';
}

/** All services of the region, from one `GET /os-services` without a filter. */
export interface Fleet {
  /** The nova-compute services by host. */
  readonly services: ReadonlyMap<HostName, Service | UnreachableService>;
  /** How many nova-conductors and nova-schedulers are up and enabled; evacuations need both. */
  readonly conductorsUp: number;
  readonly schedulersUp: number;
  /** When any service of Nova, of whatever kind, reported last, by Nova's clock; absent: not told. */
  readonly newestReport?: Instant;
}

/** What the service looked like before we touched it: the base of OnlyOursReenabled. */
export interface ServiceBefore {
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: string | null;
  readonly forcedDown: boolean;
}

/** One PUT /os-services/{id}; status and reason go together, see contracts: a reason alone is ignored. */
export interface ServiceChange {
  readonly status?: 'enabled' | 'disabled';
  readonly disabledReason?: string;
  readonly forcedDown?: boolean;
}
