import type { Action } from './action.ts';
import { isActive } from './evacuation.ts';
import type { Service } from './host.ts';
import type { HostName } from './ids.ts';
import type { Step } from './invariants.ts';
import { NOT_ASKED } from './known.ts';
import { parseDisabledReason } from './mark.ts';
import { sentenceOf } from './reason.ts';
import type { ReserveClaim } from './reserve.ts';
import { holdOf } from './switches.ts';

type ReserveAction = Extract<
  Action,
  { do: 'change-reserve' | 'join-aggregate' | 'leave-aggregate' }
>;

const isOfReserve = (action: Action): action is ReserveAction =>
  action.do === 'change-reserve' ||
  action.do === 'join-aggregate' ||
  action.do === 'leave-aggregate';

const claimIn = (record: Step['before'], host: HostName): ReserveClaim | undefined =>
  record.reserve?.claims.find((claim) => claim.host === host);

/**
 * Nothing is done to a reserved host but under a claim that was durable before this turn, that nobody
 * else has, and that says what is done: it is enabled only as the operator left it, and given back
 * only with his reason, and empty.
 */
export function reservesClaimedFirst(step: Step): string | null {
  const { before, observation, decision } = step;
  for (const action of decision.actions) {
    if (!isOfReserve(action)) continue;
    const { host } = action;
    const next = claimIn(decision.next, host);
    if (claimIn(before, host) === undefined) return `${host} is touched before it is claimed`;
    if (next === undefined) return `${host} is touched and its claim is dropped`;
    if (host === before.host) return 'the failed host is its own reserve';
    if (observation.peers.kind === 'unknown')
      return `${host} is touched while the claims are unknown`;
    const rival = observation.peers.value.find(
      (peer) => peer.host !== before.host && peer.reserves?.[host] === 'taken',
    );
    if (rival !== undefined) return `${host} is touched, and taken for ${rival.host}`;
    const held = heldFor(step, next);
    if (held !== null) return `${host} is touched although ${held}`;
    const wrong = wrongBeside(step, action, claimIn(before, host), next);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** What an operator holds for the failed host holds for its reserved hosts too. */
function heldFor({ before, observation, now }: Step, { at }: ReserveClaim): string | null {
  const { switches, aggregates = NOT_ASKED } = observation;
  const { send, readmit } = holdOf(before.host, switches, aggregates, now);
  const [why] = at === 'enabling' ? send : isActive(before) ? [] : readmit;
  return why === undefined ? null : sentenceOf(why);
}

function wrongBeside(
  { observation, decision }: Step,
  action: ReserveAction,
  earlier: ReserveClaim | undefined,
  next: ReserveClaim,
): string | null {
  const { host } = action;
  const { fleet, peers, reserveGuests } = observation;
  const service = fleet.kind === 'known' ? fleet.value.services.get(host) : undefined;
  if (service === undefined || service.state === 'unknown') return `${host} is touched unseen`;
  const guests = reserveGuests?.get(host);
  const isEmpty = guests?.kind === 'known' && guests.value === 0;
  if (action.do === 'join-aggregate') {
    return next.at === 'enabling' && next.added?.includes(action.aggregate) === true
      ? null
      : `${host} is added to an aggregate without a note of it`;
  }
  if (action.do === 'leave-aggregate') {
    if (next.added?.includes(action.aggregate) !== true)
      return `${host} is removed from an aggregate that it was not added to`;
    return next.at === 'returning'
      ? null
      : `${host} is removed from an aggregate while it is in use`;
  }
  if (action.change.status === 'enabled') {
    const others = peers.kind === 'known' ? peers.value : [];
    const isWanted = others.some(
      (peer) => peer.host !== decision.next.host && peer.reserves?.[host] !== undefined,
    );
    if (isWanted && earlier?.at === 'claimed')
      return `${host} is enabled although somebody else claims it`;
    return wrongToEnable(service, next);
  }
  if (next.at !== 'returning') return `${host} is disabled while it is in use`;
  if (!isEmpty) return `${host} is disabled and not known to be empty`;
  if (earlier?.at === 'taken' && isActive(decision.next)) return `${host} is given back too early`;
  return (action.change.disabledReason ?? '') === (next.reason ?? '')
    ? null
    : `${host} does not get its reason back`;
}

function wrongToEnable(service: Service, next: ReserveClaim): string | null {
  const { host, status, state, forcedDown, disabledReason: reason } = service;
  if (next.at !== 'enabling' && next.at !== 'reopening')
    return `${host} is enabled while ${next.at}`;
  if (status !== 'disabled' || parseDisabledReason(reason) !== null)
    return `${host} is enabled, and not in reserve`;
  if ((reason ?? '').slice(0, 255) !== (next.reason ?? '').slice(0, 255))
    return `${host} is enabled although somebody else has disabled it`;
  if (next.at === 'enabling' && (state === 'down' || forcedDown))
    return `${host} is enabled while down`;
  return null;
}
