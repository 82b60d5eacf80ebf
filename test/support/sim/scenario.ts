import { tracked, type Evacuation } from '../../../src/domain/evacuation.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/policy.ts';
import type { StateRule } from '../../../src/domain/states.ts';
import { readmitHost } from '../../../src/engine/mark-host.ts';
import { forceHost } from '../../../src/engine/switches.ts';
import { setGuest } from '../../../src/simulator/guests.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { createDeaths } from './deaths.ts';
import { LATE_EFFECT_MS } from './network.ts';
import { furnish } from './furniture.ts';
import { drawMetadata, drawPolicy, redrawPolicy } from './pace-policies.ts';
import {
  disturbReserves,
  drawReserves,
  examineReserves,
  keepInReserve,
  membership,
  takenTwice,
} from './reserve-worlds.ts';
import { bootAgain } from './returns.ts';
import { NO_SWITCHING, switchByChance, type Switching } from './switching.ts';
import { calm, disturbOnce, int, pick, type Plot } from './troubles.ts';
import { examine, isHostOver, recordsOf } from './truth.ts';
import { createUniverse, isOver, START_MS, type Mutant, type Universe } from './universe.ts';
import { drawWorldPolicy } from './world-policies.ts';

/** What a world came to: nothing to complain about, or what was wrong. */
export interface WorldResult {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly simulatedMs: number;
}

/** How a world is run beside its seed. */
export interface WorldOptions {
  readonly trace?: (line: string) => void;
  /** A deliberately broken part, which the checks must notice. */
  readonly mutant?: Mutant;
}

const MINUTE = 60_000;
/** Everything that goes wrong does so within this time; afterwards the world is left to settle. */
const TROUBLE_MS = 4 * MINUTE;
/** How long the world may take to settle, and how often a human looks at what waits for him. */
const SETTLE_MS = 90 * MINUTE;
const HUMAN_LOOKS_MS = 8 * MINUTE;

const BASE: Policy = {
  ...DEFAULT_POLICY,
  pace: { ...DEFAULT_POLICY.pace, inFlight: 4, perDestination: 3 },
  // Above the time for which a request may lie in front of Nova after its client gave up.
  retry: { ...DEFAULT_POLICY.retry, uncertainMs: LATE_EFFECT_MS + 15_000, stalledMs: 5 * MINUTE },
  storm: { ...DEFAULT_POLICY.storm, maxHosts: 4, maxShare: 0.9 },
  // Nobody looks after what flaps in most worlds.
  flap: { ...DEFAULT_POLICY.flap, count: 0 },
};

/** Apart from the world's own chance, so that they change nothing else. */
const POLICY_SEED = 7_000_000;
const CHOICE_SEED = 8_000_000;
const FURNITURE_SEED = 9_000_000;
const SWITCH_SEED = 10_000_000;
const RETURN_SEED = 12_000_000;
/** The share of worlds in which operators switch. */
const SWITCHED = 0.3;

/** Every third world resets what Nova does not evacuate; every fifth leaves everything stopped. */
function policyOf(seed: number): Policy {
  const drawn = drawPolicy(createRandom(seed + POLICY_SEED), BASE);
  const rule: StateRule = seed % 3 === 2 ? 'reset-and-evacuate' : 'skip';
  const startAfter: Policy['states']['startAfter'] = seed % 5 === 4 ? 'never' : 'as-it-was';
  const rules = { paused: rule, suspended: rule, rescued: rule };
  const states = { ...drawn.states, ...rules, startAfter };
  return drawWorldPolicy(createRandom(seed + CHOICE_SEED), { ...drawn, states });
}

/** In every fourth world the configuration is read again and again: what it says from when on. */
function reloadsOf(seed: number): readonly { readonly atMs: number; readonly policy: Policy }[] {
  const random = createRandom(seed + 2 * POLICY_SEED);
  if (seed % 4 !== 1) return [];
  return Array.from({ length: 1 + int(random, 4) }, () => ({
    atMs: START_MS + 30_000 + int(random, TROUBLE_MS),
    policy: redrawPolicy(random, BASE),
  }));
}

/** One random world: a small cloud, one to three failing hosts, and everything that may go wrong. */
export async function runWorld(seed: number, options: WorldOptions = {}): Promise<WorldResult> {
  const deaths =
    seed % 5 === 3 ? createDeaths(seed + 3 * POLICY_SEED, () => ({ universe, plot })) : undefined;
  const died = deaths?.policy ?? BASE.died;
  const general = { ...policyOf(seed), died };
  const reserves = drawReserves(seed, general);
  const policy = reserves.policy === null ? general : { ...general, reserve: reserves.policy };
  const universe: Universe = createUniverse({
    seed,
    hosts: 5 + reserves.extra,
    policy,
    timings: {
      spawnMs: 4000,
      // In every fourth world a fault comes long after the record that failed.
      faultMs: seed % 4 === 1 ? 12_000 : 300,
      bootMs: 20_000,
      serviceDownTimeMs: 30_000,
    },
    ...(deaths === undefined ? {} : { deaths }),
    ...options,
  });
  const { clock, cloud, random } = universe;
  clock.advanceTo(clock.now() + 30_000);
  keepInReserve(universe, reserves);
  const names = cloud.hosts().map((host) => host.name);
  const failing = new Set(pick(random, names, 1 + int(random, 2)));
  const plot: Plot = {
    universe,
    failing,
    victims: populate(universe, [...failing], createRandom(seed + FURNITURE_SEED)),
    parked: new Set(),
    unheld: new Map(),
    wiped: false,
    meddled: false,
  };
  const before = membership(universe);
  for (let i = 0; i <= int(random, 2); i += 1) universe.startWorker(`worker-${String(i + 1)}`);
  for (const [index, host] of [...failing].entries())
    failLater(universe, host, reserves.atOnce ? 'at once' : index);
  const chance = createRandom(seed + SWITCH_SEED);
  const switching = chance.next() < SWITCHED ? switchByChance(plot, chance) : NO_SWITCHING;
  schedule(plot, switching);
  deaths?.schedule(plot);
  disturbReserves(plot, reserves);
  if (seed % 4 === 2) bootAgain(plot, createRandom(seed + RETURN_SEED));
  const reloads = reloadsOf(seed);
  for (const one of reloads) {
    clock.at(one.atMs, () => {
      universe.reload({ ...one.policy, died });
    });
  }
  await universe.run(START_MS + TROUBLE_MS + 1);
  const problems: string[] = [];
  if (deaths !== undefined) {
    deaths.end();
    // What was asked for before has come to its end.
    await universe.run(clock.now() + 2 * MINUTE);
  }
  if (universe.crashes.length === 0) {
    const over = await untilOver(plot, problems);
    // Whoever stayed empty is given back only when nothing that was asked can come late.
    if (reserves.policy !== null) await universe.run(clock.now() + 10 * MINUTE);
    // Whoever waits for room while hosts boot may be half-way: a human's business, and nobody is there.
    const waits = !(await recordsOf(plot)).every(isOver);
    if (over && random.next() < 0.5 && !waits) await comeBack(plot, problems);
  }
  if (deaths !== undefined && problems.length === 0) {
    problems.push(...(await deaths.problems()));
    // Not in the middle of a try to find room.
    await untilOver(plot, problems);
  }
  const limits = [policy, ...reloads.map((one) => one.policy)].map(({ pace }) => pace.inFlight);
  problems.push(...(await examine(plot, { inFlight: Math.max(...limits) })));
  problems.push(...(await examineReserves(plot, reserves, before)));
  problems.push(...switching.breaches());
  return { seed, problems, simulatedMs: clock.now() - START_MS };
}

/** Instances in all kinds of states on the hosts that will fail. */
function populate(
  universe: Universe,
  failing: readonly string[],
  chance: Random,
): readonly string[] {
  const { cloud, random } = universe;
  const belongings = furnish(cloud, chance);
  const victims: string[] = [];
  const group = random.next() < 0.3 ? cloud.createServerGroup('anti-affinity') : null;
  const ordered = random.next() < 0.5;
  for (const host of failing) {
    const count = 1 + int(random, 6);
    for (let i = 0; i < count; i += 1) {
      const vmState =
        random.next() < 0.7
          ? 'active'
          : (pick(random, ['stopped', 'error', 'paused', 'suspended'], 1)[0] ?? 'active');
      const grouped = group !== null && host === failing[0] && i < 2;
      const carried = belongings();
      const metadata = { ...carried.metadata, ...(ordered ? drawMetadata(random) : {}) };
      victims.push(
        ...cloud.boot({
          ...carried,
          ...{ host, vmState, metadata, ...(grouped ? { groupId: group } : {}) },
        }),
      );
    }
  }
  return victims;
}

function failLater(universe: Universe, host: string, index: number | 'at once'): void {
  const { clock, cloud, random } = universe;
  const apartMs = index === 'at once' ? 0 : index * int(random, 40_000);
  const fencingMs = (): number => (index === 'at once' ? 500 : 500 + int(random, 3000));
  clock.at(START_MS + 31_000 + apartMs, () => {
    cloud.powerOff(host);
    cloud.setGate(host, true);
    clock.at(clock.now() + fencingMs(), () => {
      universe.fence(host);
    });
  });
}

/** Lays out when what goes wrong, and when it ends. */
function schedule(plot: Plot, switching: Switching): void {
  const { clock, cloud, random, weather, storeWeather } = plot.universe;
  weather.trouble = random.next() < 0.5 ? random.next() * 0.15 : 0;
  storeWeather.trouble = random.next() < 0.4 ? random.next() * 0.1 : 0;
  const times = int(random, 6);
  for (let i = 0; i < times; i += 1) {
    clock.at(START_MS + 30_000 + int(random, 120_000), () => {
      disturbOnce(plot);
    });
  }
  clock.at(START_MS + 31_000, () => {
    if (random.next() < 0.2) for (const host of cloud.hosts()) cloud.setCapacity(host.name, 3);
  });
  clock.at(START_MS + TROUBLE_MS, () => {
    calm(plot);
    switching.liftAll();
  });
}

/** Lets the world settle; what waits for a human gets one who does what the remedy says. */
async function untilOver(plot: Plot, problems: string[]): Promise<boolean> {
  const { clock } = plot.universe;
  const endMs = clock.now() + SETTLE_MS;
  let humanAtMs = clock.now() + HUMAN_LOOKS_MS;
  for (;;) {
    const over = await Promise.all([...plot.failing].map((host) => isHostOver(plot, host)));
    problems.push(...(await takenTwice(plot)));
    if (over.every(Boolean)) return true;
    if (clock.now() > endMs || plot.universe.crashes.length > 0) return false;
    await plot.universe.run(clock.now() + 5000);
    if (clock.now() < humanAtMs) continue;
    humanAtMs = clock.now() + HUMAN_LOOKS_MS;
    await human(plot);
  }
}

/** The remedy of NH406, NH407 and NH412: make sure where the guest runs, then move it by hand. */
async function human(plot: Plot): Promise<void> {
  const { universe } = plot;
  const { cloud, ledger } = universe;
  for (const record of await recordsOf(plot)) {
    if (record === null) continue;
    insistOn(plot, record.evacuation);
    for (const [id, { progress }] of tracked(record.evacuation)) {
      if (progress.at !== 'stuck') continue;
      // What stands still in Nova counts in our limits no more, and a person acts beside us now.
      plot.meddled = true;
      const { runsOn, host } = cloud.instance(id);
      for (const place of [...runsOn]) if (place !== host) powerCycle(plot, place.name);
      undefineLeftovers(plot, id);
      // Its destination takes it no further: fenced, it is sent again by itself.
      const towards = progress.destination === null ? null : cloud.host(progress.destination);
      if (towards !== null && towards.machine === 'on' && towards.compute !== 'running')
        powerCycle(plot, towards.name);
      // It stayed on a host that is back: nothing is left to evacuate.
      if (cloud.host(record.evacuation.host).machine === 'on')
        universe.unmark(record.evacuation.host);
      // Where isolation only waits, Nova has seen it down by itself since long.
      const isLeft = host !== undefined && host.disabled && host.machine === 'off';
      if (!isLeft || cloud.world.truth.flights.size > 0) continue;
      plot.meddled = true;
      ledger.evacuateByHand(id);
    }
  }
}

/** The remedies of thresholds that hold a host for good, and of a host that failed too often. */
function insistOn({ universe }: Plot, { host, reasons }: Evacuation): void {
  const command = { host, by: 'anna' };
  if (reasons.some(({ code }) => ['NH201', 'NH230', 'NH231'].includes(code)))
    void forceHost(universe.operator(), command);
  if (reasons.some(({ code }) => code === 'NH234')) void readmitHost(universe.operator(), command);
}

/** What was half built and does not run is removed from its hypervisor: a build there would find it. */
function undefineLeftovers({ universe: { cloud } }: Plot, id: string): void {
  const instance = cloud.world.instances.byId.get(id);
  if (instance === undefined) return;
  for (const host of cloud.world.hostList)
    if (host !== instance.host && host.guests.get(instance) === 'stopped')
      setGuest(cloud.world, host, instance, undefined);
}

function powerCycle(plot: Plot, name: string): void {
  const { universe, failing } = plot;
  failing.add(name);
  universe.cloud.powerOff(name);
  universe.cloud.setGate(name, true);
  universe.fence(name);
}

/** The failed hosts boot again; the worker must take every one of them back. */
async function comeBack(plot: Plot, problems: string[]): Promise<void> {
  const { universe, failing } = plot;
  const { clock, cloud } = universe;
  for (const host of failing) {
    cloud.setGate(host, false);
    cloud.powerOn(host);
  }
  const endMs = clock.now() + 20 * MINUTE;
  const restartMs = clock.now() + 5 * MINUTE;
  let restarted = false;
  for (;;) {
    const records = await recordsOf(plot);
    if (records.every((record) => record === null || record.evacuation.phase === 'closed')) return;
    if (clock.now() > endMs || universe.crashes.length > 0) {
      for (const record of records) {
        if (record === null || record.evacuation.phase === 'closed') continue;
        const { host, phase, reasons } = record.evacuation;
        problems.push(`${host} was not taken back: ${phase} ${JSON.stringify(reasons)}`);
      }
      return;
    }
    // A host that came back in the middle of an evacuation has to start its nova-compute once more.
    if (!restarted && clock.now() > restartMs) {
      restarted = true;
      for (const host of failing) {
        cloud.killCompute(host);
        cloud.startCompute(host);
      }
    }
    for (const record of records) if (record !== null) insistOn(plot, record.evacuation);
    await universe.run(clock.now() + 5000);
  }
}
