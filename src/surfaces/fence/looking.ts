import { unknown, type Known } from '../../domain/known.ts';
import type { Fleet } from '../../domain/host.ts';
import type { Millis } from '../../domain/time.ts';
import { within } from '../deadline.ts';
import type { Call } from './call.ts';
import { listRows, stateOf, type HostState } from './state.ts';
import { hostAmong } from './target.ts';

/** Pacemaker ends a `status` or `list` after 20 s by default. */
const LOOK_MS: Millis = 15_000;

/** A monitor that hangs holds up an `off` of the same device: Pacemaker runs them one by one. */
const CHECK_MS: Millis = 8000;

const NO_STATUS = 'Failed: Unable to obtain correct plug status or plug is not available';

async function look(call: Call): Promise<Known<Fleet>> {
  const fleet = await within(call.deps.clock, LOOK_MS, call.fleet());
  return fleet.kind === 'done' ? fleet.value : unknown('Nova did not answer in time');
}

/** What Nova shows for a plug; null, with a line in the log, when it cannot be told. */
export async function lookAt(
  call: Call,
  plug: string,
): Promise<Exclude<HostState, 'unknown'> | null> {
  const fleet = await look(call);
  if (fleet.kind === 'unknown') {
    call.log.error(`${NO_STATUS}: ${fleet.why}`);
    return null;
  }
  const target = hostAmong(plug, call.request.domain, fleet.value.services.keys());
  if (target.kind === 'ambiguous') {
    call.log.error(`${NO_STATUS}: "${plug}" may be any of ${target.hosts.join(', ')}.`);
    return null;
  }
  const state = target.kind === 'host' ? stateOf(fleet.value, target.host) : 'unknown';
  if (state !== 'unknown') return state;
  const why = target.kind === 'host' ? 'its cell does not answer' : 'Nova knows no such host';
  call.log.error(`${NO_STATUS}: ${plug}: ${why}.`);
  return null;
}

/**
 * `status`: 0 and "Status: ON", 2 and "Status: OFF" (every host down and disabled), 1 when it cannot be
 * told. For fence_nova `failed` and `running` are ON as in fence_compute; for fence_nova_evacuate they
 * are no status at all, as in fence_evacuate.
 */
export async function fenceStatus(call: Call): Promise<number> {
  const states = await Promise.all(call.request.plugs.map((plug) => lookAt(call, plug)));
  if (states.includes(null)) return 1;
  const odd = states.find((state) => state === 'failed' || state === 'running');
  if (odd !== undefined && call.agent === 'fence_nova_evacuate') {
    call.log.error(`${NO_STATUS}: its state is '${odd}'.`);
    return 1;
  }
  const off = states.every((state) => state === 'off');
  call.out(`Status: ${off ? 'OFF' : 'ON'}\n`);
  return off ? 2 : 0;
}

/** `list` and `list-status`: every host under its full and its short name. */
export async function fenceList(call: Call): Promise<number> {
  const fleet = await look(call);
  if (fleet.kind === 'unknown') {
    call.log.error(`Failed: the hosts cannot be listed: ${fleet.why}`);
    return 1;
  }
  const { separator, action } = call.request;
  for (const { name, state } of listRows(fleet.value)) {
    const word = state === 'unknown' ? 'UNKNOWN' : state === 'off' ? 'OFF' : 'ON';
    call.out(`${name}${separator}${action === 'list' ? '' : `${separator}${word}`}\n`);
  }
  return 0;
}

/** `monitor` and `validate-all`: whether the store takes marks and Nova takes our credentials. */
export async function fenceCheck(call: Call): Promise<number> {
  const { clock } = call.deps;
  const [store, cloud] = await Promise.all([
    within(clock, CHECK_MS, checkStore(call)),
    within(clock, CHECK_MS, checkCloud(call)),
  ]);
  const late = `it did not answer within ${String(CHECK_MS / 1000)} s`;
  const storeProblem = store.kind === 'done' ? store.value : late;
  const cloudProblem = cloud.kind === 'done' ? cloud.value : late;
  if (storeProblem !== null && storeProblem === cloudProblem && store.kind === 'done') {
    // What is wrong with the configuration is wrong for both.
    call.log.error(`Failed: ${storeProblem}`);
    return 1;
  }
  if (storeProblem !== null) call.log.error(`Failed: the store: ${storeProblem}`);
  if (cloudProblem !== null) call.log.error(`Failed: OpenStack: ${cloudProblem}`);
  return storeProblem === null && cloudProblem === null ? 0 : 1;
}

async function checkStore(call: Call): Promise<string | null> {
  const store = await call.store();
  return store.kind === 'ok' ? store.value.check() : store.message;
}

async function checkCloud(call: Call): Promise<string | null> {
  const cloud = await call.cloud();
  return cloud.kind === 'ok' ? cloud.value.check() : cloud.message;
}
