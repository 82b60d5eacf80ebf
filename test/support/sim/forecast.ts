import { createOpenStack } from '../../../src/adapters/openstack/openstack.ts';
import { asHost } from '../../../src/domain/ids.ts';
import { wholeHost } from '../../../src/domain/mark.ts';
import { planHost, type Plan } from '../../../src/engine/plan-host.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { ADMIN, simulatedHttp } from '../simulated-http.ts';
import { SILENT } from './log.ts';
import { maybe, oneOf, randomPolicy, somePairs, WORDS } from './policies.ts';
import { createUniverse, isOver, standings, START_MS, type Universe } from './universe.ts';

const HOUR_MS = 3_600_000;

/** What became of an instance, or would: a verdict, and the reason where it is skipped. */
type Fates = Readonly<Record<string, string>>;

/** How a plan compares with what happened. */
export interface Forecast {
  /** None in a sound world. */
  readonly differences: readonly string[];
  /** The profile and the verdicts of the plan. */
  readonly said: readonly string[];
}

/**
 * One random cloud under a random policy: what `plan` says of a host, and what then happens to it when
 * it fails. Nothing else goes wrong.
 */
export async function forecast(seed: number): Promise<Forecast> {
  const random = createRandom(seed);
  const policy = randomPolicy(random);
  const universe = createUniverse({ seed, hosts: 4, policy, timings: { spawnMs: 2000 } });
  const { clock, cloud } = universe;
  clock.advanceTo(clock.now() + 30_000);
  const host = cloud.hosts()[0]?.name ?? '';
  furnish(universe, random, host);
  const { compute, images } = createOpenStack({
    cloud: { ...ADMIN, region: 'RegionOne' },
    clock,
    log: SILENT,
    http: simulatedHttp(cloud),
  });
  const plan = await planHost(
    { compute, images, policy, now: clock.now() },
    asHost(host),
    wholeHost,
  );
  if (plan.kind === 'unknown') return { differences: [`no plan: ${plan.why}`], said: [] };
  cloud.powerOff(host);
  cloud.setGate(host, true);
  universe.startWorker('worker');
  universe.fence(host);
  const seen = await untilOver(universe, host);
  const planned = fatesOf(plan.value);
  const { instances, profile } = plan.value;
  return {
    differences: [
      ...universe.crashes.map(String),
      ...seen.problems,
      ...differences(planned, seen.fates),
      ...(profile.name === seen.profile ? [] : [`the profile is ${String(seen.profile)}`]),
    ],
    said: [profile.name ?? 'no profile', ...instances.map(({ why }) => why?.code ?? 'evacuate')],
  };
}

/** Images, aggregates and instances that carry some of the words that policies look for. */
function furnish({ cloud }: Universe, random: Random, host: string): void {
  const tags = (): string[] => WORDS.keys.filter(() => maybe(random, 0.15));
  const images = [0, 1, 2].map((n) =>
    cloud.createImage(`image-${String(n)}`, {
      tags: tags(),
      properties: maybe(random, 0.5) ? somePairs(random) : {},
      hidden: maybe(random, 0.2),
      visibility: oneOf(random, ['public', 'private']),
    }),
  );
  for (const name of WORDS.aggregates) {
    const hosts = maybe(random, 0.5) ? [host] : [];
    cloud.createAggregate(name, { hosts, metadata: somePairs(random) });
  }
  const group = maybe(random, 0.3) ? oneOf(random, ['anti-affinity', 'affinity']) : null;
  const groupId = group === null ? null : cloud.createServerGroup(group);
  const count = 1 + Math.floor(random.next() * 6);
  for (let n = 0; n < count; n += 1) {
    const flavor = oneOf(random, WORDS.flavors);
    cloud.boot({
      host,
      name: oneOf(random, WORDS.names),
      projectId: oneOf(random, WORDS.projects),
      vmState: maybe(random, 0.7)
        ? 'active'
        : oneOf(random, ['stopped', 'error', 'paused', 'suspended', 'building']),
      imageId: oneOf(random, [null, ...images, 'gone']),
      flavor: { id: `${flavor}-${String(n)}`, name: flavor, extraSpecs: somePairs(random) },
      metadata: somePairs(random),
      tags: tags(),
      ...(groupId !== null && n < 2 ? { groupId } : {}),
    });
  }
}

interface Outcome {
  readonly fates: Fates;
  readonly profile: string | null;
  readonly problems: readonly string[];
}

async function untilOver(universe: Universe, host: string): Promise<Outcome> {
  const { clock, cloud } = universe;
  for (;;) {
    await universe.run(clock.now() + 5000);
    const stored = await universe.record(host);
    const late = clock.now() > START_MS + HOUR_MS || universe.crashes.length > 0;
    if (stored === null || !(isOver(stored) || late)) {
      if (late) return { fates: {}, profile: null, problems: ['there is no record'] };
      continue;
    }
    const entries = Object.entries(stored.evacuation.instances).map(([id, { progress }]) => {
      if (progress.at !== 'skipped')
        return [id, progress.at === 'landed' ? 'evacuate' : progress.at];
      // Nobody asked Nova to move what is said to be skipped.
      const sent = cloud.evacuatePosts(id).length > 0;
      return [id, sent ? 'evacuated all the same' : JSON.stringify(progress.why)];
    });
    return {
      fates: Object.fromEntries(entries) as Fates,
      profile: stored.evacuation.profile ?? null,
      problems: isOver(stored) ? [] : ['it is not over', ...standings(stored)],
    };
  }
}

const fatesOf = (plan: Plan): Fates =>
  Object.fromEntries(
    plan.instances.map(({ id, verdict, why }) => [
      id,
      verdict === 'skip' ? JSON.stringify(why) : verdict,
    ]),
  );

function differences(planned: Fates, happened: Fates): readonly string[] {
  const ids = new Set([...Object.keys(planned), ...Object.keys(happened)]);
  return [...ids]
    .filter((id) => planned[id] !== happened[id])
    .map(
      (id) => `${id}: planned ${planned[id] ?? 'nothing'}, happened ${happened[id] ?? 'nothing'}`,
    );
}
