import { formatMillis } from '../../domain/time.ts';
import type { ExitName } from './exit.ts';
import { say, tell, type Io } from './io.ts';
import { openStage, type Stage } from './demo-stage.ts';

/** The host that is lost in the demonstration. */
const LOST = 'compute-2';

/**
 * `demo`: real processes on loopback (a simulated OpenStack, a worker, the commands an operator would
 * type) play the main job from the loss of a host to its return. Ends by itself; with `keep` the
 * cloud and the worker stay, to be played with.
 */
export async function demo(io: Io, options: { readonly keep?: boolean }): Promise<ExitName> {
  // A terminal that is closed ends the demonstration too: its processes have sessions of their own.
  const hangup = new AbortController();
  io.onHangup(() => {
    hangup.abort();
  });
  const signal = AbortSignal.any([io.signal, hangup.signal]);
  const opened = await openStage(signal);
  if (opened.kind === 'failed') {
    tell(io, `nova-ha: ${opened.why}`);
    return 'failed';
  }
  const { stage } = opened;
  const end = await playSafely(io, stage, signal);
  if (end === 'played' && options.keep === true) {
    keep(io, stage);
    stage.cast.leave();
    return 'done';
  }
  await stage.cast.end(end === 'failed' ? 'keep' : 'remove');
  if (end === 'stopped') tell(io, 'Stopped; nothing of it is left running.');
  else if (end === 'failed') tell(io, `The worker's log: ${stage.workerLog}`);
  else tryNext(io);
  return end === 'played' ? 'done' : 'failed';
}

/** Plays to the end; a cloud or a worker that is gone is told as such. */
async function playSafely(
  io: Io,
  stage: Stage,
  signal: AbortSignal,
): Promise<'played' | 'stopped' | 'failed'> {
  let why = '';
  try {
    if (await play(io, stage)) return 'played';
  } catch (error) {
    why = `the simulated cloud does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (signal.aborted) return 'stopped';
  if (stage.isWorkerLost()) why = 'the worker ended early';
  if (why !== '') tell(io, `nova-ha: ${why}`);
  return 'failed';
}

async function play(io: Io, stage: Stage): Promise<boolean> {
  const step = (words: string): void => {
    say(io, `\n# ${words}`);
  };
  say(
    io,
    'A simulated OpenStack with 4 hosts and 40 instances runs on loopback, and a worker beside it.',
  );
  step(`What would an evacuation of ${LOST} do?`);
  if (!(await stage.command(['plan', LOST]))) return false;

  step(
    `${LOST} loses its power. Pacemaker would notice, fence it and call fence_nova, which writes the mark:`,
  );
  await stage.world('power-off', { host: LOST });
  if (!(await stage.command(['mark', LOST, '--confirm-fenced', '--by', 'demo']))) return false;
  step('The worker isolates the host in Nova, then moves its instances:');
  if (!(await stage.command(['status', LOST, '--watch']))) return false;

  step(`${LOST} is repaired and boots. Its nova-compute cleans up, then the worker takes it back:`);
  await stage.world('power-on', { host: LOST });
  const back = await stage.waitFor(async () => {
    const hosts = await stage.look('hosts');
    return (hosts as readonly HostView[]).some(
      (host) => host.name === LOST && !host.disabled && !host.forcedDown,
    );
  });
  if (!back) {
    if (!stage.isOver()) tell(io, `nova-ha: ${LOST} was not taken back in time`);
    return false;
  }
  await stage.command(['history', LOST, '--limit', '4']);
  step('The truth behind the API: does any guest run twice, is any forgotten?');
  return judge(io, stage);
}

interface HostView {
  readonly name: string;
  readonly disabled: boolean;
  readonly forcedDown: boolean;
}

interface GuestView {
  readonly instanceId: string;
  readonly hosts: readonly string[];
}

async function judge(io: Io, stage: Stage): Promise<boolean> {
  const guests = (await stage.look('guests')) as readonly GuestView[];
  const doubles = (await stage.look('doubles')) as readonly unknown[];
  const running = guests.filter((guest) => guest.hosts.length === 1).length;
  const left = guests.filter((guest) => guest.hosts.includes(LOST)).length;
  say(
    io,
    `${String(running)} of ${String(guests.length)} guests run once, ${String(doubles.length)} ran twice, ${String(left)} were left on ${LOST}; it took ${formatMillis(stage.elapsedMs())}.`,
  );
  return running === guests.length && doubles.length === 0 && left === 0;
}

function keep(io: Io, stage: Stage): void {
  const post = (what: string): string =>
    `curl -X POST ${stage.controlUrl}/${what} -d '{"host":"compute-3"}'`;
  say(io, '\nThe cloud and the worker go on. In another terminal:');
  say(io, `  export PATH="${stage.directory}:$PATH"    # nova-ha, for this cloud alone`);
  say(io, `  ${post('power-off')}    # compute-3 dies`);
  say(io, '  nova-ha plan compute-3');
  say(io, '  nova-ha evacuate compute-3 --confirm-fenced --force');
  say(io, `  ${post('power-on')}     # it boots again`);
  say(io, '  nova-ha status compute-3');
  say(io, `The worker's log: ${stage.workerLog}`);
  say(io, `To end it: kill ${stage.cast.pids().join(' ')}; rm -r ${stage.directory}`);
}

function tryNext(io: Io): void {
  say(io, '\nTry next:');
  say(io, '  npm run demo -- --keep      leave the cloud and the worker running, to play with');
  say(io, '  npm test                    everything that this rests on');
  say(io, '  README.md                   wire it into Pacemaker and your OpenStack');
}
