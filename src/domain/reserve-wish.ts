import { tracked, type Evacuation, type Tracked } from './evacuation.ts';
import type { InstanceId } from './ids.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import {
  findReserves,
  whyNone,
  type ReserveClaim,
  type Reserve,
  type ReserveSight,
} from './reserve.ts';
import { isUnreadable } from './summary.ts';
import type { Instant } from './time.ts';

/** What is wanted besides what is claimed already. */
export interface Wish {
  readonly reserve: Reserve;
  /** Why nobody can say which host could be taken; null: that is known. */
  readonly blind: string | null;
}

/** What decides about it. */
interface WishFacts {
  readonly evacuation: Evacuation;
  readonly sight: ReserveSight;
  readonly policy: Policy;
  readonly now: Instant;
}

/** The reserve with one more claim, when one more host is wanted and can be had. */
export function wished(reserve: Reserve, { evacuation, sight, policy, now }: WishFacts): Wish {
  const bare: Reserve = { since: reserve.since, claims: reserve.claims, ended: reserve.ended };
  if (!isNeeded(evacuation, reserve, policy, now)) return { reserve: bare, blind: null };
  const hidden = sight.peers.find(isUnreadable);
  const tried = reserve.ended.map(({ host }) => host);
  const found = findReserves(sight, policy.reserve, tried);
  if ('unknown' in found) return { reserve: bare, blind: found.unknown };
  const [host] = found.fit;
  if (host === undefined || hidden !== undefined) {
    const detail =
      hidden === undefined
        ? whyNone(found, policy.reserve)
        : `what ${hidden.host} has claimed cannot be read`;
    const none = because('NH216', { host: evacuation.host, detail });
    return { reserve: { ...bare, none }, blind: null };
  }
  const service = sight.fleet.services.get(host);
  const reason =
    service !== undefined && 'disabledReason' in service ? service.disabledReason : null;
  const claim: ReserveClaim = { host, at: 'claimed', since: now, reason };
  const since = reserve.claims.length + reserve.ended.length === 0 ? now : reserve.since;
  return { reserve: { ...bare, since, claims: [...reserve.claims, claim] }, blind: null };
}

/** Whether one (more) reserved host is wanted. One at a time, and never more than the policy says. */
function isNeeded(
  evacuation: Evacuation,
  { claims }: Reserve,
  policy: Policy,
  now: Instant,
): boolean {
  const { when, hosts } = policy.reserve;
  const { host: only, strict } = policy.destination;
  const isFixed = evacuation.mark.request.target !== null || (strict && only !== null);
  if (when === 'never' || isFixed || claims.length >= hosts) return false;
  if (claims.some(({ at }) => at !== 'taken')) return false;
  const waiting = tracked(evacuation).flatMap(([, { progress }]) =>
    progress.at === 'pending' ? [progress.why?.code ?? ''] : [],
  );
  if (when === 'always') return waiting.length > 0;
  // What was taken a moment ago must have had time to help.
  if (claims.some(({ since }) => now - since < policy.retry.capacityMs)) return false;
  const isShort =
    claims.length === 0 && (evacuation.forecast?.short ?? 0) > 0 && waiting.length > 0;
  return isShort || waiting.some((code) => NO_ROOM.includes(code));
}

/** The reasons for which an instance waits for room. */
const NO_ROOM: readonly string[] = ['NH401', 'NH330'];

/** There is more room now: who waits for it need not wait any longer. */
export function withRoom(evacuation: Evacuation, now: Instant): Evacuation {
  const instances: Record<InstanceId, Tracked> = {};
  for (const [id, entry] of tracked(evacuation)) {
    const { progress } = entry;
    const code = progress.at === 'pending' ? progress.why?.code : undefined;
    if (progress.at !== 'pending' || code === undefined || !NO_ROOM.includes(code)) {
      instances[id] = entry;
      continue;
    }
    // Whether it fits now, only a new look at the figures tells.
    const why = code === 'NH330' ? progress.why : null;
    instances[id] = { ...entry, progress: { ...progress, notBefore: now, why } };
  }
  return { ...evacuation, instances };
}
