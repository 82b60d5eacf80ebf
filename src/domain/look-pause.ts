import { isInFlight, tracked, type Evacuation } from './evacuation.ts';
import type { Policy } from './policy.ts';
import type { Instant, Millis } from './time.ts';

/** Looks at the migrations that an evacuation may cost besides its POSTs: the base and per instance. */
const LOOKS_BASE = 12;
const LOOKS_PER_INSTANCE = 0.036;
/** The largest share of what is in flight that may have arrived before anybody looks. */
const FULLEST_BATCH = 0.85;

/**
 * How long to wait before the migrations are looked at again: spreads a budget of looks over the
 * evacuation at the rate at which instances arrive, so that tracking stays cheap for Nova on a large
 * host and quick on a small one. (How long builds take by Nova's records tells less: their times have
 * whole seconds, and what was sent together is rounded alike.)
 */
export function lookPause(evacuation: Evacuation, policy: Policy, now: Instant): Millis {
  const { all, elapsed, ended, flying } = census(evacuation, now);
  const { pollMinMs, pollMaxMs } = policy.pace;
  const clamp = (pause: number): number => Math.min(pollMaxMs, Math.max(pollMinMs, pause));
  if (flying === 0) return clamp(elapsed);
  const looks = LOOKS_BASE + LOOKS_PER_INSTANCE * all;
  // How many should have arrived by the next look: never so many that the others wait for it.
  const batch = Math.max(1, Math.min(all / looks, FULLEST_BATCH * flying));
  // What is in flight is half built on average. Without it the first ones, which all take as long as a
  // build, would tell of a slow Nova, and the whole first window would be done before the next look.
  const pause = (batch * elapsed) / (ended + flying / 2);
  return clamp(ended === 0 ? Math.min(elapsed, pause) : pause);
}

/** The share of the time in which as many arrive over which requests are spread. */
const SPREAD_OVER = 0.6;

/**
 * Over how long requests are spread. Nova's scheduler does not see yet what it has just placed: what is
 * sent together goes to one host, is built there side by side and ends at the same time, while the
 * other hosts have nothing to do; and what is sent when it has ended goes together again.
 */
export function sendSpan(
  before: Evacuation,
  count: number,
  { pace }: Policy,
  now: Instant,
): Millis {
  const { elapsed, ended, flying } = census(before, now);
  if (before.phase !== 'evacuating' || ended + flying === 0) return 0;
  return Math.min(pace.pollMaxMs, (SPREAD_OVER * count * elapsed) / (ended + flying / 2));
}

/** How far an evacuation is, and for how long it has lasted. */
function census(evacuation: Evacuation, now: Instant) {
  const entries = tracked(evacuation);
  let ended = 0;
  let flying = 0;
  for (const [, { progress }] of entries) {
    if (isInFlight(progress)) flying += 1;
    else if (progress.at === 'landed' || progress.at === 'arrived' || progress.at === 'restoring') {
      ended += 1;
    }
  }
  return { all: entries.length, elapsed: Math.max(1, now - evacuation.phaseSince), ended, flying };
}
