import type { SilenceContext } from './died.ts';
import { newEvacuation } from './evacuation.ts';
import type { EventId, HostName } from './ids.ts';
import { known } from './known.ts';
import { wholeHost, type Mark } from './mark.ts';
import { because, type Reason } from './reason.ts';
import { stormHold } from './storm.ts';
import { summaryOf } from './summary.ts';
import { holdOf } from './switches.ts';
import type { Instant } from './time.ts';

/**
 * Why nothing may be done to a silent host now, or null: an operator's switch, a control plane that is
 * not whole, or whatever would hold its evacuation if every silent host were marked as failed.
 */
export function holdOfSilent(context: SilenceContext, host: HostName): Reason | null {
  const { board, fleet, peers, aggregates, policy, suspects, now } = context;
  const switches = known(board.switches, now);
  const [switched] = holdOf(host, switches, aggregates, now).send;
  if (switched !== undefined) return switched;
  if (fleet.schedulersUp === 0) return because('NH107', { detail: 'no nova-scheduler is up' });
  if (fleet.conductorsUp === 0) return because('NH107', { detail: 'no nova-conductor is up' });
  const others = peers.filter((peer) => !suspects.has(peer.host) || peer.phase !== 'closed');
  const supposed = [...suspects].map((one) => summaryOf(asIfMarked(one, now)));
  const seen = { switches, aggregates };
  return stormHold(asIfMarked(host, now), fleet, [...others, ...supposed], seen, policy, now);
}

/** The record that a host would have if its failure were reported now. */
function asIfMarked(host: HostName, now: Instant): ReturnType<typeof newEvacuation> {
  const mark: Mark = {
    event: 'supposed' as EventId,
    firstAt: now,
    at: now,
    origin: 'rebuilt',
    by: '',
    claim: null,
    request: wholeHost,
  };
  return newEvacuation(host, mark, now);
}
