import { isTerminal, tracked, type Evacuation, type Progress } from '../../domain/evacuation.ts';
import { severityOf } from '../../domain/reason.ts';
import type { ExitName } from './exit.ts';

/**
 * Whether watching an evacuation makes no more sense: it is settled, or nothing can happen any more
 * without a human because what is not terminal is stuck.
 */
export function isOver(evacuation: Evacuation): boolean {
  if (evacuation.phase !== 'marked' && evacuation.phase !== 'evacuating') return true;
  const all = tracked(evacuation);
  return (
    evacuation.phase === 'evacuating' &&
    all.some(([, { progress }]) => progress.at === 'stuck') &&
    all.every(([, { progress }]) => isTerminal(progress) || progress.at === 'stuck')
  );
}

/**
 * How an evacuation ended, for scripts: `done` only when every instance that was asked for is on
 * another host, or is no more. An instance that was left behind for a reason that is worth a look
 * (local disk, a vm_state that Nova cannot evacuate) is down with its host, so it counts as `failed`;
 * one that nobody asked for or that is being deleted does not.
 */
export function verdictOn(evacuation: Evacuation): ExitName {
  return tracked(evacuation).every(([, { progress }]) => isWell(progress)) ? 'done' : 'failed';
}

function isWell(progress: Progress): boolean {
  if (progress.at === 'landed' || progress.at === 'gone') return true;
  return progress.at === 'skipped' && severityOf(progress.why) === 'note';
}
