import type { Evacuation } from './evacuation.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { formatMillis, type Instant } from './time.ts';

/** How many failures a record remembers; more than `flap.count` may ask for. */
const REMEMBERED = 20;

/** What the record of a new event takes over from the one before: when the host failed. */
export function failuresBefore(record: Evacuation): Pick<Evacuation, 'failures'> {
  const own = record.forgiven === true ? [] : [record.mark.firstAt];
  // An operator's `enable` is his word that the cause is mended: what was before it counts no more.
  const earlier = record.readmission.asked ? [] : (record.failures ?? []);
  const failures = [...earlier, ...own].slice(-REMEMBERED);
  return failures.length === 0 ? {} : { failures };
}

/** Why a host is not enabled by itself: it has failed too often. Null: it is, or an operator asked for it. */
export function flapHold(
  { host, failures = [], mark, forgiven, readmission }: Evacuation,
  policy: Policy,
  now: Instant,
): Reason | null {
  const { count: limit, periodMs } = policy.flap;
  if (limit === 0 || readmission.asked) return null;
  const all = forgiven === true ? failures : [...failures, mark.firstAt];
  const count = all.filter((at) => now - at < periodMs).length;
  const time = formatMillis(periodMs);
  return count >= limit ? because('NH234', { host, count, time }) : null;
}
