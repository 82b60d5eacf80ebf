import { isTerminal, tracked } from '../../../src/domain/evacuation.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/policy.ts';
import { LATE_EFFECT_MS } from './network.ts';
import { createUniverse, START_MS, type Mutant, type Universe } from './universe.ts';

/** A short play on four hosts: what happens, and what must not have happened in the end. */
export interface Play {
  readonly mutant?: Mutant;
  readonly seed?: number;
  /** Lays out what happens; the failing host is compute-1, with six active instances. */
  readonly script?: (universe: Universe) => void;
  /** What the policy says differently. */
  readonly policy?: Partial<Policy>;
  /** For how long it is played. */
  readonly minutes?: number;
}

/** How a play ended. */
export interface Ending {
  readonly universe: Universe;
  readonly victims: readonly string[];
  /** The invariants whose assertion ended a worker. */
  readonly asserted: string;
  /** What the cloud shows, whatever the workers believe. */
  readonly truth: readonly string[];
}

/** The policy of plays: small limits, and windows above what a request can be late. */
export const PLAY_POLICY: Policy = {
  ...DEFAULT_POLICY,
  pace: { ...DEFAULT_POLICY.pace, inFlight: 4, perDestination: 4 },
  retry: { ...DEFAULT_POLICY.retry, uncertainMs: LATE_EFFECT_MS + 15_000, stalledMs: 300_000 },
  storm: { ...DEFAULT_POLICY.storm, maxHosts: 3, maxShare: 0.8 },
};

/** A host loses its power, and its fence agent says so. */
export function fail(universe: Universe, host = 'compute-1'): void {
  universe.cloud.powerOff(host);
  universe.cloud.setGate(host, true);
  universe.fence(host);
}

/** Plays it with one worker, from half a minute into a quiet world. */
export async function play({
  mutant,
  seed = 1,
  script = fail,
  policy = {},
  minutes = 10,
}: Play): Promise<Ending> {
  const universe = createUniverse({
    seed,
    hosts: 4,
    policy: { ...PLAY_POLICY, ...policy },
    timings: { spawnMs: 4000, bootMs: 20_000, serviceDownTimeMs: 30_000 },
    ...(mutant === undefined ? {} : { mutant }),
  });
  const { clock, cloud } = universe;
  clock.advanceTo(START_MS + 30_000);
  const victims = cloud.boot({ host: 'compute-1', count: 6 });
  universe.startWorker('worker-1');
  script(universe);
  await universe.run(START_MS + minutes * 60_000);
  const asserted = universe.crashes.map((error) => error.message).join('; ');
  return { universe, victims, asserted, truth: await truthOf(universe, victims) };
}

async function truthOf(universe: Universe, victims: readonly string[]): Promise<readonly string[]> {
  const { cloud, ledger } = universe;
  const truth: string[] = [];
  if (cloud.doubles().length > 0) truth.push('a guest runs twice');
  if (ledger.overlaps().length > 0) truth.push('an evacuation overlaps another');
  truth.push(...ledger.harms().map(({ what }) => what));
  if (cloud.flights().peak > PLAY_POLICY.pace.inFlight) truth.push('too many in flight');
  const record = (await universe.record('compute-1'))?.evacuation ?? null;
  if (record === null) return [...truth, 'the mark is lost'];
  if (record.phase === 'marked' || record.phase === 'evacuating') truth.push('it never settles');
  const known = new Set<string>(tracked(record).map(([id]) => id));
  const left = victims.filter((id) => cloud.instance(id).host?.name === 'compute-1');
  if (left.some((id) => !known.has(id))) truth.push('an instance is forgotten');
  const isOver = tracked(record).every(([, { progress }]) => isTerminal(progress));
  if (record.phase === 'settled' && left.length > 0 && !isOver) truth.push('settled too early');
  return truth;
}
