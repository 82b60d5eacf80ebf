import type { HostName } from '../../domain/ids.ts';
import { because } from '../../domain/reason.ts';
import { reportOf } from '../../engine/report.ts';
import type { Evacuation } from '../../domain/evacuation.ts';
import type { ExitName } from './exit.ts';
import { progressText } from './frame.ts';
import { tell, type Io } from './io.ts';
import type { Parts } from './parts.ts';
import { refuse } from './refusal.ts';
import { verdictOn } from './verdict.ts';
import { createView } from './views.ts';
import { watchHost } from './watch.ts';

/** How long and in which form an evacuation is watched. */
export interface FollowOptions {
  readonly wait: boolean;
  readonly json?: boolean;
  readonly timeout?: number;
}

/** Starts a worker for a marked host in the background, and watches unless told not to. */
export async function followEvacuation(
  parts: Parts,
  io: Io,
  host: HostName,
  options: FollowOptions,
): Promise<ExitName> {
  const { clock, store } = parts;
  const started = parts.background(`evacuate-${host}`, [
    'worker',
    '--only',
    host,
    '--until-settled',
  ]);
  if (started.kind === 'refused') {
    tell(io, `nova-ha: no worker could be started in the background: ${started.why}`);
    tell(io, `The mark stands; start one with: nova-ha worker`);
    if (!options.wait) return 'failed';
  }
  if (!options.wait) {
    tell(io, `Its evacuation goes on in the background: nova-ha status ${host} --watch`);
    return 'done';
  }
  const view = await createView(io, options);
  const watched = await watchHost({
    store,
    clock,
    host,
    view,
    signal: io.signal,
    everyMs: io.isTty ? 500 : 1000,
    deadlineMs: options.timeout === undefined ? null : clock.monotonicMs() + options.timeout,
    ...(started.kind === 'started' ? { workerLost: loss(started.ended, started.log) } : {}),
  });
  switch (watched.kind) {
    case 'over': {
      const exit = verdictOn(watched.evacuation);
      const now = clock.now();
      view.summary(reportOf(watched.evacuation, now), exit, now);
      tell(io, closingWords(watched.evacuation, exit, clock.now()));
      return exit;
    }
    case 'interrupted':
      return goesOn(io, host, 'Stopped watching');
    case 'timeout':
      return goesOn(io, host, 'The time is up');
    case 'no-record':
      return refuse(io, because('NH603', { host }));
    case 'worker-lost':
      tell(io, `nova-ha: ${watched.why}`);
      tell(io, `The mark stands: give the command again, or start "nova-ha worker".`);
      return 'failed';
  }
}

/** A worker that ended well left the host to another one or to nobody; only a failure is a loss. */
const loss = (ended: Promise<number | string>, log: string): Promise<string> =>
  new Promise((resolve) => {
    void ended.then((how) => {
      if (how !== 0) resolve(`the background worker ended early (${String(how)}); see ${log}`);
    });
  });

function goesOn(io: Io, host: HostName, why: string): 'pending' {
  tell(io, `${why}; the evacuation of ${host} goes on: nova-ha status ${host} --watch`);
  return 'pending';
}

function closingWords(evacuation: Evacuation, exit: ExitName, now: number): string {
  const text = progressText(reportOf(evacuation, now));
  const { host } = evacuation;
  if (exit === 'done') return `${host} is evacuated: ${text}.`;
  return `${host}: ${text}. Some instances were not brought back; see nova-ha status ${host}`;
}
