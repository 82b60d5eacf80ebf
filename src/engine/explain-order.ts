import type { Fit } from '../domain/capacity.ts';
import type { Evacuation, Tracked } from '../domain/evacuation.ts';
import { NOT_ASKED } from '../domain/known.ts';
import type { Policy } from '../domain/policy.ts';
import { policyOf } from '../domain/profile.ts';
import type { Reason } from '../domain/reason.ts';
import { scheduleOf, sentenceOfSlot, type Schedule } from '../domain/schedule.ts';
import { sequenceOf } from '../domain/sequence.ts';
import type { Instant } from '../domain/time.ts';
import type { HostFact } from './explain.ts';
import type { Plan } from './plan-host.ts';

/** What decides when the instances of a record are sent. */
export interface OrderWords {
  /** The groups of the host and how it stands with them; null without any. */
  readonly groups: string | null;
  readonly orderOf: (entry: Tracked) => string;
  /** Why an instance that waits is not sent yet although nothing holds its host; null: it may be. */
  readonly waitOf: (entry: Tracked) => Reason | null;
}

/** Explains the order of a record by the functions that choose whom to send. */
export function orderWords(record: Evacuation, general: Policy, now: Instant): OrderWords {
  const policy = policyOf(general, record);
  const schedule = scheduleOf(record, policy);
  const sequence = sequenceOf(record, policy, now);
  const stage = sequence.stage === undefined ? '' : `; at ${sequence.stage.group}`;
  return {
    groups:
      schedule.groups.length === 0
        ? null
        : `${groupsText(schedule.groups, policy.order.sequence)}${stage}`,
    orderOf: (entry) => sentenceOfSlot(schedule.slotOf(entry)),
    waitOf: (entry) => (sequence.isOpen(entry) ? null : sequence.waits),
  };
}

function groupsText(groups: Schedule['groups'], sequence: boolean): string {
  const names = groups.map(({ name, members }) => `${name} (${String(members)})`).join(', ');
  return `${names}: ${sequence ? 'one after the other' : 'by priority alone'}`;
}

/** The same of a plan, and whether there is room. */
export function outlookFacts({ groups, sequence, room }: Plan): readonly HostFact[] {
  return [
    ...(groups.length === 0 ? [] : [['groups', groupsText(groups, sequence)] as const]),
    ...(room === NOT_ASKED ? [] : [['room', roomText(room)] as const]),
  ];
}

function roomText(room: Plan['room']): string {
  if (room.kind === 'unknown') return `unknown: ${room.why}`;
  const { fits, short, unknown } = room.value;
  return forecastText({ fits, short, unknown });
}

/** What Placement said of those that wait, in words. */
export const forecastText = (forecast: NonNullable<Evacuation['forecast']>): string =>
  `${String(forecast.fits)} fit, ${String(forecast.short)} find none, ${String(forecast.unknown)} cannot be told (by Placement)`;

/** Whether there is room for one instance, in words; null where nobody compared. */
export function fitText(fit: Fit | null): string | null {
  switch (fit) {
    case null:
      return null;
    case 'fits':
      return 'it fits on another host, by Placement';
    case 'no-room':
      return 'no host has room for it, by Placement';
    case 'unknown':
      return 'it cannot be told (only another zone has room, or it asks for more than sizes)';
  }
}
