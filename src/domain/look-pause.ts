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
  const all = tracked(evacuation);
  const elapsed = Math.max(1, now - evacuation.phaseSince);
  let ended = 0;
  let flying = 0;
  for (const [, { progress }] of all) {
    if (isInFlight(progress)) flying += 1;
    else if (progress.at === 'landed' || progress.at === 'arrived' || progress.at === 'restoring') {
      ended += 1;
    }
  }
  const { pollMinMs, pollMaxMs } = policy.pace;
  const clamp = (pause: number): number => Math.min(pollMaxMs, Math.max(pollMinMs, pause));
  if (ended === 0 || flying === 0) return clamp(elapsed);
  const looks = LOOKS_BASE + LOOKS_PER_INSTANCE * all.length;
  // How many should have arrived by the next look: never so many that the others wait for it.
  const batch = Math.max(1, Math.min(all.length / looks, FULLEST_BATCH * flying));
  return clamp((batch * elapsed) / ended);
}
