import type * as v from 'valibot';
import { asHost, type HostName, type InstanceId } from '../../domain/ids.ts';
import { known, mapKnown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import type { ActionTrace } from '../../domain/observation.ts';
import { applied } from '../../domain/outcome.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import type { Millis } from '../../domain/time.ts';
import { read, readOrAbsent } from './reading.ts';
import { actionList, oneAction } from './schema.ts';
import type { Session } from './session.ts';
import { write } from './writing.ts';

/**
 * The newest of the microversions that keep the power state: from 2.95 on Nova leaves evacuated
 * instances stopped.
 */
const EVACUATE_MINOR = 94;
/** The first that leaves evacuated instances stopped, whatever they were (but for those in error). */
export const STOPPED_MINOR = 95;
const ACTION_MINOR = 73;
const TRACE_MINOR = 84;

// `locked_reason` has 255 characters.
const REASON_LENGTH = 255;

/** A change of one instance. */
export interface ActionRequest {
  readonly id: InstanceId;
  readonly body: Readonly<Record<string, unknown>>;
  readonly minor?: number;
  readonly deadlineMs: Millis;
  readonly mayLeave?: (() => boolean) | undefined;
}

/** POST to an instance's action; on a connection of its own and never repeated. */
export async function act(
  session: Session,
  { id, body, minor = ACTION_MINOR, deadlineMs, mayLeave }: ActionRequest,
): Promise<WriteOutcome<{ readonly requestId: string | null }>> {
  const outcome = await write(session, {
    method: 'POST',
    path: `/servers/${encodeURIComponent(id)}/action`,
    minor,
    json: body,
    fresh: true,
    deadlineMs,
    ...(mayLeave === undefined ? {} : { mayLeave }),
  });
  if (outcome.kind !== 'applied') return outcome;
  return applied({ requestId: outcome.value.requestId });
}

/** POST evacuate; with a target Nova's scheduler still checks it (2.29 and later, without `force`). */
export function evacuate(
  session: Session,
  request: {
    readonly id: InstanceId;
    readonly target: HostName | null;
    readonly end?: 'stopped' | undefined;
    readonly deadlineMs: Millis;
    readonly mayLeave?: (() => boolean) | undefined;
  },
): Promise<WriteOutcome<{ readonly requestId: string | null }>> {
  const { id, target, end, deadlineMs, mayLeave } = request;
  const body = { evacuate: target === null ? {} : { host: target } };
  const minor = end === 'stopped' ? STOPPED_MINOR : EVACUATE_MINOR;
  return act(session, { id, body, minor, deadlineMs, mayLeave });
}

/** The body of a lock with a reason, by which we know our own locks again. */
export const lockBody = (reason: string): Readonly<Record<string, unknown>> => ({
  lock: { locked_reason: reason.slice(0, REASON_LENGTH) },
});

/**
 * What became of the newest evacuation of an instance, and of some before it: event `rebuild_server` is the conductor's part (success only means that the work was handed on),
 * `compute_rebuild_instance` the destination's, who is named here (to administrators, from 2.62 on)
 * before the migration names him: there he appears only once he has claimed the resources. The event
 * ends last of all, after the record and after the fault of the instance are written.
 */
export async function readTrace(
  session: Session,
  id: InstanceId,
): Promise<Known<ActionTrace | null>> {
  const path = `/servers/${encodeURIComponent(id)}/os-instance-actions`;
  const list = await readOrAbsent(session, { method: 'GET', path, minor: TRACE_MINOR }, actionList);
  if (list.kind === 'unknown') return list;
  const newest = (list.value?.instanceActions ?? [])
    .filter(({ action }) => action === 'evacuate')
    .sort((a, b) => (a.start_time < b.start_time ? 1 : a.start_time > b.start_time ? -1 : 0))
    .slice(0, 1 + EARLIER);
  const looks = await Promise.all(newest.map((one) => readAction(session, path, one)));
  const traces: ActionTrace[] = [];
  for (const one of looks) {
    if (one.kind === 'unknown') return one;
    traces.push(one.value);
  }
  const [last, ...earlier] = traces;
  if (last === undefined) return known(null, list.at);
  return known(earlier.length === 0 ? last : { ...last, earlier }, list.at);
}

/** How many evacuations before the newest one are looked into: the tries of one failure. */
const EARLIER = 4;

async function readAction(
  session: Session,
  path: string,
  { request_id: requestId, start_time: startedAt }: Action,
): Promise<Known<ActionTrace>> {
  const detail = await read(
    session,
    { method: 'GET', path: `${path}/${encodeURIComponent(requestId)}`, minor: TRACE_MINOR },
    oneAction,
  );
  return mapKnown(detail, ({ instanceAction: { events } }) => ({
    requestId,
    startedAt,
    scheduling: stageOf(events, SCHEDULING),
    scheduledAt: endOf(events),
    building: stageOf(events, BUILDING),
    buildingOn: hostOf(events),
    fault:
      events.find(({ event, details }) => event === BUILDING && details !== null)?.details ?? null,
    ran: events.some(({ event }) => event === STOPPING),
  }));
}

const SCHEDULING = 'rebuild_server';
const BUILDING = 'compute_rebuild_instance';
const STOPPING = 'compute_stop_instance';

type Action = v.InferOutput<typeof actionList>['instanceActions'][number];
type Event = v.InferOutput<typeof oneAction>['instanceAction']['events'][number];

function hostOf(events: readonly Event[]): HostName | null {
  const host = events.find(({ event }) => event === BUILDING)?.host ?? null;
  return host === null ? null : asHost(host);
}

/** When the last of them was handed on. */
function endOf(events: readonly Event[]): string | null {
  const ends = events.flatMap((one) =>
    one.event === SCHEDULING && one.finish_time !== null ? [one.finish_time] : [],
  );
  return ends.reduce<string | null>(
    (last, end) => (last === null || end > last ? end : last),
    null,
  );
}

function stageOf(events: readonly Event[], name: string): ActionTrace['scheduling'] {
  const mine = events.filter(({ event }) => event === name);
  if (mine.length === 0) return 'none';
  if (mine.some(({ result }) => result === 'Error')) return 'failed';
  return mine.every(({ result }) => result === 'Success') ? 'done' : 'running';
}
