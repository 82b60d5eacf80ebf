import { isInFlight, tracked, type Evacuation } from './evacuation.ts';
import type { HostName, InstanceId } from './ids.ts';
import type { Policy } from './policy.ts';
import { summaryOf, type Summary } from './summary.ts';
import type { Instant } from './time.ts';

/** What a step sends, and on what it was decided. */
export interface Sending {
  readonly before: Evacuation;
  readonly next: Evacuation;
  /** The requests, with the destinations that are asked for; null: left to the scheduler. */
  readonly sent: readonly { readonly instance: InstanceId; readonly target: HostName | null }[];
  /** The summaries of the other hosts. */
  readonly others: readonly Summary[];
  readonly policy: Policy;
  readonly now: Instant;
}

/**
 * The limit that a step breaks by what it sends, in words: in flight in the region, away from the host,
 * of an order group, towards a destination that was asked for, within the window of the host, between
 * two requests, and of groups whose members must not meet. Only what is sent is judged: an operator's
 * evacuations, or a limit that was lowered, may have gone beyond it before.
 */
export function overBudget(sending: Sending): string | null {
  if (sending.sent.length === 0) return null;
  return tooMany(sending) ?? tooQuick(sending) ?? tooClose(sending);
}

function tooMany({ next, sent, others, policy }: Sending): string | null {
  const { pace } = policy;
  const own = summaryOf(next);
  const sum = (count: (peer: Summary) => number): number =>
    others.reduce((total, peer) => total + count(peer), count(own));
  const limits: (readonly [string, number, number])[] = [
    ['in flight', sum(({ inFlight }) => inFlight), pace.inFlight],
    ['in flight from the host', own.inFlight, pace.perHost ?? Infinity],
    ['in flight in the window', own.inFlight, Math.floor(next.window?.size ?? Infinity)],
  ];
  for (const group of new Set(sent.map(({ instance }) => next.instances[instance]?.order?.group))) {
    if (group === undefined || group === null) continue;
    const flying = sum(({ orders }) => orders?.[group]?.inFlight ?? 0);
    limits.push([`in flight of the group ${group}`, flying, pace.perGroup ?? Infinity]);
  }
  for (const target of new Set(sent.map((one) => one.target))) {
    if (target === null) continue;
    const towards = sum((peer) => peer.towards[target] ?? 0);
    limits.push([`in flight towards ${target}`, towards, pace.perDestination]);
  }
  const broken = limits.find(([, count, limit]) => count > limit);
  return broken === undefined
    ? null
    : `${String(broken[1])} ${broken[0]}, limit ${String(broken[2])}`;
}

function tooQuick({ before, sent, policy, now }: Sending): string | null {
  const { staggerMs } = policy.pace;
  if (staggerMs === 0) return null;
  if (sent.length > 1) return `${String(sent.length)} requests at once`;
  const since = before.sentAt === undefined ? Infinity : now - before.sentAt;
  return since < staggerMs ? `a request ${String(since)} ms after the last one` : null;
}

function tooClose({ next, sent, others }: Sending): string | null {
  const flying = new Map<string, number>();
  for (const [, { progress, exclusiveGroup: group }] of tracked(next)) {
    if (group !== null && isInFlight(progress)) flying.set(group, (flying.get(group) ?? 0) + 1);
  }
  for (const { instance } of sent) {
    const group = next.instances[instance]?.exclusiveGroup ?? null;
    const peer = others.find(({ groups }) => group !== null && groups.includes(group));
    if (group !== null && peer !== undefined)
      return `a member of ${group} is under way from ${peer.host} (${instance})`;
    if (group !== null && (flying.get(group) ?? 0) > 1)
      return `two members of ${group} under way (${instance})`;
  }
  return null;
}
