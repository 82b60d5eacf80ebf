import type { MoveRequest } from '../../domain/drain.ts';
import type { HostName } from '../../domain/ids.ts';
import {
  checkDrain,
  disableForDrain,
  drainHost,
  undoDrain,
  type DrainParts,
} from '../../engine/drain-host.ts';
import { planDrain } from '../../engine/plan-moves.ts';
import type { ExitName } from './exit.ts';
import { tell, type Io } from './io.ts';
import { movedBy, printMoves } from './moves-text.ts';
import { detach, failure, movingParts, runMoves } from './moving.ts';
import { operatorOf } from './operator.ts';
import type { Doors, GlobalOptions, Parts } from './parts.ts';
import { printable } from './columns.ts';
import type { DrainOptions } from './program-moves.ts';
import { refuse } from './refusal.ts';
import { enterCloud, storeTrouble, withParts } from './session.ts';
import { refuseUnknownHost } from './unknown-host.ts';

/**
 * `drain`: empties a living host. This process does the work; everything that a later one needs is in
 * Nova and in the history, so that it may be ended or killed at any time and given again.
 */
export function drain(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  options: DrainOptions,
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const cloud = await enterCloud(parts, io);
    if (cloud.kind === 'wrong') return cloud.exit;
    const moving = movingParts(parts, cloud, io.signal);
    const request = requestOf(options);
    const checked = await checkDrain(moving, host, request);
    if (checked.kind === 'unknown') return unknownEnd(parts, io, checked.why);
    if (checked.value.kind === 'refused') {
      const { why } = checked.value;
      return why.code === 'NH103' ? unknownHost(moving, io, host) : refuse(io, why);
    }
    const { service } = checked.value;
    if (options.undo === true) return undo(moving, io, host, service);
    if (options.dryRun === true) return dryRun(moving, io, host, request, options.json === true);
    if (!options.wait) return detach(parts, io, ['drain', host, ...detached(options)], options);
    const by = operatorOf(parts, io, options.by);
    const order = { host, by, reason: options.reason ?? null, request };
    const command = `nova-ha drain ${host}`;
    const json = options.json === true;
    return runMoves(
      parts,
      io,
      { host, by, phase: 'draining', command, json, timeoutMs: options.timeout },
      async (signal, watch) => {
        const disabled = await disableForDrain(moving, order, service);
        if (disabled.kind === 'unknown') return failure(io, disabled.why);
        tell(
          io,
          disabled.value.kind === 'ours'
            ? `${host} is disabled${disabled.value.fresh ? '' : ' already'}; when the work is done: ${command} --undo`
            : `${host} is disabled already (${printable(disabled.value.reason)}) and stays so.`,
        );
        const end = await drainHost({ ...moving, signal }, order, disabled.value, watch);
        return end.kind === 'unknown' ? failure(io, end.why) : end.value;
      },
    );
  });
}

const requestOf = ({ instance, targetHost, cold, liveOnly }: DrainOptions): MoveRequest => ({
  instances: instance ?? null,
  target: targetHost ?? null,
  ways: cold === true ? 'cold' : liveOnly === true ? 'live-only' : 'both',
});

async function unknownEnd(parts: Parts, io: Io, why: string): Promise<ExitName> {
  // Which of the two did not answer decides about the exit code.
  const store = await parts.store.check();
  return store === null ? failure(io, why) : storeTrouble(parts, io, store);
}

async function unknownHost({ compute }: DrainParts, io: Io, host: HostName): Promise<ExitName> {
  const fleet = await compute.fleet();
  return refuseUnknownHost(
    io,
    host,
    fleet.kind === 'known' ? [...fleet.value.services.keys()] : [],
  );
}

async function undo(
  moving: DrainParts,
  io: Io,
  host: HostName,
  service: Parameters<typeof undoDrain>[2],
): Promise<ExitName> {
  const undone = await undoDrain(moving, host, service);
  if (undone.kind === 'unknown') return failure(io, `${host} could not be enabled: ${undone.why}`);
  if (typeof undone.value === 'object') return refuse(io, undone.value);
  tell(io, undone.value === 'enabled' ? `${host} is enabled again.` : `${host} is enabled.`);
  return 'done';
}

async function dryRun(
  moving: DrainParts,
  io: Io,
  host: HostName,
  request: MoveRequest,
  json: boolean,
): Promise<ExitName> {
  const planned = await planDrain(moving, { host, request });
  if (planned.kind === 'unknown') return failure(io, planned.why);
  const plan = planned.value;
  const head = `${host}: ${movedBy(plan)} instances would be moved`;
  printMoves(io, { head, host, plan }, json);
  return 'done';
}

const detached = ({ targetHost, cold, liveOnly, reason }: DrainOptions): readonly string[] => [
  ...(targetHost === undefined ? [] : ['--target-host', targetHost]),
  ...(cold === true ? ['--cold'] : []),
  ...(liveOnly === true ? ['--live-only'] : []),
  ...(reason === undefined ? [] : ['--reason', reason]),
];
