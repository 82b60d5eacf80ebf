import { known, unknown } from '../../domain/known.ts';
import { applied } from '../../domain/outcome.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import type { Millis } from '../../domain/time.ts';
import type { Clock, Compute } from '../../engine/ports.ts';
import { act, evacuate, lockBody, readTrace, STOPPED_MINOR } from './actions.ts';
import type { ActionRequest } from './actions.ts';
import { changeAggregate, readAggregates, readFlavors } from './aggregates.ts';
import { readGroups } from './groups.ts';
import { readEvacuations } from './migrations.ts';
import { readChanged, readInstances, readSighting } from './servers.ts';
import { changeService, readFleet } from './services.ts';
import type { Session } from './session.ts';

/**
 * Nova's RPC time-out is 60 s: a PUT that disables a host whose last heartbeat is fresh takes that
 * long, and so may a POST while RabbitMQ is in trouble.
 */
const WRITE_DEADLINE_MS = 75_000;

/** The `Compute` port over Nova's HTTP API. */
export function createCompute({
  session,
  clock,
  writeDeadlineMs: deadlineMs = WRITE_DEADLINE_MS,
}: {
  readonly session: Session;
  readonly clock: Pick<Clock, 'now'>;
  readonly writeDeadlineMs?: Millis;
}): Compute {
  const change = async (
    request: Omit<ActionRequest, 'deadlineMs'>,
  ): Promise<WriteOutcome<null>> => {
    const outcome = await act(session, { ...request, deadlineMs });
    return outcome.kind === 'applied' ? applied(null) : outcome;
  };
  return {
    fleet: () => readFleet(session),
    changeService: (id, wanted, mayLeave) =>
      changeService(session, { id, change: wanted, deadlineMs, mayLeave }),
    instancesOn: (host) => readInstances(session, host),
    changedSince: (novaTime) => readChanged(session, novaTime),
    sighting: (id) => readSighting(session, id),
    evacuationsFrom: (host, after) => readEvacuations(session, host, after),
    evacuate: (id, target, mayLeave, end) =>
      evacuate(session, { id, target, end, deadlineMs, mayLeave }),
    canLeaveStopped: async () => {
      const range = await session.versions();
      if ('cause' in range) return unknown(range.message);
      return known(range.max >= STOPPED_MINOR, clock.now());
    },
    rebuild: (id, imageRef, mayLeave) => change({ id, body: { rebuild: { imageRef } }, mayLeave }),
    trace: (id) => readTrace(session, id),
    stop: (id, mayLeave) => change({ id, body: { 'os-stop': null }, mayLeave }),
    start: (id) => change({ id, body: { 'os-start': null } }),
    lock: (id, reason) => change({ id, body: lockBody(reason) }),
    unlock: (id) => change({ id, body: { unlock: null } }),
    resetState: (id, state, mayLeave) =>
      change({ id, body: { 'os-resetState': { state } }, mayLeave }),
    groups: () => readGroups(session),
    aggregates: () => readAggregates(session),
    joinAggregate: (id, host, mayLeave) =>
      changeAggregate(session, { id, action: 'add_host', host, deadlineMs, mayLeave }),
    leaveAggregate: (id, host, mayLeave) =>
      changeAggregate(session, { id, action: 'remove_host', host, deadlineMs, mayLeave }),
    flavors: () => readFlavors(session),
  };
}
