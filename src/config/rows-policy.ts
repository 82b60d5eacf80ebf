import { DEFAULT_POLICY as P } from '../domain/policy.ts';
import { HOLDING_ROWS } from './rows-holding.ts';
import { row } from './row.ts';
import { duration, flag, integer, listOf, oneOf } from './values.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What the worker does and how quickly; every default is the policy's own. */
export const POLICY_ROWS = {
  'fence.proof': row(
    listOf(oneOf('pacemaker', 'power', 'mark', 'operator')),
    P.fence.proof,
    'whose word is believed that a host is off',
  ),
  'fence.skew': row(
    duration(0, 300_000),
    P.fence.skewMs,
    'clock difference tolerated between the report of a failure and its proof',
  ),
  'fence.delay': row(
    duration(0, HOUR),
    P.fence.delayMs,
    'extra wait between the proof and the first evacuation (storage leases, locks)',
  ),
  'fence.watch': row(
    duration(0, HOUR),
    P.fence.watchMs,
    'how long a host that only an operator calls dead, and Nova called up, is watched for signs of life',
  ),
  'fence.isolation': row(
    oneOf('force-down', 'wait'),
    P.fence.isolation,
    'force-down: tell Nova at once that the host is down; wait: disable it and wait until Nova sees it down',
  ),
  'fence.patience': row(
    duration(1000, DAY),
    P.fence.patienceMs,
    'after this long a host that cannot be isolated no longer holds the others back',
  ),
  'pace.in_flight': row(
    integer(1, 10_000),
    P.pace.inFlight,
    'evacuations in flight in the region, over all hosts and workers',
  ),
  'pace.per_destination': row(
    integer(1, 10_000),
    P.pace.perDestination,
    'evacuations in flight towards one destination',
  ),
  'pace.posts': row(integer(1, 100), P.pace.posts, 'requests under way at once'),
  'pace.poll_min': row(
    duration(50, 60_000),
    P.pace.pollMinMs,
    'shortest pause between two looks at the migrations of a host',
  ),
  'pace.poll_max': row(
    duration(100, 600_000),
    P.pace.pollMaxMs,
    'longest pause between two looks at the migrations of a host',
  ),
  'retry.attempts': row(
    integer(1, 100),
    P.retry.attempts,
    'evacuation requests per instance; waiting for capacity is not counted',
  ),
  'retry.backoff': row(duration(100, HOUR), P.retry.backoffMs, 'first pause before a retry'),
  'retry.backoff_max': row(
    duration(100, DAY),
    P.retry.backoffMaxMs,
    'longest pause before a retry',
  ),
  'retry.capacity': row(
    duration(100, DAY),
    P.retry.capacityMs,
    'pause before an instance that found no room is sent again',
  ),
  // Shorter than a request can linger in a proxy or a full listen queue would mean sending it twice.
  'retry.uncertain': row(
    duration(30_000, HOUR),
    P.retry.uncertainMs,
    'how long Nova is watched before a request with unknown outcome counts as never arrived',
  ),
  'retry.stalled': row(
    duration(10_000, DAY),
    P.retry.stalledMs,
    'how long an evacuation may stand still before it is looked into',
  ),
  'retry.restore': row(
    duration(0, HOUR),
    P.retry.restoreMs,
    'how long the earlier power state is tried to be restored',
  ),
  ...HOLDING_ROWS,
  'readmit.automatic': row(flag(), P.readmit.automatic, 'take hosts back by itself'),
  'readmit.confirm': row(
    duration(0, 600_000),
    P.readmit.confirmMs,
    'how far apart the two looks are that must both show a host up; the reports of one that is forced down must go on for twice as long',
  ),
  'readmit.healthy': row(
    duration(0, DAY),
    P.readmit.healthyMs,
    'how long a host must be up before it is enabled',
  ),
  'readmit.leave_disabled': row(
    flag(),
    P.readmit.leaveDisabled,
    'take the force-down back, but leave enabling to the operator',
  ),
  'freshness.fleet': row(
    duration(0, HOUR),
    P.freshness.fleetMs,
    'how old the list of services may be while instances move',
  ),
  'freshness.idle': row(
    duration(100, HOUR),
    P.freshness.idleMs,
    'pause between two looks at a host for which nothing is to be done',
  ),
} as const;
