import { DEFAULT_ORDER } from '../../domain/order.ts';
import type { Slot } from '../../domain/schedule.ts';
import type { Plan } from '../../engine/plan-host.ts';
import type { PlannedInstance } from '../../engine/plan-instances.ts';
import { foldedColumns, printable, type Cell } from './columns.ts';
import type { Io } from './io.ts';
import { createPaint, type Paint } from './paint.ts';

/** One line of a plan, of an evacuation as of a planned move. */
export interface PlanRow {
  readonly id: string;
  readonly name: string;
  readonly vmState: string;
  readonly verdict: string;
  /** Whether the verdict moves it. */
  readonly isMoved: boolean;
  readonly slot: Slot | null;
  readonly fit: PlannedInstance['fit'];
  readonly text: string;
}

/** Which profile applies and why, where there are any, and the order groups, if there are any. */
export function policyLines({
  profile,
  groups,
  sequence,
}: Pick<Plan, 'profile' | 'groups' | 'sequence'>): readonly string[] {
  const isChosen = profile.name !== null || profile.why.startsWith('no entry');
  const chosen = isChosen ? [`Profile: ${profile.name ?? 'none'} (${profile.why})`] : [];
  if (groups.length === 0) return chosen;
  const names = groups.map(({ name, members }) => `${printable(name)} (${String(members)})`);
  const how = sequence ? 'each when the one before has landed' : OFF;
  return [...chosen, `Groups, ${how}: ${names.join(', ')}`];
}

const OFF = 'by priority alone (order.sequence is off)';

const ROOM: Readonly<Record<NonNullable<PlannedInstance['fit']>, string>> = {
  fits: 'fits',
  'no-room': 'none',
  unknown: '?',
};

/** The instances of a plan, after an empty line; columns that would say nothing are left out. */
export function planTable(io: Io, instances: readonly PlanRow[]): readonly string[] {
  if (instances.length === 0) return [];
  const paint = createPaint(io);
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
    { text: one.verdict, paint: one.isMoved ? paint.good : paint.busy },
    ...(isOrdered ? [{ text: orderText(one) }] : []),
    ...(isMeasured ? [roomCell(one, paint)] : []),
    { text: printable(one.text) },
  ]);
  return ['', ...foldedColumns([head, ...rows], io.isTty ? io.size().columns : null)];
}

const isUsual = ({ priority, group }: Slot): boolean =>
  priority === DEFAULT_ORDER.priority && group === DEFAULT_ORDER.group;

/** `900 web after db` */
function orderText({ slot }: PlanRow): string {
  if (slot === null) return '-';
  const { priority, group, after } = slot;
  const parts = [String(priority), group ?? '', after === null ? '' : `after ${after}`];
  return printable(parts.filter((part) => part !== '').join(' '));
}

const roomCell = ({ fit }: PlanRow, paint: Paint): Cell =>
  fit === null
    ? { text: '-' }
    : { text: ROOM[fit], ...(fit === 'no-room' ? { paint: paint.bad } : {}) };
