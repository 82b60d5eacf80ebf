import { isActive } from './evacuation.ts';
import type { Fleet, Service, UnreachableService } from './host.ts';
import type { HostName } from './ids.ts';
import type { Policy } from './policy.ts';
import type { Summary } from './summary.ts';
import { parseNovaTime, type Instant, type Millis } from './time.ts';

/** What the number of failures is judged by. */
export interface Failures {
  readonly fleet: Fleet;
  readonly peers: readonly Summary[];
  readonly maintenance: ReadonlySet<HostName>;
}

/** How many services are silent although nobody reported them, of how many that should speak. */
export interface Silence {
  readonly silent: number;
  readonly total: number;
}

/** Fewer services than this tell nothing about the control plane: two may well fail at once. */
const FEWEST = 3;

/**
 * Whether most compute services fell silent at once without being marked. Hosts do not do that; a
 * message bus, a database, clocks or a switch do. Services that somebody disabled or forced down, that
 * are marked or under maintenance do not count, nor those in a cell that Nova cannot reach.
 */
export function silenceOf({ fleet, peers, maintenance }: Failures, policy: Policy): Silence | null {
  const { silentShare } = policy.storm;
  if (silentShare >= 1) return null;
  const marked = new Set(peers.filter(isActive).map(({ host }) => host));
  let total = 0;
  let silent = 0;
  for (const service of fleet.services.values()) {
    if (!shouldSpeak(service) || marked.has(service.host) || maintenance.has(service.host))
      continue;
    total += 1;
    if (isSilent(service, fleet.newestReport ?? null)) silent += 1;
  }
  return total >= FEWEST && silent > silentShare * total ? { silent, total } : null;
}

/** Whether a service is in use, so that its silence means something. */
export const shouldSpeak = (service: Service | UnreachableService): service is Service =>
  service.state !== 'unknown' && service.status === 'enabled' && !service.forcedDown;

/** Behind the newest report of any service by more than this, a service that Nova calls up is stale. */
const STALE_MS: Millis = 180_000;

/**
 * Whether a service is down, or its last report is far behind those of others. Only Nova's own times are
 * compared: our clock may be wrong. A text that is no time is never stale.
 */
export function isSilent(service: Service, newest: Instant | null): boolean {
  if (service.state === 'down') return true;
  const at = service.updatedAt === null ? null : parseNovaTime(service.updatedAt);
  return at !== null && newest !== null && newest - at > STALE_MS;
}

/** When each service reported last, by Nova's time; null where a list does not tell. */
export function lastReports(fleet: Fleet): ReadonlyMap<HostName, Instant | null> {
  const reports = new Map<HostName, Instant | null>();
  for (const service of fleet.services.values()) {
    const text = service.state === 'unknown' ? null : service.updatedAt;
    reports.set(service.host, text === null ? null : parseNovaTime(text));
  }
  return reports;
}
