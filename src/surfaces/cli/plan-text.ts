import type { Service, UnreachableService } from '../../domain/host.ts';
import { NOT_ASKED } from '../../domain/known.ts';
import { severityOf } from '../../domain/reason.ts';
import type { Plan } from '../../engine/plan-host.ts';
import type { PlannedInstance } from '../../engine/plan-instances.ts';
import { boardLines, type BoardView } from './board.ts';
import { printable } from './columns.ts';
import { say, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import { planTable, policyLines } from './plan-table.ts';
import { reasonText } from './refusal.ts';

/** A plan for people: what would be done, in the order in which it would be done, and what holds it. */
export function printPlan(io: Io, plan: Plan, board: BoardView): void {
  const paint = createPaint(io);
  const { host, service, instances, reserve } = plan;
  const moving = instances.filter(({ verdict }) => verdict === 'evacuate').length;
  const state = service === null ? 'unknown to Nova' : stateOf(service);
  say(
    io,
    `${paint.strong(host)} (${state}): ${String(moving)} of ${String(instances.length)} instances would be evacuated`,
  );
  const room = roomLine(plan, moving);
  for (const line of [...policyLines(plan), ...(room === null ? [] : [room])]) say(io, line);
  if (reserve !== null) say(io, paint.severity(severityOf(reserve), reasonText(reserve)));
  const reasons = [...plan.problems, ...plan.holds, ...plan.notes, ...board.silent];
  for (const line of boardLines(io, { reasons })) say(io, line);
  const rows = instances.map((one) => ({
    ...one,
    isMoved: one.verdict === 'evacuate',
    text: whyText(one),
  }));
  for (const line of planTable(io, rows)) say(io, line);
}

const stateOf = (service: Service | UnreachableService): string =>
  service.state === 'unknown'
    ? 'its cell cannot be reached'
    : `${service.status}, ${service.state}`;

/** Whether all find room, as far as anybody can tell. */
function roomLine({ room }: Plan, moving: number): string | null {
  if (room === NOT_ASKED || moving === 0) return null;
  if (room.kind === 'unknown') return `Room by Placement: unknown (${printable(room.why)})`;
  const { fits, short, unknown } = room.value;
  const words = [`${String(fits)} fit`];
  if (short > 0) words.push(`${String(short)} find none`);
  if (unknown > 0) words.push(`${String(unknown)} cannot be told (other zone, or more than sizes)`);
  return `Room by Placement: ${words.join(', ')}`;
}

/** Why it is skipped; else what selected it, where its order comes from, and what else is worth knowing. */
function whyText({ why, by, slot, notes }: PlannedInstance): string {
  if (why !== null) return reasonText(why);
  const order = slot?.from ?? [];
  return [
    ...(by === null ? [] : [by]),
    ...(order.length === 0 ? [] : [`order by ${order.join(', ')}`]),
    ...notes.map(reasonText),
  ].join('; ');
}
