import type { HostName } from '../../domain/ids.ts';
import { remedyOf } from '../../domain/reason.ts';
import type { MovesPlan, PlannedMove } from '../../engine/plan-moves.ts';
import { boardLines } from './board.ts';
import { say, sayJson, type Io } from './io.ts';
import { planTable, policyLines } from './plan-table.ts';
import { reasonJson, reasonText } from './refusal.ts';

/** A plan of moves with what is said of it as a whole. */
export interface PrintedMoves {
  readonly head: string;
  readonly host: HostName;
  readonly plan: MovesPlan;
}

/** How many of a plan would be moved, or move already. */
export const movedBy = ({ moves }: MovesPlan): string =>
  `${String(moves.filter(({ verdict }) => verdict !== 'skip').length)} of ${String(moves.length)}`;

/** Prints what a drain or failback would do, in the order in which it would do it, and what holds it. */
export function printMoves(io: Io, { head, host, plan }: PrintedMoves, json: boolean): void {
  if (json) {
    sayJson(io, { kind: 'plan', host, ...planJson(plan) });
    return;
  }
  say(io, head);
  for (const line of policyLines(plan)) say(io, line);
  for (const line of boardLines(io, { reasons: plan.holds })) say(io, line);
  const rows = plan.moves.map((move) => ({
    ...move,
    isMoved: move.verdict !== 'skip',
    fit: null,
    text: whyText(move),
  }));
  for (const line of planTable(io, rows)) say(io, line);
}

function whyText({ why, state, slot, notes }: PlannedMove): string {
  if (why !== null) return `${reasonText(why)}. Remedy: ${remedyOf(why)}`;
  const order = slot?.from ?? [];
  return [
    ...(state === null ? [] : [state]),
    ...(order.length === 0 ? [] : [`order by ${order.join(', ')}`]),
    ...notes.map(reasonText),
  ].join('; ');
}

const planJson = (plan: MovesPlan): Readonly<Record<string, unknown>> => ({
  profile: plan.profile,
  sequence: plan.sequence,
  groups: plan.groups,
  holds: plan.holds.map(reasonJson),
  instances: plan.moves.map(({ id, name, vmState, verdict, why, state, notes, slot }) => ({
    id,
    name,
    vm_state: vmState,
    verdict,
    why: why === null ? null : reasonJson(why),
    state,
    notes: notes.map(reasonJson),
    order: slot,
  })),
});
