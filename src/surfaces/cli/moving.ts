import type { Change } from '../../domain/changes.ts';
import type { Evacuation } from '../../domain/evacuation.ts';
import type { HostName } from '../../domain/ids.ts';
import { because } from '../../domain/reason.ts';
import type { Instant, Millis } from '../../domain/time.ts';
import type { DrainParts } from '../../engine/drain-host.ts';
import type { MoveEnd } from '../../engine/move-instances.ts';
import { leaseMoves } from '../../engine/move-lease.ts';
import { reportOfMoves } from '../../engine/move-report.ts';
import type { Compute, Images, Mover } from '../../engine/ports.ts';
import { printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { progressText } from './frame.ts';
import { tell, type Io } from './io.ts';
import { operatorOf } from './operator.ts';
import type { Parts } from './parts.ts';
import type { MoveOptions } from './program-moves.ts';
import { refusalLine, refuse } from './refusal.ts';
import { storeTrouble } from './session.ts';
import { verdictOn } from './verdict.ts';
import { createView } from './views.ts';

/** A move of instances as the command line runs it. */
export interface MoveRun {
  readonly host: HostName;
  readonly by: string;
  /** What is done, as a word for the head of the table and for sentences. */
  readonly phase: 'draining' | 'returning';
  readonly command: string;
  readonly json: boolean;
  /** After so long it is ended as by Ctrl-C. */
  readonly timeoutMs: Millis | undefined;
}

/** How the list of moves is followed. */
export type Watch = (ledger: Evacuation, changes: readonly Change[], now: Instant) => void;

/** The parts of the engine's moves. */
export const movingParts = (
  { store, clock, chance, policy, log }: Parts,
  cloud: { readonly compute: Compute; readonly images: Images; readonly mover: Mover },
  signal: AbortSignal,
): DrainParts => ({
  compute: cloud.compute,
  images: cloud.images,
  mover: cloud.mover,
  store,
  clock,
  chance,
  policy,
  log,
  signal,
});

/**
 * Runs a move under its lease, shows it like an evacuation, and says how it ended: done when everything
 * is on another host, pending when somebody ended the watching.
 */
export async function runMoves(
  parts: Parts,
  io: Io,
  run: MoveRun,
  work: (signal: AbortSignal, watch: Watch) => Promise<MoveEnd | ExitName>,
): Promise<ExitName> {
  const { clock, store } = parts;
  const who = `${run.by}-${parts.chance.event(clock.now())}`;
  const lease = await leaseMoves(parts, run.host, who, (by) => {
    tell(io, `Waiting for ${by}, who moves instances of ${run.host}.`);
  });
  if (lease.kind === 'unknown') return storeTrouble(parts, io, lease.why);
  if ('heldBy' in lease.value) {
    return refuse(io, because('NH613', { host: run.host, by: lease.value.heldBy }));
  }
  const { lost, release } = lease.value;
  const view = await createView(io, run);
  const nudges = store.watch(() => undefined);
  const late = new AbortController();
  const ended = new AbortController();
  if (run.timeoutMs !== undefined)
    void clock.sleep(run.timeoutMs, ended.signal).then(() => {
      late.abort();
    });
  try {
    const end = await work(
      AbortSignal.any([io.signal, lost, late.signal]),
      (ledger, changes, now) => {
        view.update(reportOfMoves(ledger, run.phase, now), changes, now);
      },
    );
    view.end();
    if (typeof end === 'string') return end;
    return close(parts, io, run, end, view);
  } finally {
    ended.abort();
    nudges.close();
    await release();
  }
}

function close(
  parts: Parts,
  io: Io,
  run: MoveRun,
  { kind, ledger, why }: MoveEnd,
  view: Awaited<ReturnType<typeof createView>>,
): ExitName {
  const now = parts.clock.now();
  const exit: ExitName =
    kind === 'over' ? verdictOn(ledger) : kind === 'interrupted' ? 'pending' : 'failed';
  const report = reportOfMoves(ledger, kind === 'over' ? 'moved' : run.phase, now);
  view.summary(report, exit, now);
  const text = progressText(report);
  if (kind === 'over') {
    tell(io, exit === 'done' ? `${run.host}: all moved (${text}).` : `${run.host}: ${text}.`);
    return exit;
  }
  if (why !== null && kind === 'stopped') tell(io, refusalLine(why).replace(' refused:', ':'));
  const { pending, arrived } = report.counts;
  const begun = `Nova ends the ${String(report.inFlight + arrived)} migrations that it has begun`;
  const rest = `${String(pending)} instances were not asked for`;
  tell(io, `${text}. ${begun}; ${rest}. To go on: ${run.command}`);
  return exit;
}

/** Says what kept the command from its work. */
export function failure(io: Io, why: string): 'failed' {
  tell(io, `nova-ha: ${printable(why)}`);
  return 'failed';
}

/** Starts the same command again in the background, where nobody ends it with Ctrl-C. */
export function detach(
  parts: Parts,
  io: Io,
  [command, host, ...rest]: readonly [string, HostName, ...string[]],
  options: MoveOptions,
): ExitName {
  const started = parts.background(`${command}-${host}`, [
    command,
    host,
    ...rest,
    ...(options.timeout === undefined ? [] : ['--timeout', `${String(options.timeout / 1000)}s`]),
    ...(options.instance ?? []).flatMap((id) => ['--instance', id]),
    '--by',
    operatorOf(parts, io, options.by),
  ]);
  if (started.kind === 'refused') return failure(io, started.why);
  tell(
    io,
    `"${command} ${host}" goes on in the background; see ${started.log}, nova-ha history ${host}`,
  );
  return 'pending';
}
