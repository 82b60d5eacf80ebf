import { FENCING_ROWS } from './rows-fencing.ts';
import { OPENSTACK_ROWS } from './rows-openstack.ts';
import { ORDER_ROWS } from './rows-order.ts';
import { POLICY_ROWS } from './rows-policy.ts';
import { profileRows, type Rows } from './rows-profiles.ts';
import { RESERVE_ROWS } from './rows-reserve.ts';
import { SELECT_ROWS } from './rows-select.ts';
import { STATES_ROWS } from './rows-states.ts';
import { STORE_ROWS } from './rows-store.ts';
import { row, type Row } from './row.ts';
import { duration, oneOf } from './values.ts';

/** How the worker runs and what it says. */
const RUNTIME_ROWS = {
  'worker.lease': row(
    duration(2000, 600_000),
    15_000,
    'how long a worker that fell silent keeps a host to itself',
  ),
  'worker.poll': row(
    duration(100, 60_000),
    2000,
    'how often the store is asked for marks; nudges come on top',
  ),
  'log.level': row(
    oneOf('debug', 'info', 'warn', 'error'),
    'info',
    'the least that is worth a line',
  ),
  'log.format': row(
    oneOf('text', 'json'),
    'text',
    'text: one sentence per line; json: with all fields',
  ),
} as const;

/** The keys of which profiles are made. */
const GENERAL = {
  ...OPENSTACK_ROWS,
  ...STORE_ROWS,
  ...FENCING_ROWS,
  ...RUNTIME_ROWS,
  ...STATES_ROWS,
  ...POLICY_ROWS,
  ...ORDER_ROWS,
  ...RESERVE_ROWS,
  ...SELECT_ROWS,
} as const;

/**
 * The one table of configuration keys: the parser, the environment variables, `config show` and the
 * documentation are made from it.
 */
export const TABLE = { ...GENERAL, ...profileRows(GENERAL as unknown as Rows) } as const;

/** A key of the configuration, such as `pace.in_flight`. */
export type Key = keyof typeof TABLE;

/** The value of every key, checked. */
export type Settings = {
  readonly [K in Key]: (typeof TABLE)[K] extends Row<infer T> ? T : never;
};

/** All keys in the order of the table. */
export const KEYS = Object.keys(TABLE) as readonly Key[];

/** The row of a key, its type forgotten. */
export const rowOf = (key: Key): Row<unknown> => TABLE[key] as Row<unknown>;

/** The environment variable that overrides a key: `NOVA_HA_PACE_IN_FLIGHT`. */
export const variableOf = (key: Key): string => `NOVA_HA_${key.toUpperCase().replaceAll('.', '_')}`;

/** A value as `config show` and the documentation print it. */
export function showValue(key: Key, value: unknown): string {
  if (value === null) return '';
  const { kind, secret } = rowOf(key);
  if (secret && kind.masked !== true) return '(secret)';
  // A URL may carry a password of its own.
  return kind.show(value).replace(/(:\/\/[^:@/]*):[^@/]*@/g, '$1:(secret)@');
}

/** The default of a key in words. */
export const showFallback = (key: Key): string =>
  rowOf(key).fallbackText ?? showValue(key, rowOf(key).fallback);
