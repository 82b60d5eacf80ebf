import type { SilenceLook, SilentFacts } from '../../src/domain/died.ts';
import type { Service } from '../../src/domain/host.ts';
import { asEvent, asHost, type HostName } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { disabledReason } from '../../src/domain/mark.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import type { SilentHost } from '../../src/domain/switchboard.ts';
import { parseNovaTime } from '../../src/domain/time.ts';
import { fleet, service, T0 } from './domain.ts';

/** The newest report of any service, and times before it as Nova writes them. */
export const NEWEST = parseNovaTime('2026-11-18T08:26:40.000000') ?? 0;
export const before = (ms: number): string => new Date(NEWEST - ms).toISOString().slice(0, -1);

export const MINUTE = 60_000;
export const S1 = asHost('compute-1');
const EVENT = asEvent('20261118T082640Z-dead');

/** A service that stopped to report so long ago. */
export const silent = (host: HostName, ms = 10 * MINUTE, change: Partial<Service> = {}): Service =>
  service(host, { state: 'down', updatedAt: before(ms), ...change });

/** The same, disabled by us. */
export const labelled = (host: HostName, change: Partial<Service> = {}): Service =>
  silent(host, 0, {
    status: 'disabled',
    disabledReason: disabledReason({ event: EVENT, stage: 'silent', trusted: false }),
    ...change,
  });

/** What a look finds out about a host that can be switched off. */
export const silentFacts = (change: Partial<SilentFacts> = {}): SilentFacts => ({
  event: EVENT,
  count: known(3, T0),
  presence: known('connected', T0),
  objection: known(null, T0),
  proof: known(null, T0),
  ...change,
});

/** What was told of a host before. */
export const entryOf = (host: HostName, change: Partial<SilentHost> = {}): SilentHost => {
  const values = { host, time: '5 min', node: 'n', count: '3', detail: 'd', cause: 'd' };
  return { host, since: T0 - MINUTE, why: because('NH224', values), ...change };
};

/** Six hosts of which the first is silent; everything about it is known. */
export function silenceLook(
  change: Partial<Omit<SilenceLook, 'fleet'>> & { readonly services?: readonly Service[] } = {},
): SilenceLook {
  const { services = [silent(S1)], ...rest } = change;
  const named = new Set(services.map(({ host }) => host));
  const others = [1, 2, 3, 4, 5, 6]
    .map((n) => asHost(`compute-${String(n)}`))
    .filter((host) => !named.has(host))
    .map((host) => service(host, { updatedAt: before(0) }));
  return {
    board: { switches: [], silent: [] },
    fleet: fleet([...services, ...others], { newestReport: NEWEST }),
    peers: [],
    aggregates: known([], T0),
    facts: new Map(services.map(({ host }) => [host, silentFacts()])),
    ...rest,
  };
}

/** The default policy but for what is done about silent hosts. */
export const diedPolicy = (
  action: Policy['died']['action'],
  change: Partial<Policy> = {},
): Policy => ({ ...DEFAULT_POLICY, died: { action, afterMs: 5 * MINUTE }, ...change });
