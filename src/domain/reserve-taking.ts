import type { Action } from './action.ts';
import type { Evacuation } from './evacuation.ts';
import { aggregatesOf } from './facts.ts';
import type { Fleet, Service } from './host.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import {
  obstacleTo,
  reservesNeedAggregates,
  rivalsFor,
  sightOf,
  type ReserveClaim,
  type Reserve,
  type ReserveSight,
} from './reserve.ts';
import { end, endFor, put, standingOf, stay, stepAll, type ClaimStep } from './reserve-claim.ts';
import { guestsOf, returnClaim } from './reserve-return.ts';
import { wished, withRoom, type Wish } from './reserve-wish.ts';
import { isUnreadable, type Summary } from './summary.ts';
import { formatMillis, type Instant, type Millis } from './time.ts';

/** What a turn does about reserved hosts while instances wait. */
export interface ReserveStep {
  readonly evacuation: Evacuation;
  readonly actions: readonly Action[];
  /** Why the instances wait for a reserved host; null: they do not. */
  readonly hold: Reason | null;
  /** When to look at it again; null: it does not matter. */
  readonly pauseMs: Millis | null;
}

/** What the steps of this turn are decided on. */
interface Scene {
  readonly evacuation: Evacuation;
  readonly sight: ReserveSight;
  readonly observation: Observation;
  readonly policy: Policy;
  readonly now: Instant;
}

/** How long Nova may take to show a host in an aggregate, or refuse it, before it is taken without. */
const JOIN_MS = 5000;
/** The shortest and longest pause between two looks at a reserved host that is being taken. */
const SOON_MS = 20;
const LATER_MS = 1000;

/**
 * Takes reserved hosts for instances that wait. A claim is durable before the other hosts' claims are
 * read, and only without a rival is anything done: of two who want the same host at least one sees the
 * other, and the one of lower rank lets go. The instances wait for it, but never for long.
 */
export function takeReserves(
  evacuation: Evacuation,
  observation: Observation,
  fleet: Fleet,
  policy: Policy,
  now: Instant,
): ReserveStep {
  const before: Reserve = evacuation.reserve ?? { since: now, claims: [], ended: [] };
  if (policy.reserve.when === 'never' && before.claims.length === 0)
    return { evacuation, actions: [], hold: null, pauseMs: null };
  const sight = sightOf(evacuation.host, fleet, observation, now);
  const scene: Scene = { evacuation, sight, observation, policy, now };
  const { reserve: stepped, actions } = stepAll(before, (claim) => stepClaim(claim, scene));
  const wish = wished(stepped, scene);
  const { reserve } = wish;
  const isNew = (claim: ReserveClaim): boolean =>
    claim.at === 'taken' && before.claims.find(({ host }) => host === claim.host)?.at !== 'taken';
  const kept =
    isWorthKeeping(reserve) || evacuation.reserve !== undefined
      ? { ...evacuation, reserve }
      : evacuation;
  const next = reserve.claims.some(isNew) ? withRoom(kept, now) : kept;
  return { evacuation: next, actions, ...waitFor(wish, scene) };
}

const isWorthKeeping = ({ claims, ended, none }: Reserve): boolean =>
  claims.length > 0 || ended.length > 0 || none !== undefined;

/** For how long, and why, the instances wait: until the first wish is as old as the patience. */
function waitFor(
  { reserve, blind }: Wish,
  { evacuation, policy, now }: Scene,
): Pick<ReserveStep, 'hold' | 'pauseMs'> {
  const { patienceMs } = policy.reserve;
  const moving = reserve.claims.find(({ at }) => at === 'claimed' || at === 'enabling');
  const since = isWorthKeeping(reserve) ? reserve.since : evacuation.phaseSince;
  const isPatient = now - since < patienceMs;
  if (moving === undefined) {
    const pauseMs = reserve.claims.some(({ at }) => at !== 'taken') ? LATER_MS : null;
    const why = blind === null ? null : because('NH104', { what: 'the aggregates', detail: blind });
    return { hold: isPatient ? why : null, pauseMs };
  }
  const { host, at } = moving;
  const detail = at === 'claimed' ? 'claimed for it' : 'being enabled';
  const time = formatMillis(patienceMs);
  const age = now - moving.since;
  return {
    hold: isPatient ? because('NH215', { reserve: host, detail, time }) : null,
    pauseMs: age === 0 ? 0 : Math.min(LATER_MS, Math.max(SOON_MS, age / 2)),
  };
}

function stepClaim(claim: ReserveClaim, scene: Scene): ClaimStep {
  switch (claim.at) {
    case 'claimed':
      return stepClaimed(claim, scene);
    case 'enabling':
      return stepEnabling(claim, scene);
    case 'taken': {
      const standing = standingOf(claim, scene.sight);
      const isOver = standing.is === 'failed' || standing.is === 'changed';
      return isOver ? endFor(claim, standing) : stay(claim);
    }
    case 'returning':
    case 'reopening':
      return returnClaim(claim, { ...scene, guests: guestsOf(scene.observation, claim.host) });
  }
}

/** The claim is durable: with nobody else's beside it, the reserved host is enabled. */
function stepClaimed(claim: ReserveClaim, scene: Scene): ClaimStep {
  const { evacuation, sight, policy, now } = scene;
  const { host: reserve } = claim;
  const drop = (detail: string): ClaimStep => end(because('NH333', { reserve, detail }));
  if (policy.reserve.when === 'never') return drop('reserve.when is never');
  const isLate = now - claim.since >= policy.reserve.patienceMs;
  if (reservesNeedAggregates(policy.reserve) && sight.aggregates.kind === 'unknown')
    return isLate ? drop(`the aggregates are not known: ${sight.aggregates.why}`) : stay(claim);
  const hidden = sight.peers.find(isUnreadable);
  if (hidden !== undefined) return drop(`what ${hidden.host} has claimed cannot be read`);
  const obstacle = obstacleTo(reserve, sight, policy.reserve);
  if (obstacle !== null) return drop(obstacle);
  const rivals = rivalsFor(reserve, sight);
  const winner = rivals.find(
    (rival) => rival.reserves?.[reserve] === 'taken' || outranks(rival, evacuation),
  );
  if (winner !== undefined) return drop(`it is claimed for ${winner.host}`);
  const [loser] = rivals;
  // It lets go as soon as its worker looks; a dead worker is not waited for.
  if (loser !== undefined)
    return isLate ? drop(`${loser.host} does not give up its claim`) : stay(claim);
  const service = sight.fleet.services.get(reserve);
  if (service === undefined || service.state === 'unknown') return stay(claim);
  return enable(claim, service, scene);
}

/** Of two claims the one for the host that failed first stays. */
const outranks = (rival: Summary, { host, mark }: Evacuation): boolean =>
  rival.markedAt < mark.at || (rival.markedAt === mark.at && rival.host < host);

function enable(claim: ReserveClaim, service: Service, { evacuation, sight, policy, now }: Scene) {
  const { aggregates } = sight;
  const wanted =
    policy.reserve.addToAggregates && aggregates.kind === 'known'
      ? aggregatesOf(evacuation.host, aggregates.value).filter(
          ({ hosts }) => !hosts.includes(claim.host),
        )
      : [];
  const next: ReserveClaim = {
    host: claim.host,
    at: 'enabling',
    since: now,
    reason: service.disabledReason,
    ...(wanted.length === 0 ? {} : { added: wanted.map(({ id }) => id) }),
    asked: now,
  };
  return { claim: next, actions: [put(next, service, true), ...joins(next, sight)] };
}

/** Adds it to the aggregates of the claim that do not show it yet. */
function joins(
  { host, added = [] }: ReserveClaim,
  { aggregates }: ReserveSight,
): readonly Action[] {
  if (aggregates.kind === 'unknown') return [];
  return aggregates.value
    .filter(({ id, hosts }) => added.includes(id) && !hosts.includes(host))
    .map(({ id }) => ({ do: 'join-aggregate', host, aggregate: id }));
}

/** Asked for, perhaps: asked for again until Nova shows it, or for as long as there is patience. */
function stepEnabling(claim: ReserveClaim, { sight, policy, now }: Scene): ClaimStep {
  const standing = standingOf(claim, sight);
  if (standing.is === 'failed' || standing.is === 'changed') return endFor(claim, standing);
  const missing = joins(claim, sight);
  const age = now - claim.since;
  const isUp = standing.is === 'enabled' && standing.service.state === 'up';
  const isIn =
    claim.added === undefined || (missing.length === 0 && sight.aggregates.kind === 'known');
  const seen: ReserveClaim = standing.is === 'enabled' ? { ...claim, opened: true } : claim;
  if (isUp && (isIn || age >= JOIN_MS))
    return { claim: { ...seen, at: 'taken', since: now }, actions: [] };
  if (age >= policy.reserve.patienceMs) {
    const { host: reserve } = claim;
    const detail = standing.is === 'unseen' ? standing.why : 'it is not shown up and enabled';
    const time = formatMillis(policy.reserve.patienceMs);
    return {
      claim: { ...seen, at: 'returning', since: now },
      actions: [],
      ended: because('NH336', { reserve, time, detail }),
    };
  }
  if (standing.is === 'unseen' || sight.isHeld(claim.host)) return stay(seen);
  const { service } = standing;
  const isDown = service.forcedDown || service.state === 'down';
  const actions =
    standing.is === 'as-before' && !isDown ? [put(claim, service, true), ...missing] : missing;
  return actions.length === 0 ? stay(seen) : { claim: { ...seen, asked: now }, actions };
}

/** Claims to which nothing was done are given up while the evacuation is held: others may want them. */
export function letGo(evacuation: Evacuation): Evacuation {
  const { reserve } = evacuation;
  if (reserve?.claims.some(({ at }) => at === 'claimed') !== true) return evacuation;
  const claims = reserve.claims.filter(({ at }) => at !== 'claimed');
  return { ...evacuation, reserve: { ...reserve, claims } };
}
