import type { HostName } from './ids.ts';
import { fencedSince, shownFault, type Facts } from './judge.ts';
import { stageOf, type Migration } from './migration.ts';
import type { ActionTrace } from './observation.ts';
import type { Policy } from './policy.ts';
import { parseNovaTime, type Instant } from './time.ts';

/** What an evacuation that failed has left on its destination. */
export type Remains =
  | { readonly is: 'nothing'; readonly fault: string | null }
  | { readonly is: 'guest'; readonly fault: string }
  /** Nova has not told yet: a record fails before its fault is written. */
  | { readonly is: 'untold' };

/**
 * What a build fails of when its guest runs already, or when nobody can tell (contracts: nova 3.4): the
 * state was changed by somebody else, message queue or database were lost at a save, the domain was there
 * before. Nova shows what is no exception of its own by the name of its class.
 */
const LATE_FAILURE = new RegExp(
  [
    'UnexpectedTaskState|UnexpectedDeletingTaskState|Conflict updating instance',
    'Instance .+ already exists',
    'MessagingTimeout|Message(DeliveryFailure|Undeliverable)|Timed out waiting for a reply',
    'Remote ?[Ee]rror|DB\\w*(Error|Deadlock|DuplicateEntry)|OperationalError|CantStartEngine',
    'while getting domain info|Failed to \\w+ allocations for consumer',
  ].join('|'),
);

/** Whether a fault tells that a guest may be left running on the destination. */
export const isLate = (fault: string): boolean => LATE_FAILURE.test(fault);

/**
 * Whether a record failed on its destination, where a guest may be left. `error` is the conductor's word:
 * nobody had begun to build.
 */
export const failedOnDestination = (
  row: Migration,
): row is Migration & { readonly destination: HostName } =>
  stageOf(row.status) === 'failed' && row.status !== 'error' && row.destination !== null;

/**
 * The records younger than `after` that failed on a destination which was not proven off since: since we
 * followed the evacuation, and since the record was changed last (a guest that it left was built before).
 */
export function suspects(
  rows: readonly Migration[],
  { after, since }: { readonly after: number; readonly since: Instant },
  facts: Facts,
  policy: Policy,
): readonly (Migration & { readonly destination: HostName })[] {
  return rows
    .filter((row) => row.id > after)
    .filter(failedOnDestination)
    .filter((row) => !fencedSince(facts, row.destination, Math.max(since, endedAt(row)), policy));
}

const endedAt = ({ updatedAt }: Migration): Instant =>
  (updatedAt === null ? null : parseNovaTime(updatedAt)) ?? 0;

const madeAt = ({ createdAt }: Migration): Instant => parseNovaTime(createdAt) ?? Infinity;

/**
 * What a record that failed on its destination has left there. The event of its own request decides:
 * Nova ends it last, and gives it the reason; the fault of the instance is read beside it, since it may be
 * an older one, and Nova shows it only in ERROR.
 */
export function remainsOf(row: Migration, facts: Facts): Remains {
  const fault = freshFault(row, facts);
  const known: Remains =
    typeof fault === 'string' && isLate(fault) ? { is: 'guest', fault } : { is: 'untold' };
  const trace = traceOf(row, facts);
  return trace === null || known.is === 'guest' ? known : endOf(trace, fault);
}

/** What the events of an evacuation tell; `fault` is that of the instance, undefined where nobody looked. */
export function endOf(trace: ActionTrace, fault: string | null | undefined): Remains {
  switch (trace.building) {
    case 'none':
    case 'running':
      return { is: 'untold' };
    case 'done':
      return { is: 'guest', fault: 'it was being deleted meanwhile' };
    case 'failed': {
      const why = trace.fault ?? fault;
      if (why === undefined) return { is: 'untold' };
      if (why === null) return { is: 'guest', fault: 'Nova does not tell why' };
      return trace.ran || isLate(why) ? { is: 'guest', fault: why } : { is: 'nothing', fault: why };
    }
  }
}

/** The fault of the instance, unless it is older than the record; null: none is shown. */
export function freshFault(row: Migration, facts: Facts): string | null | undefined {
  const fault = shownFault(facts);
  if (fault === undefined) return undefined;
  const at = fault.faultAt === null ? null : parseNovaTime(fault.faultAt);
  return at !== null && at >= madeAt(row) ? fault.fault : null;
}

/** The events of the request that made a record: nova-api begins the action, then it makes the record. */
function traceOf(row: Migration, { trace }: Facts): ActionTrace | null {
  if (trace.kind === 'unknown' || trace.value === null) return null;
  const { value: newest } = trace;
  const begun = (one: ActionTrace): boolean =>
    (parseNovaTime(one.startedAt) ?? Infinity) <= madeAt(row);
  return [newest, ...(newest.earlier ?? [])].find(begun) ?? null;
}
