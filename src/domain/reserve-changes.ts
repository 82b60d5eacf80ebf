import type { Change } from './changes.ts';
import type { Evacuation } from './evacuation.ts';
import { because, sentenceOf, type Reason } from './reason.ts';
import type { ReserveClaim } from './reserve.ts';

/** What became of the reserved hosts of a record between two states of it. */
export function reserveChanges(before: Evacuation | null, after: Evacuation): readonly Change[] {
  const { reserve, host } = after;
  if (reserve === undefined || before?.reserve === reserve) return [];
  const changes: Change[] = [];
  const tell = (sentence: string, reason: Reason | null = null): void => {
    changes.push({ instance: null, what: 'reserve', sentence: `${host}: ${sentence}`, reason });
  };
  for (const claim of reserve.claims) {
    const earlier = before?.reserve?.claims.find((one) => one.host === claim.host);
    if (earlier?.at === claim.at) continue;
    if (claim.at === 'taken') {
      const why = because('NH335', { reserve: claim.host, host });
      tell(sentenceOf(why), why);
    } else tell(sentenceOfClaim(claim));
  }
  // Another event has a list of its own.
  const told = before?.mark.event === after.mark.event ? (before.reserve?.ended.length ?? 0) : 0;
  for (const { why } of reserve.ended.slice(told)) tell(sentenceOf(why), why);
  const { none } = reserve;
  if (none !== undefined && before?.reserve?.none?.code !== none.code) tell(sentenceOf(none), none);
  return changes;
}

/** Where a reserved host stands, in words. */
export function sentenceOfClaim({ host, at }: ReserveClaim): string {
  switch (at) {
    case 'claimed':
      return `the reserved host ${host} is claimed for it`;
    case 'enabling':
      return `the reserved host ${host} is being enabled`;
    case 'taken':
      return `the reserved host ${host} is enabled for it`;
    case 'returning':
      return `the reserved host ${host} is being given back`;
    case 'reopening':
      return `the reserved host ${host} got an instance meanwhile and is enabled again`;
  }
}

/** What is worth knowing about reserved hosts beside what holds a host back. */
export const reserveReasons = ({ reserve }: Evacuation): readonly Reason[] => [
  ...(reserve?.none === undefined ? [] : [reserve.none]),
  ...(reserve?.ended ?? []).map(({ why }) => why),
];
