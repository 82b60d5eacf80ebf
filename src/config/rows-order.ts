import { DEFAULT_POLICY as P } from '../domain/policy.ts';
import { optional, row } from './row.ts';
import { duration, flag, integer, listOf, machineName, oneOf, text } from './values.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** In which order and how quickly instances are sent, and where to. */
export const ORDER_ROWS = {
  'order.sources': row(
    listOf(oneOf('instance', 'flavor', 'image')),
    P.order.sources,
    'where priority and group of an instance are looked for, the first that has one wins: its metadata (which its owner writes), the extra specs of its flavor, the properties of its image',
  ),
  'order.priority_keys': row(
    listOf(text()),
    P.order.priorityKeys,
    'the names of the priority, 1 to 1000, the highest first, 500 when there is none; sw:wrs:recovery_priority counts from 1 (first) to 10',
  ),
  'order.group_keys': row(listOf(text()), P.order.groupKeys, 'the names of the order group'),
  'order.sequence': row(
    flag(),
    P.order.sequence,
    'order groups one after the other, each when the one before has landed',
  ),
  'order.patience': row(
    duration(1000, DAY),
    P.order.patienceMs,
    'the longest that an order group waits for the one before it',
  ),
  'order.delay': row(
    duration(0, HOUR),
    P.order.delayMs,
    'extra wait between the landing of an order group and the start of the next',
  ),
  'pace.per_host': optional(
    integer(1, 10_000),
    'evacuations in flight away from one host',
    'no limit of its own',
  ),
  'pace.per_group': optional(
    integer(1, 10_000),
    'evacuations in flight of one order group, over all hosts',
    'no limit of its own',
  ),
  'pace.stagger': row(
    duration(0, HOUR),
    P.pace.staggerMs,
    'the shortest time between two evacuation requests of one host',
  ),
  'pace.adapt': row(
    flag(),
    P.pace.adapt,
    'halve what is in flight of a host when Nova is overwhelmed or finds no room, and let it grow again',
  ),
  'pace.recover': row(
    duration(1000, DAY),
    P.pace.recoverMs,
    'after this long without trouble the full limit holds again at once',
  ),
  'destination.host': optional(
    machineName(),
    'the host to which all instances are sent at the first try',
    "Nova's scheduler chooses",
  ),
  'destination.strict': row(
    flag(),
    P.destination.strict,
    'send them nowhere else, even when it has no room or is down',
  ),
  'capacity.check': row(
    oneOf('plan', 'warn', 'hold'),
    P.capacity.check,
    'compare the instances with what Placement says is free: in nova-ha plan only; before the start too, as a warning; or let those that find no room wait',
  ),
} as const;
