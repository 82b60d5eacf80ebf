import type { Decision } from '../../../src/domain/decide.ts';
import type { Evacuation, Progress, Tracked } from '../../../src/domain/evacuation.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { LONG_AGO_MS, NOW } from './world.ts';

/** More tries than any limit are all alike. */
const MANY = 3;

const EVER = NOW - LONG_AGO_MS;

/**
 * A decision without what no later decision depends on: the words of reasons, when a phase began,
 * how often beyond every limit something was tried. Without this a search would never end.
 */
export function reduced({ next, actions }: Decision): Decision {
  const instances: Record<InstanceId, Tracked> = {};
  for (const [id, entry] of Object.entries(next.instances) as [InstanceId, Tracked][]) {
    instances[id] = { ...entry, progress: plain(entry.progress) };
  }
  const { mark, proof, isolation } = next;
  const claim = mark.claim === null ? null : { ...mark.claim, at: EVER };
  const record: Evacuation = {
    ...next,
    instances,
    mark: { ...mark, at: EVER, firstAt: EVER, claim },
    proof: proof === null ? null : { ...proof, at: EVER },
    isolation: isolation === null ? null : { ...isolation, since: EVER },
    phaseSince: EVER,
    reasons: [],
  };
  const low = (attempt: number): number => Math.min(attempt, MANY);
  return {
    next: record,
    actions: actions.map((one) =>
      one.do === 'evacuate' ? { ...one, attempt: low(one.attempt) } : one,
    ),
    wakeAt: null,
  };
}

function plain(progress: Progress): Progress {
  let made = progress;
  if ('why' in made && made.why !== null)
    made = { ...made, why: { code: made.why.code, values: {} } };
  if ('attempt' in made && made.attempt > MANY) made = { ...made, attempt: MANY };
  if (made.at === 'landed') made = { ...made, since: EVER };
  return made;
}
