import type { Aggregate } from '../domain/facts.ts';
import type { Fleet } from '../domain/host.ts';
import type { HostName } from '../domain/ids.ts';
import { type Known, mapKnown, NOT_ASKED } from '../domain/known.ts';
import type { Request } from '../domain/mark.ts';
import type { Policy } from '../domain/policy.ts';
import { because, type Reason } from '../domain/reason.ts';
import { findReserves, reservesNeedAggregates, sightOf, whyNone } from '../domain/reserve.ts';
import type { Instant } from '../domain/time.ts';
import type { Compute, Store } from './ports.ts';

/** What is looked at to say which reserved host would be taken. */
export interface ReservePlanning {
  readonly compute: Pick<Compute, 'aggregates'>;
  /** Where it is missing, nobody else's claims and no switches are taken into account. */
  readonly store?: Pick<Store, 'list' | 'switchboard'> | undefined;
  readonly policy: Policy;
  readonly now: Instant;
  /** What was read of them already. */
  readonly aggregates?: Known<readonly Aggregate[]> | undefined;
}

/**
 * Which reserved host an evacuation would take, or why none; null where the policy takes none. What
 * decides is the very search of the worker.
 */
export async function planReserve(
  parts: ReservePlanning,
  host: HostName,
  fleet: Fleet,
  request: Request,
): Promise<Reason | null> {
  const { compute, store, policy, now } = parts;
  const { when } = policy.reserve;
  const isFixed = request.target !== null || policy.destination.strict;
  if (when === 'never' || isFixed) return null;
  const isAsked = reservesNeedAggregates(policy.reserve) && parts.aggregates === undefined;
  const [aggregates, peers, board] = await Promise.all([
    isAsked ? compute.aggregates() : (parts.aggregates ?? NOT_ASKED),
    store?.list() ?? NOBODY,
    store?.switchboard(),
  ]);
  if (peers.kind === 'unknown')
    return because('NH104', { what: 'the other marks', detail: peers.why });
  const switches = board === undefined ? NOBODY : mapKnown(board, (whole) => whole.switches);
  const sight = sightOf(host, fleet, { aggregates, peers, switches }, now);
  const found = findReserves(sight, policy.reserve);
  if ('unknown' in found)
    return because('NH104', { what: 'the aggregates', detail: found.unknown });
  const [reserve] = found.fit;
  if (reserve === undefined)
    return because('NH216', { host, detail: whyNone(found, policy.reserve) });
  const detail = when === 'always' ? 'before anything is sent' : 'if an instance finds no room';
  return because('NH337', { reserve, detail, count: found.fit.length });
}

const NOBODY: Known<readonly never[]> = { kind: 'known', value: [], at: 0 };
