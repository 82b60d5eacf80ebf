import { DEFAULT_POLICY as P } from '../domain/policy.ts';
import { row } from './row.ts';
import { duration, integer, oneOf, share, textOrNone } from './values.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** When we hold back: storms and flapping hosts. */
export const HOLDING_ROWS = {
  'storm.max_hosts': row(
    integer(1, 100_000),
    P.storm.maxHosts,
    'most hosts marked at once; more hold new evacuations',
  ),
  'storm.max_share': row(
    share(),
    P.storm.maxShare,
    'the same as a share of all hosts; 0 holds always, 1 never',
  ),
  'storm.cascade': row(
    duration(0, 30 * DAY),
    P.storm.cascadeMs,
    'evacuated hosts that are not back yet count for so long after their mark, so that failures one after the other are seen too',
  ),
  'storm.aggregate_key': row(
    textOrNone(),
    P.storm.aggregateKey,
    'the key in the metadata of an aggregate that says how many of its hosts may be marked at once; empty: none does',
  ),
  'storm.silent_share': row(
    share(),
    P.storm.silentShare,
    'more than this share of the unmarked compute services (3 or more) silent at once is trouble of the control plane and holds; 1 never',
  ),
  'storm.cooldown': row(
    duration(0, DAY),
    P.storm.cooldownMs,
    'how long after a storm nothing new is sent; 0s: not at all',
  ),
  'storm.interval': row(
    duration(0, DAY),
    P.storm.intervalMs,
    'within this time at most storm.per_interval hosts begin to be evacuated; 0s: as many as there are',
  ),
  'storm.per_interval': row(
    integer(1, 100_000),
    P.storm.perInterval,
    'how many hosts may begin within storm.interval',
  ),
  'died.action': row(
    oneOf('report', 'disable', 'fence'),
    P.died.action,
    'what is done about a host whose nova-compute is silent although nobody reported the host: report: say it once; disable: so that nothing new lands there; fence: have it switched off, and evacuate it then',
  ),
  'died.after': row(
    duration(60_000, 7 * DAY),
    P.died.afterMs,
    "for how long it must be silent, Nova's own times compared with each other",
  ),
  'flap.count': row(
    integer(0, 20),
    P.flap.count,
    'a host that failed so often within flap.period is evacuated, but left disabled when it is back; 0: never',
  ),
  'flap.period': row(
    duration(60_000, 365 * DAY),
    P.flap.periodMs,
    'the time in which failures of one host are counted',
  ),
} as const;
