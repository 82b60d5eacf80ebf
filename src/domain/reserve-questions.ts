import { isActive, type Evacuation } from './evacuation.ts';
import type { HostName } from './ids.ts';
import type { Policy } from './policy.ts';
import type { FirstQuestions } from './questions.ts';
import { reservesNeedAggregates, type ReserveClaim } from './reserve.ts';
import type { Millis } from './time.ts';

/** The first questions, and how old the aggregates may be; absent: as old as their cache keeps them. */
export type Questions = FirstQuestions & { readonly aggregatesMaxAgeMs?: Millis };

const NONE: readonly ReserveClaim[] = [];

const claimsOf = ({ reserve }: Evacuation): readonly ReserveClaim[] => reserve?.claims ?? NONE;

/**
 * The first questions with those about reserved hosts: while something is to be done to one, the
 * services, the aggregates and the other hosts' claims are looked at afresh. Without claims, and with
 * a policy that takes none, nothing is asked for.
 */
export function withReserves(
  questions: FirstQuestions,
  evacuation: Evacuation,
  policy: Policy,
): Questions {
  const claims = claimsOf(evacuation);
  const isMoving = isActive(evacuation)
    ? evacuation.phase === 'evacuating' && claims.some(({ at }) => at !== 'taken')
    : claims.length > 0;
  const wanted = isActive(evacuation) && reservesNeedAggregates(policy.reserve);
  if (!isMoving) {
    return wanted && !questions.aggregates ? { ...questions, aggregates: true } : questions;
  }
  const fresh = { ...questions, fleetMaxAgeMs: 0, peers: true };
  const joined = claims.some(({ added }) => added !== undefined);
  return joined || reservesNeedAggregates(policy.reserve)
    ? { ...fresh, aggregates: true, aggregatesMaxAgeMs: 0 }
    : fresh;
}

/** The reserved hosts whose guests are to be counted in this turn: those that may be given back. */
export function reservesToCount(evacuation: Evacuation): readonly HostName[] {
  const isOver = !isActive(evacuation);
  return claimsOf(evacuation).flatMap(({ host, at }) =>
    at === 'returning' || at === 'reopening' || (isOver && at !== 'claimed') ? [host] : [],
  );
}
