import type { MoveRequest } from '../../domain/drain.ts';
import type { HostName } from '../../domain/ids.ts';
import { because } from '../../domain/reason.ts';
import type { DrainParts } from '../../engine/drain-host.ts';
import {
  checkFailback,
  failbackHost,
  movedAway,
  planFailback,
  type Homecoming,
} from '../../engine/failback-host.ts';
import { planOf } from '../../engine/plan-moves.ts';
import type { ExitName } from './exit.ts';
import type { Io } from './io.ts';
import { movedBy, printMoves } from './moves-text.ts';
import { detach, failure, movingParts, runMoves } from './moving.ts';
import { operatorOf } from './operator.ts';
import type { Doors, GlobalOptions } from './parts.ts';
import type { FailbackOptions } from './program-moves.ts';
import { refuse } from './refusal.ts';
import { enterCloud, storeTrouble, withParts } from './session.ts';
import { refuseUnknownHost } from './unknown-host.ts';

/** `failback`: brings home by live migration what an evacuation of a host moved away. */
export function failback(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  options: FailbackOptions,
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const cloud = await enterCloud(parts, io);
    if (cloud.kind === 'wrong') return cloud.exit;
    const moving = movingParts(parts, cloud, io.signal);
    const wanted = options.event ?? null;
    const away = await movedAway(moving, host, wanted);
    if (away.kind === 'unknown') return storeTrouble(parts, io, away.why);
    const refusal = await objection(moving, io, host);
    if (refusal !== null) return refusal;
    if (away.value === null) {
      const detail = wanted === null ? 'none landed elsewhere' : `event ${wanted}`;
      return refuse(io, because('NH615', { host, detail }));
    }
    const by = operatorOf(parts, io, options.by);
    const { event } = away.value;
    const moved = new Set(away.value.away.map(({ id }) => id));
    const strangers = (options.instance ?? []).filter((id) => !moved.has(id));
    if (strangers.length > 0) {
      const detail = `event ${event} moved no instance ${strangers.join(', ')}`;
      return refuse(io, because('NH615', { host, detail }));
    }
    const request: MoveRequest = {
      instances: options.instance ?? null,
      target: host,
      ways: 'live-only',
    };
    const order = { host, by, event, request };
    const home = await planFailback(moving, order, away.value.away);
    if (home.kind === 'unknown') return failure(io, home.why);
    if (options.dryRun === true) return dryRun(moving, io, request, home.value, options);
    if (!options.wait) return detach(parts, io, ['failback', host, '--event', event], options);
    const command = `nova-ha failback ${host} --event ${event}`;
    const json = options.json === true;
    const timeoutMs = options.timeout;
    const run = { host, by, phase: 'returning', command, json, timeoutMs } as const;
    return runMoves(parts, io, run, (signal, watch) =>
      failbackHost({ ...moving, signal }, order, home.value, watch),
    );
  });
}

/** Why the host takes nothing back now; null: it does. */
async function objection(moving: DrainParts, io: Io, host: HostName): Promise<ExitName | null> {
  const checked = await checkFailback(moving, host);
  if (checked.kind === 'unknown') return failure(io, checked.why);
  if (checked.value === null) return null;
  if (checked.value.code !== 'NH103') return refuse(io, checked.value);
  const fleet = await moving.compute.fleet();
  return refuseUnknownHost(
    io,
    host,
    fleet.kind === 'known' ? [...fleet.value.services.keys()] : [],
  );
}

async function dryRun(
  moving: DrainParts,
  io: Io,
  request: MoveRequest,
  home: Homecoming,
  { json = false }: FailbackOptions,
): Promise<ExitName> {
  const { host, mark } = home.ledger;
  const plan = await planOf(moving, { ...home, request });
  const head = `${host}: ${movedBy(plan)} instances of event ${mark.event} would be brought home`;
  printMoves(io, { head, host, plan }, json);
  return 'done';
}
