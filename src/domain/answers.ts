import type { Progress } from './evacuation.ts';
import type { Answer } from './observation.ts';

/**
 * Whether an answer is about the request that a progress waits for; one about an earlier step says
 * nothing any more, whatever its number.
 */
export function isAnswerTo(progress: Progress, answer: Answer): boolean {
  switch (progress.at) {
    case 'intended':
      return answer.to === undefined && answer.attempt === progress.attempt;
    case 'resetting':
      return answer.to === 'reset-state' && answer.attempt === progress.attempt;
    case 'recreating':
      return answer.to === 'rebuild' && answer.attempt === progress.tries;
    default:
      return false;
  }
}
