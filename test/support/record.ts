import { newEvacuation, type Evacuation, type Tracked } from '../../src/domain/evacuation.ts';
import {
  asEvent,
  asHost,
  asInstance,
  type HostName,
  type InstanceId,
} from '../../src/domain/ids.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { because } from '../../src/domain/reason.ts';

/** A freshly marked host. */
export function markedRecord(
  host: HostName = asHost('compute-1'),
  at = 1_763_638_509_000,
): Evacuation {
  const event = asEvent('20261120T113509Z-7f3a');
  const mark = {
    event,
    firstAt: at,
    at,
    origin: 'fence-agent',
    by: 'ctl-1',
    claim: { source: 'mark', at, detail: 'fence_nova off' },
    request: wholeHost,
  } as const;
  return newEvacuation(host, mark, at);
}

const why = because('NH401', { at: '2026-11-20T11:40:00.000Z' });

/** One progress of every kind that the domain knows. */
export const everyProgress: readonly Tracked['progress'][] = [
  { at: 'pending', attempt: 0, after: 0, notBefore: 0, why: null },
  { at: 'pending', attempt: 2, after: 9, notBefore: 1_763_638_600_000, why },
  { at: 'skipped', why: because('NH304') },
  { at: 'intended', attempt: 1, since: 5, after: 17 },
  {
    at: 'accepted',
    attempt: 1,
    since: 5,
    after: 17,
    migration: null,
    destination: null,
    looked: 5,
    heard: true,
  },
  {
    at: 'accepted',
    attempt: 1,
    since: 5,
    after: 17,
    migration: 18,
    destination: asHost('compute-2'),
    looked: 6,
  },
  {
    at: 'arrived',
    attempt: 1,
    since: 6,
    after: 17,
    migration: 18,
    destination: null,
    createdAt: '2026-11-20T12:00:00.000000',
  },
  { at: 'restoring', since: 7, destination: asHost('compute-2'), tries: 1 },
  { at: 'landed', destination: asHost('compute-2'), since: 8, restored: 'as-it-was' },
  { at: 'gone' },
  { at: 'failed', attempt: 3, why },
  { at: 'stuck', attempt: 1, since: 5, after: 17, migration: 18, destination: null, why },
];

const left = { since: 4, rows: [16], on: [asHost('compute-3')], repeated: true } as const;

/** A record with `count` instances, every kind of progress among them. */
export function fullRecord(count: number, host: HostName = asHost('compute-1')): Evacuation {
  const instances: Record<InstanceId, Tracked> = {};
  for (let index = 0; index < count; index += 1) {
    const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    instances[asInstance(id)] = {
      name: `guest-${String(index)}`,
      projectId: 'b1946ac92492d2347c6235b4d2611184',
      before: { vmState: 'active', taskState: null, powerState: 1, locked: false },
      exclusiveGroup: index % 3 === 0 ? 'c157a79031e1c40f85931829bc5fc552' : null,
      ...(index % 4 === 0 ? { left } : {}),
      progress: everyProgress[index % everyProgress.length] ?? { at: 'gone' },
    };
  }
  return {
    ...markedRecord(host),
    phase: 'evacuating',
    proof: { source: 'pacemaker', at: 1_763_638_510_000, detail: 'stonith "reboot" by ctl-2' },
    isolation: {
      before: { status: 'enabled', disabledReason: null, forcedDown: false },
      wasUp: false,
      since: 1_763_638_511_000,
      seen: true,
    },
    instances,
    reasons: [because('NH203', { count: 20, limit: 20 })],
  };
}
