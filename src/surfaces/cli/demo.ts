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
  const opened = await openStage(io.signal);
  if (opened.kind === 'failed') {
    tell(io, `nova-ha: ${opened.why}`);
    return 'failed';
  }
  const { stage } = opened;
  try {
    const played = await play(io, stage);
    if (!played) return io.signal.aborted ? 'pending' : 'failed';
    if (options.keep === true) keep(io, stage);
    else tryNext(io);
    return 'done';
  } finally {
    if (options.keep !== true) await stage.close();
  }
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
  const back = await stage.waitFor(`${LOST} to be taken back`, async () => {
    const hosts = await stage.look('hosts');
    return (hosts as readonly HostView[]).some(
      (host) => host.name === LOST && !host.disabled && !host.forcedDown,
    );
  });
  if (!back) {
    tell(io, `nova-ha: ${LOST} was not taken back in time; the worker's log: ${stage.workerLog}`);
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
  say(io, '\nThe cloud and the worker go on. In another terminal:');
  say(io, `  export NOVA_HA_CONFIG=${stage.configFile}`);
  say(io, `  alias nova-ha='${stage.program}'`);
  say(io, `  curl -X POST ${stage.controlUrl}/power-off -d '{"host":"compute-3"}'`);
  say(io, '  nova-ha evacuate compute-3 --confirm-fenced --force');
  say(io, `The worker's log: ${stage.workerLog}`);
  say(io, `To end it: kill ${stage.pids().join(' ')}`);
}

function tryNext(io: Io): void {
  say(io, '\nTry next:');
  say(io, '  npm run demo -- --keep      leave the cloud and the worker running, to play with');
  say(io, '  npm test                    everything that this rests on');
  say(io, '  README.md                   wire it into Pacemaker and your OpenStack');
}
