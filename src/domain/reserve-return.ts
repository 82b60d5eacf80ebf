import type { Action } from './action.ts';
import type { Decision } from './decide.ts';
import type { Evacuation } from './evacuation.ts';
import type { HostName } from './ids.ts';
import { NOT_ASKED, type Known } from './known.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import { sightOf, type ReserveClaim, type ReserveSight } from './reserve.ts';
import {
  end,
  endFor,
  put,
  standingOf,
  stay,
  stepAll,
  type ClaimStep,
  type Shown,
} from './reserve-claim.ts';
import { holdOf } from './switches.ts';
import type { Instant } from './time.ts';

/** What decides about giving a reserved host back. */
interface ReturnFacts {
  readonly sight: ReserveSight;
  /** How many guests Nova shows on it. */
  readonly guests: Known<number>;
  readonly policy: Policy;
  readonly now: Instant;
}

/**
 * One step of giving a reserved host back: it must be empty, is disabled with its own reason, and must
 * be empty still once that is seen, for whatever was on its way to it. Then it leaves the aggregates
 * that it was added to. Whoever has guests stays enabled; what is not known keeps it enabled too.
 */
export function returnClaim(claim: ReserveClaim, facts: ReturnFacts): ClaimStep {
  const { sight, policy } = facts;
  const { host: reserve } = claim;
  if (claim.at === 'claimed')
    return end(because('NH333', { reserve, detail: 'it is not needed any more' }));
  const standing = standingOf(claim, sight);
  if (standing.is === 'unseen') return stay(claim, standing.why);
  if (standing.is === 'failed' || standing.is === 'changed') return endFor(claim, standing);
  if (claim.shut === true && standing.is === 'enabled' && claim.at === 'returning')
    return end(because('NH332', { reserve, detail: 'enabled' }));
  if (sight.isHeld(reserve))
    return stay(claim, 'an operator holds it (maintenance, pause, freeze)');
  if (claim.at === 'reopening') return reopen(claim, standing, facts);
  if (claim.at === 'returning')
    return standing.is === 'enabled' ? shut(claim, standing, facts) : leave(claim, facts);
  if (standing.is === 'as-before') return leave(claim, facts);
  if (!policy.reserve.giveBack)
    return end(because('NH218', { reserve, detail: 'reserve.give_back is false' }));
  return shut(claim, standing, facts);
}

/** Enabled: when it is empty, and nobody else may be sending to it, it is disabled with its reason. */
function shut(claim: ReserveClaim, { service }: Shown, facts: ReturnFacts): ClaimStep {
  const { sight, guests, policy, now } = facts;
  const { host: reserve } = claim;
  if (guests.kind === 'unknown') return stay(claim, `its instances are not known: ${guests.why}`);
  if (guests.value > 0) {
    if (claim.at === 'returning') return reopen(claim, { is: 'enabled', service }, facts);
    return end(because('NH218', { reserve, detail: `it has ${String(guests.value)} instances` }));
  }
  // What enables it must not take effect after what disables it.
  if (claim.at !== 'returning' && isRecent(claim.asked, policy, now)) return stay(claim);
  const coming = sight.peers.find(({ inFlight }) => inFlight > 0);
  if (coming !== undefined && claim.at !== 'returning')
    return stay(claim, `evacuations of ${coming.host} are under way and may go there`);
  return {
    claim: { ...turned(claim, 'returning', now), undone: now, opened: true },
    actions: [put(claim, service, false)],
  };
}

/** Enabled once more, until nothing that disables it can come any more. */
function reopen(
  claim: ReserveClaim,
  { is, service }: Shown,
  { policy, now }: ReturnFacts,
): ClaimStep {
  const next = turned(claim, 'reopening', now);
  if (is === 'as-before')
    return { claim: { ...next, asked: now }, actions: [put(claim, service, true)] };
  const { host: reserve } = claim;
  if (isRecent(claim.undone, policy, now))
    return stay(next, 'it has an instance, and is enabled again');
  return end(because('NH218', { reserve, detail: 'an instance came while it was given back' }));
}

/** Disabled as before: when it is empty, it leaves the aggregates, and is in reserve again. */
function leave(claim: ReserveClaim, facts: ReturnFacts): ClaimStep {
  const { sight, guests, policy, now } = facts;
  const { host: reserve, added = [] } = claim;
  const isQuiet = !isRecent(claim.asked, policy, now);
  const turning = turned(claim, 'returning', now);
  const next: ReserveClaim = isQuiet ? { ...turning, shut: true } : turning;
  // It was never seen enabled: who is on it has been there before.
  if (claim.opened === true) {
    if (guests.kind === 'unknown') return stay(next, `its instances are not known: ${guests.why}`);
    if (guests.value > 0) return { claim: turned(claim, 'reopening', now), actions: [] };
  }
  if (added.length > 0) {
    if (sight.aggregates.kind === 'unknown')
      return stay(next, `the aggregates are not known: ${sight.aggregates.why}`);
    const still = sight.aggregates.value.filter(
      ({ id, hosts }) => added.includes(id) && hosts.includes(reserve),
    );
    if (still.length > 0) {
      const actions = still.map(({ id }): Action => ({
        do: 'leave-aggregate',
        host: reserve,
        aggregate: id,
      }));
      return { claim: { ...next, undone: now }, actions };
    }
  }
  // A request of ours may take effect late.
  if (!isQuiet || isRecent(claim.undone, policy, now)) return stay(next);
  return end(because('NH217', { reserve }));
}

/** Whether a request that was made then may still be on its way. */
const isRecent = (asked: Instant | undefined, policy: Policy, now: Instant): boolean =>
  asked !== undefined && now - asked < policy.retry.uncertainMs;

const turned = (claim: ReserveClaim, at: ReserveClaim['at'], now: Instant): ReserveClaim =>
  claim.at === at ? claim : { ...claim, at, since: now };

/** The guests of a reserved host, as far as this turn has looked. */
export const guestsOf = ({ reserveGuests }: Observation, host: HostName): Known<number> =>
  reserveGuests?.get(host) ?? NOT_ASKED;

/**
 * The work on the instances is over: what was taken in reserve and stayed empty is given back, beside
 * the way back of the failed host and after it. A record stays open for it even when it is closed.
 */
export function returnReserves(
  decision: Decision,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Decision {
  const { next } = decision;
  if (next.reserve === undefined || next.reserve.claims.length === 0) return decision;
  const others = next.reasons.filter(({ code }) => code !== 'NH219');
  const pause = now + policy.freshness.idleMs;
  const { fleet, peers, switches, aggregates = NOT_ASKED } = observation;
  const isHeld = holdOf(next.host, switches, aggregates, now).readmit.length > 0;
  if (fleet.kind === 'unknown' || peers.kind === 'unknown' || isHeld) {
    return { ...decision, wakeAt: Math.min(decision.wakeAt ?? Infinity, pause) };
  }
  const facts = { sight: sightOf(next.host, fleet.value, observation, now), policy, now };
  const { reserve, actions, waits } = stepAll(next.reserve, (claim) =>
    returnClaim(claim, { ...facts, guests: guestsOf(observation, claim.host) }),
  );
  const isOpen = reserve.claims.length > 0;
  const soon = actions.length > 0 ? now + 1000 : pause;
  return {
    next: { ...next, reserve, reasons: [...others, ...waits] },
    actions: [...decision.actions, ...actions],
    wakeAt: isOpen ? Math.min(decision.wakeAt ?? Infinity, soon) : decision.wakeAt,
  };
}

/** What a new record of the same host takes over: what is claimed stays claimed, whatever happens. */
export function carriedReserve(record: Evacuation, now: Instant): Pick<Evacuation, 'reserve'> {
  const claims = record.reserve?.claims ?? [];
  return claims.length === 0 ? {} : { reserve: { since: now, claims, ended: [] } };
}
