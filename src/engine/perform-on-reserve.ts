import type { Action } from '../domain/action.ts';
import type { HostName } from '../domain/ids.ts';
import type { WriteOutcome } from '../domain/outcome.ts';
import type { FleetCache } from './fleet-cache.ts';
import type { Compute, Log } from './ports.ts';
import { changedSince } from './unchanged.ts';

/** What is done to a reserved host that is claimed. */
export type ReserveAction = Extract<
  Action,
  { do: 'change-reserve' | 'join-aggregate' | 'leave-aggregate' }
>;

/**
 * Changes the service of a reserved host or its aggregates. Nothing is told back: the next turn looks
 * afresh and asks again for what is missing. An aggregate that has (or has not) the host already
 * answers 409 (or 404), which is as good as done.
 */
export async function performOnReserve(
  {
    compute,
    fleet,
    log,
  }: { readonly compute: Compute; readonly fleet: FleetCache; readonly log: Log },
  host: HostName,
  action: ReserveAction,
  mayLeave: () => boolean,
): Promise<void> {
  const expected = action.do === 'change-reserve' ? action.expected : undefined;
  const why = expected === undefined ? null : await changedSince(fleet, action.host, expected);
  if (why !== null) {
    const reserve = action.host;
    log.info(`The reserved host ${reserve} is left as it is: ${why}; looking again.`, { host });
    return;
  }
  const outcome = await send(compute, action, mayLeave);
  fleet.forget();
  if (outcome.kind === 'applied') return;
  const fields = { host, reserve: action.host, action: action.do };
  if (outcome.kind === 'uncertain') {
    log.warn(
      `Whether Nova did as asked (to ${wordsFor(action)}) is not known: ${outcome.why}`,
      fields,
    );
    return;
  }
  const { cause, message } = outcome.refusal;
  const isThere = action.do === 'join-aggregate' && /already has host/.test(message);
  const isGone = action.do === 'leave-aggregate' && cause === 'not-found';
  if (!isThere && !isGone) log.warn(`Nova refused to ${wordsFor(action)}: ${message}`, fields);
}

function send(
  compute: Compute,
  action: ReserveAction,
  mayLeave: () => boolean,
): Promise<WriteOutcome<unknown>> {
  switch (action.do) {
    case 'change-reserve':
      return compute.changeService(action.service, action.change, mayLeave);
    case 'join-aggregate':
      return compute.joinAggregate(action.aggregate, action.host, mayLeave);
    case 'leave-aggregate':
      return compute.leaveAggregate(action.aggregate, action.host, mayLeave);
  }
}

function wordsFor(action: ReserveAction): string {
  const reserve = `the reserved host ${action.host}`;
  switch (action.do) {
    case 'change-reserve':
      return `${action.change.status === 'enabled' ? 'enable' : 'disable'} ${reserve}`;
    case 'join-aggregate':
      return `add ${reserve} to the aggregate ${String(action.aggregate)}`;
    case 'leave-aggregate':
      return `remove ${reserve} from the aggregate ${String(action.aggregate)}`;
  }
}
