import { DEFAULT_POLICY } from '../domain/policy.ts';
import { optional, row } from './row.ts';
import { duration, flag, integer, oneOf, text } from './values.ts';

const P = DEFAULT_POLICY.reserve;
const HOUR = 3_600_000;

/** Which hosts are kept in reserve, and when they are taken and given back. */
export const RESERVE_ROWS = {
  'reserve.when': row(
    oneOf('never', 'needed', 'always'),
    P.when,
    'take a reserved host: never; when somebody finds no room by the figures of Placement (capacity.check) or by NoValidHost; or for every failed host',
  ),
  'reserve.reason': row(
    text(),
    P.reason,
    'the word (or words) in the reason with which an operator disabled a reserved host, in any case of letters',
  ),
  'reserve.aggregate': optional(
    text('the name of an aggregate'),
    'the aggregate of the reserved hosts; those in it need no reason, but one that was disabled there for another reason is left alone',
    'the reason alone tells a reserved host',
  ),
  'reserve.match': row(
    oneOf('aggregate', 'zone', 'any'),
    P.match,
    'what a reserved host and the failed one must have in common: an aggregate, the availability zone, or nothing',
  ),
  'reserve.hosts': row(
    integer(1, 100),
    P.hosts,
    'so many reserved hosts at most for one failed host',
  ),
  'reserve.add_to_aggregates': row(
    flag(),
    P.addToAggregates,
    'add a reserved host to the aggregates of the failed one for as long as it is taken',
  ),
  'reserve.target': row(
    flag(),
    P.target,
    'send instances to the reserved host at the first try; when Nova refuses it, where the scheduler likes',
  ),
  'reserve.give_back': row(
    flag(),
    P.giveBack,
    'disable a reserved host again, with its own reason, when it stayed empty',
  ),
  'reserve.patience': row(
    duration(1000, HOUR),
    P.patienceMs,
    'the longest that instances wait for a reserved host',
  ),
} as const;
