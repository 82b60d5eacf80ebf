import type { Service, UnreachableService } from '../../domain/host.ts';
import { NOT_ASKED } from '../../domain/known.ts';
import { severityOf } from '../../domain/reason.ts';
import { DEFAULT_ORDER } from '../../domain/order.ts';
import type { Plan } from '../../engine/plan-host.ts';
import type { PlannedInstance } from '../../engine/plan-instances.ts';
import { boardLines, type BoardView } from './board.ts';
import { columns, printable, type Cell } from './columns.ts';
import { say, type Io } from './io.ts';
import { createPaint, type Paint } from './paint.ts';
import { reasonText } from './refusal.ts';

/** A plan for people: what would be done, in the order in which it would be done, and what holds it. */
export function printPlan(io: Io, plan: Plan, board: BoardView): void {
  const paint = createPaint(io);
  const { host, service, instances, profile, reserve } = plan;
  const moving = instances.filter(({ verdict }) => verdict === 'evacuate').length;
  const state = service === null ? 'unknown to Nova' : stateOf(service);
  say(
    io,
    `${paint.strong(host)} (${state}): ${String(moving)} of ${String(instances.length)} instances would be evacuated`,
  );
  if (profile.name !== null || profile.why.startsWith('no entry'))
    say(io, `Profile: ${profile.name ?? 'none'} (${profile.why})`);
  for (const line of [sequenceLine(plan), roomLine(plan, moving)]) if (line !== null) say(io, line);
  if (reserve !== null) say(io, paint.severity(severityOf(reserve), reasonText(reserve)));
  const reasons = [...plan.problems, ...plan.holds, ...plan.notes, ...board.silent];
  for (const line of boardLines(io, { reasons })) say(io, line);
  if (instances.length === 0) return;
  say(io, '');
  for (const line of instanceTable(io, plan, paint)) say(io, line);
}

const stateOf = (service: Service | UnreachableService): string =>
  service.state === 'unknown'
    ? 'its cell cannot be reached'
    : `${service.status}, ${service.state}`;

/** The order groups, if there are any. */
function sequenceLine({ groups, sequence }: Plan): string | null {
  if (groups.length === 0) return null;
  const names = groups.map(({ name, members }) => `${printable(name)} (${String(members)})`);
  return sequence
    ? `Groups, each when the one before has landed: ${names.join(', ')}`
    : `Groups, by priority alone (order.sequence is off): ${names.join(', ')}`;
}

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

const ROOM: Readonly<Record<NonNullable<PlannedInstance['fit']>, string>> = {
  fits: 'fits',
  'no-room': 'none',
  unknown: '?',
};

function instanceTable(io: Io, { instances }: Plan, paint: Paint): readonly string[] {
  const isOrdered = instances.some(({ slot }) => slot !== null && !isUsual(slot));
  const isMeasured = instances.some(({ fit }) => fit !== null);
  const titles = [
    ...['INSTANCE', 'ID', 'STATE', 'PLAN'],
    ...(isOrdered ? ['ORDER'] : []),
    ...(isMeasured ? ['ROOM'] : []),
    'WHY',
  ];
  const head = titles.map((text) => ({ text, paint: paint.heading }));
  const rows = instances.map((one): readonly Cell[] => [
    { text: printable(one.name) },
    { text: one.id, paint: paint.quiet },
    { text: one.vmState },
    { text: one.verdict, paint: one.verdict === 'evacuate' ? paint.good : paint.busy },
    ...(isOrdered ? [{ text: orderText(one) }] : []),
    ...(isMeasured ? [roomCell(one, paint)] : []),
    { text: printable(whyText(one)) },
  ]);
  return columns([head, ...rows], io.isTty ? io.size().columns : null);
}

const isUsual = ({ priority, group }: NonNullable<PlannedInstance['slot']>): boolean =>
  priority === DEFAULT_ORDER.priority && group === DEFAULT_ORDER.group;

/** `900 web after db` */
function orderText({ slot }: PlannedInstance): string {
  if (slot === null) return '-';
  const { priority, group, after } = slot;
  const parts = [String(priority), group ?? '', after === null ? '' : `after ${after}`];
  return printable(parts.filter((part) => part !== '').join(' '));
}

const roomCell = ({ fit }: PlannedInstance, paint: Paint): Cell =>
  fit === null
    ? { text: '-' }
    : { text: ROOM[fit], ...(fit === 'no-room' ? { paint: paint.bad } : {}) };

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
