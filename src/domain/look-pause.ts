import { isInFlight, tracked, type Evacuation } from './evacuation.ts';
import type { Known } from './known.ts';
import { stageOf, type Migration } from './migration.ts';
import type { Policy } from './policy.ts';
import { parseNovaTime, type Instant, type Millis } from './time.ts';

/** Looks at the migrations that an evacuation may cost besides its POSTs: the base and per instance. */
const LOOKS_BASE = 12;
const LOOKS_PER_INSTANCE = 0.036;
/** The largest share of what is in flight that may have arrived before anybody looks. */
const FULLEST_BATCH = 0.85;
/** A look should come after the arrivals that it waits for, not just before them. */
const LATER = 1.05;
const LATER_MS = 50;
/** How much sooner than at the rate of arrivals so far, so that builds of unlike length cost no more looks. */
const EARLIEST = 0.85;

/**
 * How long to wait before the migrations are looked at again: until as many should have arrived as a
 * budget of looks allows to wait for, so that tracking stays cheap for Nova on a large host and quick
 * on a small one. How long a build takes, Nova's own records of finished ones tell; their times have
 * whole seconds, of which the mean is true all the same. Otherwise the rate of arrivals so far counts.
 */
export function lookPause(
  evacuation: Evacuation,
  migrations: Known<readonly Migration[]>,
  policy: Policy,
  now: Instant,
): Millis {
  const all = tracked(evacuation);
  const starts: Instant[] = [];
  let ended = 0;
  for (const [, { progress }] of all) {
    if (isInFlight(progress) && 'since' in progress) starts.push(progress.since);
    else if (progress.at === 'landed' || progress.at === 'arrived' || progress.at === 'restoring') {
      ended += 1;
    }
  }
  const { pollMinMs, pollMaxMs } = policy.pace;
  const clamp = (pause: number): number => Math.min(pollMaxMs, Math.max(pollMinMs, pause));
  const elapsed = Math.max(1, now - evacuation.phaseSince);
  if (ended === 0 || starts.length === 0) return clamp(elapsed / 2);
  const looks = LOOKS_BASE + LOOKS_PER_INSTANCE * all.length;
  // How many should have arrived by the next look: never so many that the others wait for it.
  const batch = Math.max(1, Math.min(all.length / looks, FULLEST_BATCH * starts.length));
  const buildMs = migrations.kind === 'known' ? meanBuildMs(migrations.value) : null;
  const atRate = (batch * elapsed) / ended;
  if (buildMs === null) return clamp(atRate);
  const left = starts.map((since) => leftOf(now - since, buildMs)).sort((a, b) => a - b);
  const wanted = left[Math.min(left.length, Math.ceil(batch)) - 1] ?? 0;
  return clamp(Math.max(wanted * LATER + LATER_MS, atRate * EARLIEST));
}

/** What a build of this age still takes; the longer one is overdue, the longer it is given. */
const leftOf = (age: Millis, buildMs: Millis): Millis =>
  age < buildMs ? buildMs - age : Math.max(buildMs / 10, (age - buildMs) / 2);

/** Nova's records are asked newest first, and the newest tell best how busy the cloud is now. */
const SAMPLE = 64;

function meanBuildMs(migrations: readonly Migration[]): Millis | null {
  let sum = 0;
  let count = 0;
  for (const { status, createdAt, updatedAt } of migrations) {
    // A `completed` one was touched again when its source came back.
    if (stageOf(status) !== 'arrived' || updatedAt === null) continue;
    const [from, to] = [parseNovaTime(createdAt), parseNovaTime(updatedAt)];
    if (from === null || to === null) continue;
    sum += Math.max(0, to - from);
    count += 1;
    if (count === SAMPLE) break;
  }
  return count === 0 ? null : sum / count;
}
