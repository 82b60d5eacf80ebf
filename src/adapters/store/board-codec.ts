import type { EventId, HostName } from '../../domain/ids.ts';
import { refused, type WriteOutcome } from '../../domain/outcome.ts';
import type { Board, SilentHost } from '../../domain/switchboard.ts';
import type { Switch, SwitchScope } from '../../domain/switches.ts';
import { unwrap, wrap, type Decoded } from './codec.ts';
import { isTrue, reason } from './instance-shape.ts';
import { list, nullable, number, object, oneOf, optional, text, variant } from './shape.ts';

type Scope<Of extends SwitchScope['of']> = Extract<SwitchScope, { readonly of: Of }>;

const scope = variant<SwitchScope, 'of'>('of', {
  all: object<Scope<'all'>>({ of: oneOf(['all']) }),
  aggregate: object<Scope<'aggregate'>>({ of: oneOf(['aggregate']), name: text() }),
  host: object<Scope<'host'>>({ of: oneOf(['host']), host: text<HostName>() }),
});

const boardShape = object<Board>({
  switches: list(
    object<Switch>({
      kind: oneOf(['pause', 'freeze', 'maintenance']),
      scope,
      reason: text(),
      by: text(),
      since: number,
      until: nullable(number),
    }),
  ),
  silent: list(
    object<SilentHost>({
      host: text<HostName>(),
      since: number,
      why: reason,
      label: optional(text<EventId>()),
      disabled: optional(isTrue),
      lifted: optional(isTrue),
      upSince: optional(number),
      asked: optional(number),
    }),
  ),
});

/** The text of a board; one line. */
export const encodeBoard = ({ switches, silent }: Board): string =>
  wrap('board', { switches, silent });

/** Reads a board. A switch of a kind that this release does not know is damage too: it could be a pause. */
export const decodeBoard = (written: string): Decoded<Board> =>
  unwrap('board', boardShape, written);

/** Somebody else has changed the switches. */
export const staleBoard = (found: number, expected: number): WriteOutcome<never> =>
  refused(
    'wrong-state',
    `the switches are at version ${String(found)}, not ${String(expected)}: somebody was faster`,
  );
