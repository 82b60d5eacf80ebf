import type { HostName } from '../../domain/ids.ts';
import { remedyOf, severityOf, type Reason } from '../../domain/reason.ts';
import { because } from '../../domain/reason.ts';
import type { Switchboard } from '../../domain/switchboard.ts';
import { active, reasonOfSwitch, type Switch } from '../../domain/switches.ts';
import { formatInstant, type Instant } from '../../domain/time.ts';
import { cut } from './columns.ts';
import { createPaint } from './paint.ts';
import type { Io } from './io.ts';
import type { Parts } from './parts.ts';
import { reasonJson, reasonText } from './refusal.ts';

/** What is switched and which hosts are silent, as every view of the state shows it. */
export interface BoardView {
  readonly reasons: readonly Reason[];
  /** The silent hosts alone; what cannot be read is among the reasons. */
  readonly silent: readonly Reason[];
  readonly json: Readonly<Record<string, unknown>>;
  /** False: it could not be read, and the only reason says why. */
  readonly isKnown: boolean;
}

/** Reads the board; what cannot be read is shown as the reason that it is, since it holds everything. */
export async function viewBoard(
  { store, clock }: Pick<Parts, 'store' | 'clock'>,
  host?: HostName,
): Promise<BoardView> {
  const board = await store.switchboard();
  if (board.kind === 'unknown') {
    const why = because('NH104', { what: 'the switches (pause, freeze)', detail: board.why });
    const json = { switches: null, silent: null };
    return { reasons: [why], silent: [], json, isKnown: false };
  }
  return boardView(board.value, clock.now(), host);
}

function boardView(board: Switchboard, now: Instant, host: HostName | undefined): BoardView {
  const isMeant = ({ scope }: Switch): boolean =>
    host === undefined || scope.of !== 'host' || scope.host === host;
  const switches = active(board.switches, now).filter(isMeant);
  const silent = board.silent.filter((one) => host === undefined || one.host === host);
  return {
    reasons: [...switches.map(reasonOfSwitch), ...silent.map(({ why }) => why)],
    silent: silent.map(({ why }) => why),
    isKnown: true,
    json: {
      switches: switches.map(switchJson),
      silent: silent.map(({ host: name, since, why }) => ({
        host: name,
        since: formatInstant(since),
        ...reasonJson(why),
      })),
    },
  };
}

const switchJson = ({ kind, scope, reason, by, since, until }: Switch) => ({
  kind,
  scope: scope.of,
  name: scope.of === 'all' ? null : scope.of === 'host' ? scope.host : scope.name,
  reason,
  by,
  since: formatInstant(since),
  until: until === null ? null : formatInstant(until),
});

/** The lines about it, each with its remedy; cut at `width`, where a frame is drawn. */
export function boardLines(
  io: Io,
  { reasons }: Pick<BoardView, 'reasons'>,
  width = Infinity,
): readonly string[] {
  const paint = createPaint(io);
  return reasons.flatMap((reason) => [
    paint.severity(severityOf(reason), cut(reasonText(reason), width)),
    paint.quiet(cut(`  Remedy: ${remedyOf(reason)}`, width)),
  ]);
}
