import { isOpenHost } from './destination.ts';
import { tracked, type Evacuation, type Progress, type Tracked } from './evacuation.ts';
import type { Fleet } from './host.ts';
import type { HostName } from './ids.ts';
import type { Facts } from './judge.ts';
import type { RefusalCause } from './outcome.ts';
import type { Policy } from './policy.ts';
import { because } from './reason.ts';
import type { Instant } from './time.ts';

/**
 * The reserved host that an instance is asked to go to, where the policy wants that: each instance
 * once, the host that was asked for least first. Null: it goes where all others go.
 */
export function createReserveTargets(
  evacuation: Evacuation,
  fleet: Fleet,
  policy: Policy,
): (entry: Tracked) => HostName | null {
  const { reserve, mark } = evacuation;
  const isFixed = mark.request.target !== null || policy.destination.strict;
  if (!policy.reserve.target || isFixed || reserve === undefined) return () => null;
  const open = reserve.claims.filter(({ at, host }) => at === 'taken' && isOpenHost(fleet, host));
  if (open.length === 0) return () => null;
  const aimed = new Map<HostName, number>(open.map(({ host }) => [host, 0]));
  const count = (host: HostName): void => {
    aimed.set(host, (aimed.get(host) ?? 0) + 1);
  };
  for (const [, entry] of tracked(evacuation)) if (entry.aimed !== undefined) count(entry.aimed.at);
  return ({ aimed: earlier }) => {
    if (earlier !== undefined) return null;
    const [first] = [...open].sort((a, b) => (aimed.get(a.host) ?? 0) - (aimed.get(b.host) ?? 0));
    if (first === undefined) return null;
    count(first.host);
    return first.host;
  };
}

/** Refusals that say nothing about the host that was asked for. */
const OF_ANOTHER_MATTER: readonly RefusalCause[] = [
  'not-sent',
  'authentication',
  'forbidden',
  'too-many',
  'not-nova',
  'gave-way',
];
/** Refusals that may be about it alone: without it the request may be fine. */
const OF_THE_TARGET: readonly RefusalCause[] = ['target-not-found', 'bad-request', 'unsupported'];

/**
 * What follows when a request for a reserved host has not brought an instance there: the scheduler
 * chooses, at once when the reserved host had no room or was refused; after a 403 and the like it is
 * asked for again.
 */
export function afterAim(entry: Tracked, next: Progress, facts: Facts, now: Instant): Tracked {
  const { aimed, ...plain } = entry;
  const moved: Tracked = { ...entry, progress: next };
  const { progress } = entry;
  if (aimed === undefined || aimed.over) return moved;
  if (progress.at !== 'intended' && progress.at !== 'accepted') return moved;
  const cause =
    facts.answer?.outcome.kind === 'refused' ? facts.answer.outcome.refusal.cause : null;
  const over = { at: aimed.at, over: true };
  if (next.at === 'failed' && cause !== null && OF_THE_TARGET.includes(cause)) {
    const { attempt, after } = progress;
    const detail = `Nova refuses ${aimed.at}`;
    const why = because('NH410', { detail, at: 'where the scheduler likes' });
    const again = { at: 'pending', attempt, after, notBefore: now, why } as const;
    return { ...entry, aimed: over, progress: again };
  }
  if (next.at !== 'pending') return moved;
  if (cause !== null && OF_ANOTHER_MATTER.includes(cause)) return { ...plain, progress: next };
  const isFull = next.why?.code === 'NH401';
  const progressed = isFull || cause !== null ? { ...next, notBefore: now } : next;
  return { ...entry, aimed: over, progress: progressed };
}
