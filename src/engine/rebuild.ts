import { newEvacuation, type Evacuation } from '../domain/evacuation.ts';
import type { Fleet, ServiceBefore } from '../domain/host.ts';
import type { HostName } from '../domain/ids.ts';
import { serviceBefore } from '../domain/isolation.ts';
import {
  eventTime,
  parseDisabledReason,
  wholeHost,
  type Mark,
  type OurReason,
} from '../domain/mark.ts';
import type { Instant } from '../domain/time.ts';
import type { Clock, Log, Store } from './ports.ts';

/**
 * Rebuilds the marks that a wiped store has lost: a service that is disabled with our reason was
 * marked, and the reason says how far its evacuation had come. Returns the hosts that were rebuilt.
 */
export async function rebuildMarks(
  parts: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  fleet: Fleet,
  recorded: ReadonlySet<HostName>,
): Promise<readonly HostName[]> {
  const rebuilt: HostName[] = [];
  for (const service of fleet.services.values()) {
    if (service.state === 'unknown' || service.status !== 'disabled') continue;
    if (recorded.has(service.host)) continue;
    const ours = parseDisabledReason(service.disabledReason);
    // What was ignored is nobody's any more, and a silent nova-compute is no failed host.
    if (ours === null || ours.stage === 'ignored' || ours.stage === 'silent') continue;
    const record = rebuiltRecord(service.host, ours, serviceBefore(service), parts.clock.now());
    const outcome = await parts.store.write({ version: 0, epoch: null }, record);
    if (outcome.kind !== 'applied') continue;
    rebuilt.push(service.host);
    parts.log.warn(
      `The store had no mark for ${service.host}, but Nova shows it disabled by event ${ours.event}; the mark was rebuilt.`,
      { host: service.host, event: ours.event },
    );
  }
  return rebuilt;
}

function rebuiltRecord(
  host: HostName,
  ours: OurReason,
  before: ServiceBefore,
  now: Instant,
): Evacuation {
  // A fencing of that time proves it: what happened then is what is to be covered.
  const at = Math.min(now, eventTime(ours.event) ?? now);
  const claim = ours.trusted
    ? { source: 'mark' as const, at: now, detail: 'the lost mark came with a proof' }
    : null;
  const mark: Mark = {
    event: ours.event,
    firstAt: at,
    at,
    origin: 'rebuilt',
    by: 'disabled_reason in Nova',
    claim,
    request: wholeHost,
  };
  const record = newEvacuation(host, mark, now);
  const isolation = { before, wasUp: false, since: now, seen: false };
  const isolated = { ...record, isolation, lostAt: now };
  return ours.stage === 'evacuated' ? { ...isolated, phase: 'settled' } : isolated;
}
