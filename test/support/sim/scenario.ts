import { tracked } from '../../../src/domain/evacuation.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/policy.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { LATE_EFFECT_MS } from './network.ts';
import { createUniverse, isOver, START_MS, standings, type Universe } from './universe.ts';

/** What a world came to: nothing to complain about, or what was wrong. */
export interface WorldResult {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly simulatedMs: number;
}

const MINUTE = 60_000;
/** Everything that goes wrong does so within this time; afterwards the world is left to settle. */
const TROUBLE_MS = 4 * MINUTE;
/** By then every mark must be done. */
const SETTLE_MS = 90 * MINUTE;

const POLICY: Policy = {
  ...DEFAULT_POLICY,
  pace: { ...DEFAULT_POLICY.pace, inFlight: 4, perDestination: 3 },
  // Above the time for which a request may lie in front of Nova after its client gave up.
  retry: { ...DEFAULT_POLICY.retry, uncertainMs: LATE_EFFECT_MS + 15_000, stalledMs: 5 * MINUTE },
  storm: { maxHosts: 3, maxShare: 0.8 },
};

/** One random world: a small cloud, one or two failing hosts, and everything that may go wrong. */
export async function runWorld(seed: number, trace?: (line: string) => void): Promise<WorldResult> {
  const universe = createUniverse({
    seed,
    hosts: 4,
    policy: POLICY,
    timings: { spawnMs: 4000, bootMs: 20_000, serviceDownTimeMs: 30_000 },
    ...(trace === undefined ? {} : { trace }),
  });
  const { clock, cloud, random } = universe;
  clock.advanceTo(clock.now() + 30_000);
  const failing = pick(
    random,
    ['compute-1', 'compute-2', 'compute-3', 'compute-4'],
    1 + int(random, 2),
  );
  const victims = populate(universe, failing);
  for (let i = 0; i <= int(random, 2); i += 1) universe.startWorker(`worker-${String(i + 1)}`);
  for (const [index, host] of failing.entries()) failLater(universe, host, index);
  disturb(universe);
  clock.at(START_MS + TROUBLE_MS, () => {
    calm(universe);
  });
  await universe.run(START_MS + TROUBLE_MS + 1);
  const problems: string[] = [];
  if (universe.crashes.length === 0) {
    const over = await untilOver(universe, failing);
    if (over && random.next() < 0.5) await comeBack(universe, failing, problems);
  }
  problems.push(...(await examine(universe, failing, victims)));
  return { seed, problems, simulatedMs: clock.now() - START_MS };
}

const int = (random: Random, below: number): number => Math.floor(random.next() * below);

function pick<T>(random: Random, from: readonly T[], count: number): readonly T[] {
  const left = [...from];
  const picked: T[] = [];
  while (picked.length < count && left.length > 0) {
    picked.push(...left.splice(int(random, left.length), 1));
  }
  return picked;
}

/** Instances in all kinds of states on the hosts that will fail, and a few on the others. */
function populate(universe: Universe, failing: readonly string[]): readonly string[] {
  const { cloud, random } = universe;
  const victims: string[] = [];
  const group = random.next() < 0.3 ? cloud.createServerGroup('anti-affinity') : null;
  for (const host of failing) {
    const count = 1 + int(random, 6);
    for (let i = 0; i < count; i += 1) {
      const vmState =
        random.next() < 0.7
          ? 'active'
          : (pick(random, ['stopped', 'error', 'paused', 'suspended'], 1)[0] ?? 'active');
      const grouped = group !== null && host === failing[0] && i < 2;
      victims.push(...cloud.boot({ host, vmState, ...(grouped ? { groupId: group } : {}) }));
    }
  }
  return victims;
}

function failLater(universe: Universe, host: string, index: number): void {
  const { clock, cloud, random } = universe;
  const atMs = START_MS + 31_000 + index * int(random, 40_000);
  clock.at(atMs, () => {
    cloud.powerOff(host);
    cloud.setGate(host, true);
    clock.at(clock.now() + 500 + int(random, 3000), () => {
      universe.fence(host);
    });
  });
}

/** Crashes, pauses, outages, dying destinations, lost conductors, scarce capacity, interfering operators. */
function disturb(universe: Universe): void {
  const { clock, cloud, random, weather, storeWeather } = universe;
  weather.trouble = random.next() < 0.5 ? random.next() * 0.15 : 0;
  storeWeather.trouble = random.next() < 0.4 ? random.next() * 0.1 : 0;
  const times = int(random, 6);
  for (let i = 0; i < times; i += 1) {
    const atMs = START_MS + 30_000 + int(random, 120_000);
    clock.at(atMs, () => {
      disturbOnce(universe, int(random, 9));
    });
  }
  clock.at(START_MS + 31_000, () => {
    if (random.next() < 0.2) for (const host of cloud.hosts()) cloud.setCapacity(host.name, 3);
  });
}

function disturbOnce(universe: Universe, kind: number): void {
  const { clock, cloud, random, weather, storeWeather } = universe;
  const later = (ms: number, fn: () => void): void => {
    clock.at(clock.now() + ms, fn);
  };
  const worker = pick(random, universe.workers(), 1)[0];
  switch (kind) {
    case 0:
    case 1:
      worker?.kill();
      later(int(random, 10_000), () => universe.startWorker('restarted'));
      return;
    case 2:
    case 3:
      worker?.pause();
      later(int(random, 60_000), () => worker?.resume());
      return;
    case 4:
      weather.outage = true;
      later(int(random, 40_000), () => {
        weather.outage = false;
      });
      return;
    case 5:
      storeWeather.outage = true;
      later(int(random, 30_000), () => {
        storeWeather.outage = false;
      });
      return;
    case 6:
      cloud.takeDown('conductor');
      later(int(random, 30_000), () => {
        cloud.bringBack('conductor');
      });
      return;
    case 7:
      cloud.expireTokens();
      return;
    default:
      cloud.setSpawnFailure(pick(random, cloud.hosts(), 1)[0]?.name ?? 'compute-1', 'spawn');
      later(int(random, 60_000), () => {
        for (const host of cloud.hosts()) cloud.setSpawnFailure(host.name, undefined);
      });
  }
}

/** All faults end. */
function calm(universe: Universe): void {
  const { cloud, weather, storeWeather } = universe;
  weather.trouble = 0;
  weather.outage = false;
  storeWeather.trouble = 0;
  storeWeather.outage = false;
  cloud.bringBack('conductor');
  for (const host of cloud.hosts()) {
    cloud.setCapacity(host.name, 100);
    cloud.setSpawnFailure(host.name, undefined);
  }
  for (const worker of universe.workers()) worker.resume();
  if (universe.workers().length === 0) universe.startWorker('last');
}

async function untilOver(universe: Universe, failing: readonly string[]): Promise<boolean> {
  for (;;) {
    const records = await Promise.all(failing.map((host) => universe.record(host)));
    if (records.every(isOver)) return true;
    if (universe.crashes.length > 0 || universe.clock.now() > START_MS + SETTLE_MS) return false;
    await universe.run(universe.clock.now() + 5000);
  }
}

/** The hosts boot; nova-compute starts as it does behind NovaComputeWait, once the mark is done. */
async function comeBack(
  universe: Universe,
  failing: readonly string[],
  problems: string[],
): Promise<void> {
  const { clock, cloud } = universe;
  for (const host of failing) {
    cloud.setGate(host, false);
    cloud.powerOn(host);
  }
  const untilMs = clock.now() + 20 * MINUTE;
  for (;;) {
    const records = await Promise.all(failing.map((host) => universe.record(host)));
    if (records.every((record) => record?.evacuation.phase === 'closed')) return;
    if (clock.now() > untilMs || universe.crashes.length > 0) {
      for (const record of records) {
        if (record === null || record.evacuation.phase === 'closed') continue;
        problems.push(
          `${record.evacuation.host} was not taken back: ${record.evacuation.phase} ${JSON.stringify(record.evacuation.reasons)}`,
        );
      }
      return;
    }
    await universe.run(clock.now() + 5000);
  }
}

/** The two things that must never happen, and the promise that everything ends. */
async function examine(
  universe: Universe,
  failing: readonly string[],
  victims: readonly string[],
): Promise<readonly string[]> {
  const { cloud } = universe;
  const problems = universe.crashes.map((error) => `a worker ended: ${error.message}`);
  for (const double of cloud.doubles()) {
    problems.push(`${double.instanceId} ran twice, on ${double.hosts.join(' and ')}`);
  }
  const known = new Map<string, string>();
  for (const host of failing) {
    const record = await universe.record(host);
    if (record === null) problems.push(`the mark of ${host} is lost`);
    else if (!isOver(record))
      problems.push(
        `${host} is not settled: ${JSON.stringify(record.evacuation.reasons)} ${standings(record).join(' | ')}`,
      );
    for (const [id, { progress }] of record === null ? [] : tracked(record.evacuation)) {
      known.set(id, progress.at);
    }
  }
  for (const id of victims) problems.push(...forgotten(universe, id, known.get(id)));
  const peak = cloud.flights().peak;
  if (peak > POLICY.pace.inFlight)
    problems.push(`${String(peak)} evacuations were in flight at once`);
  return problems;
}

function forgotten(universe: Universe, id: string, at: string | undefined): readonly string[] {
  const instance = universe.cloud.instance(id);
  if (at === undefined) return [`${id} was forgotten`];
  if (at === 'landed' && instance.runsOn.length !== 1 && instance.vmState === 'active') {
    return [`${id} is said to have landed but runs on ${String(instance.runsOn.length)} hosts`];
  }
  return at === 'skipped' || at === 'landed' || at === 'failed' || at === 'gone'
    ? []
    : [`${id} is still ${at}`];
}
