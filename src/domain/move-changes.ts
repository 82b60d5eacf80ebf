import { sentenceOfProgress, type Change } from './changes.ts';
import { tracked, type Evacuation, type Progress } from './evacuation.ts';
import { sentenceOf } from './reason.ts';

/** One fragment that says where an instance of a planned move stands. */
export function sentenceOfMove(progress: Progress): string {
  switch (progress.at) {
    case 'accepted':
      return progress.destination === null
        ? 'accepted by Nova'
        : `moving to ${progress.destination}`;
    case 'arrived':
      return `arrived${progress.destination === null ? '' : ` on ${progress.destination}`}, being verified`;
    case 'landed':
      return `moved to ${progress.destination}`;
    default:
      return sentenceOfProgress(progress);
  }
}

/** What became different between two states of a list of moves, for followers and the history. */
export function moveChanges(before: Evacuation | null, after: Evacuation): readonly Change[] {
  const changes: Change[] = [];
  for (const [id, entry] of tracked(after)) {
    const earlier = before?.instances[id];
    const sentence = sentenceOfMove(entry.progress);
    if (earlier === undefined ? entry.progress.at === 'pending' : tellsSame(earlier.progress)) {
      continue;
    }
    changes.push({
      instance: id,
      what: entry.progress.at,
      sentence: `${entry.name}: ${sentence}`,
      reason: 'why' in entry.progress ? entry.progress.why : null,
    });
    function tellsSame(progress: Progress): boolean {
      return progress.at === entry.progress.at && sentenceOfMove(progress) === sentence;
    }
  }
  for (const reason of after.reasons) {
    if (before?.reasons.some(({ code }) => code === reason.code) === true) continue;
    const sentence = `${after.host}: ${sentenceOf(reason)}`;
    changes.push({ instance: null, what: 'waits', sentence, reason });
  }
  return changes;
}
