import { isAnswerTo } from './answers.ts';
import { isTerminal, tracked, type Evacuation, type Progress, type Tracked } from './evacuation.ts';
import { fencedHosts, livenessOfFailed } from './fenced.ts';
import { lastReports } from './silence.ts';
import type { InstanceId } from './ids.ts';
import { lossOf } from './inventory.ts';
import type { Facts } from './judge.ts';
import { unknown, type Known } from './known.ts';
import { byInstance } from './migration.ts';
import type { Answer, Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import type { Instant } from './time.ts';
import { advanceEntry } from './track.ts';

/** Moves every instance on by what this turn learnt. */
export function follow(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Evacuation {
  const factsOf = gatherFacts(evacuation, observation);
  const instances: Record<InstanceId, Tracked> = {};
  const lostAt = lossOf(evacuation);
  const watchedUntil = lostAt === null ? 0 : lostAt + policy.retry.uncertainMs;
  let changed = false;
  for (const [id, entry] of tracked(evacuation)) {
    const next = isTerminal(entry.progress)
      ? entry
      : afterLoss(advanceEntry(entry, factsOf(id, entry.progress), policy, now), watchedUntil);
    changed ||= next !== entry;
    instances[id] = next;
  }
  const rows = observation.migrations.kind === 'known' ? observation.migrations.value : [];
  const seenMigration = rows.reduce(
    (highest, row) => Math.max(highest, row.id),
    evacuation.seenMigration,
  );
  return { ...evacuation, seenMigration, ...(changed ? { instances } : {}) };
}

/** Requests that nobody remembers must have time to show before anything is sent beside them. */
function afterLoss(entry: Tracked, watchedUntil: Instant): Tracked {
  const { progress } = entry;
  if (progress.at !== 'pending' || progress.notBefore >= watchedUntil) return entry;
  return { ...entry, progress: { ...progress, notBefore: watchedUntil } };
}

function gatherFacts(
  evacuation: Evacuation,
  observation: Observation,
): (id: InstanceId, progress: Progress) => Facts {
  const { migrations, inventory, fleet } = observation;
  const rows = migrations.kind === 'known' ? byInstance(migrations.value) : null;
  const here =
    inventory.kind === 'known' ? new Map(inventory.value.map((one) => [one.id, one])) : null;
  const answers = new Map<InstanceId, Answer[]>();
  for (const answer of observation.answers) {
    answers.set(answer.instance, [...(answers.get(answer.instance) ?? []), answer]);
  }
  const fenced = fencedHosts(observation);
  const controlPlaneUp =
    fleet.kind === 'known' && fleet.value.conductorsUp > 0 && fleet.value.schedulersUp > 0;
  const reports = fleet.kind === 'known' ? lastReports(fleet.value) : null;
  const at = <T, U>(source: Known<T>, value: U): Known<U> =>
    source.kind === 'known' ? { kind: 'known', value, at: source.at } : source;
  return (id, progress) => ({
    id,
    source: evacuation.host,
    rows: at(migrations, rows?.get(id) ?? []),
    onSource: at(inventory, here?.get(id) ?? null),
    sighting: observation.sightings.get(id) ?? unknown('not looked up'),
    trace: observation.traces.get(id) ?? unknown('not looked up'),
    answer: answers.get(id)?.findLast((answer) => isAnswerTo(progress, answer)) ?? null,
    fenced,
    livenessOf: (host) => livenessOfFailed(host, observation),
    reports,
    listed: fleet.kind === 'known' ? fleet.at : null,
    controlPlaneUp,
  });
}
