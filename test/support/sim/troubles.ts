import type { Random } from '../../../src/simulator/random.ts';
import type { Universe } from './universe.ts';

/** What is true of a world beyond its cloud: who fails, who was hurt, what a person did. */
export interface Plot {
  readonly universe: Universe;
  /** Hosts that were fenced; a human may add to them. */
  readonly failing: Set<string>;
  readonly victims: readonly string[];
  /** Hosts that an operator disabled for reasons of his own. */
  readonly parked: Set<string>;
  /** Machines that came back with a nova-compute that nobody held back, and when. */
  readonly unheld: Map<string, number>;
  wiped: boolean;
  /** Somebody acted beside us, so that what is in flight in Nova is not ours alone. */
  meddled: boolean;
}

/** Why an operator disabled a host; nobody but he may lift it. */
export const PARKED = 'maintenance, anna';

/** A whole number below `below`. */
export const int = (random: Random, below: number): number => Math.floor(random.next() * below);

/** Some of a list, each at most once. */
export function pick<T>(random: Random, from: readonly T[], count: number): readonly T[] {
  const left = [...from];
  const picked: T[] = [];
  while (picked.length < count && left.length > 0) {
    picked.push(...left.splice(int(random, left.length), 1));
  }
  return picked;
}

type Trouble = (plot: Plot, later: (ms: number, fn: () => void) => void) => void;

const killWorker: Trouble = ({ universe }, later) => {
  const { random } = universe;
  pick(random, universe.workers(), 1)[0]?.kill();
  later(int(random, 10_000), () => universe.startWorker('restarted'));
};

const restartWithAnotherTime: Trouble = ({ universe }, later) => {
  const { random } = universe;
  pick(random, universe.workers(), 1)[0]?.kill();
  const offsetMs = int(random, 600_000) - 300_000;
  later(int(random, 5000), () => universe.startWorker('jumped', { offsetMs }));
};

const pauseWorker: Trouble = ({ universe }, later) => {
  const worker = pick(universe.random, universe.workers(), 1)[0];
  worker?.pause();
  later(int(universe.random, 60_000), () => worker?.resume());
};

const apiOutage: Trouble = ({ universe: { weather, random } }, later) => {
  weather.outage = true;
  later(int(random, 40_000), () => {
    weather.outage = false;
  });
};

const storeOutage: Trouble = ({ universe: { storeWeather, random } }, later) => {
  storeWeather.outage = true;
  later(int(random, 30_000), () => {
    storeWeather.outage = false;
  });
};

const planeDown =
  (part: 'conductor' | 'rabbit' | 'scheduler'): Trouble =>
  ({ universe: { cloud, random } }, later) => {
    cloud.takeDown(part);
    later(int(random, 30_000), () => {
      cloud.bringBack(part);
    });
  };

const tokensExpire: Trouble = ({ universe: { cloud } }) => {
  cloud.expireTokens();
};

const spawnFails: Trouble = ({ universe: { cloud, random } }, later) => {
  const kind = pick(random, ['spawn', 'claim', 'network'] as const, 1)[0];
  cloud.setSpawnFailure(pick(random, cloud.hosts(), 1)[0]?.name ?? 'compute-1', kind);
  later(int(random, 60_000), () => {
    for (const host of cloud.hosts()) cloud.setSpawnFailure(host.name, undefined);
  });
};

const cellDown: Trouble = ({ universe: { cloud, random } }, later) => {
  cloud.cellDown('cell1');
  later(int(random, 30_000), () => {
    cloud.cellUp('cell1');
  });
};

const clocksApart: Trouble = ({ universe: { cloud, random } }, later) => {
  cloud.setApiSkew((random.next() - 0.5) * 240_000);
  later(int(random, 60_000), () => {
    cloud.setApiSkew(0);
  });
};

/** A third host dies, and is fenced only after a while: what was sent to it stands still until then. */
const anotherHostDies: Trouble = (plot, later) => {
  const { universe } = plot;
  const alive = universe.cloud.hosts().filter((host) => !plot.failing.has(host.name));
  const victim = plot.failing.size < 3 ? pick(universe.random, alive, 1)[0]?.name : undefined;
  if (victim === undefined) return;
  plot.failing.add(victim);
  universe.cloud.powerOff(victim);
  universe.cloud.setGate(victim, true);
  later(int(universe.random, 60_000), () => {
    universe.fence(victim);
  });
};

/** nova-compute of a healthy host crashes and comes back: nobody is marked, flights to it are lost. */
const computeCrashes: Trouble = (plot, later) => {
  const { cloud, random } = plot.universe;
  const alive = cloud.hosts().filter((host) => !plot.failing.has(host.name));
  const name = pick(random, alive, 1)[0]?.name;
  if (name === undefined) return;
  cloud.killCompute(name);
  later(int(random, 30_000), () => {
    cloud.startCompute(name);
  });
};

const freezes: Trouble = (plot, later) => {
  const { cloud, random } = plot.universe;
  const name = pick(random, cloud.hosts(), 1)[0]?.name ?? 'compute-1';
  cloud.freezeCompute(name);
  later(int(random, 40_000), () => {
    cloud.thawCompute(name);
  });
};

const operatorEvacuates: Trouble = ({ universe, victims, ...plot }) => {
  const { cloud, random, ledger } = universe;
  const id = pick(random, victims, 1)[0] ?? '';
  const { host, deleted, vmState } = cloud.instance(id);
  if (deleted || host === undefined || !plot.failing.has(host.name) || !host.forcedDown) return;
  if (!['active', 'stopped', 'error'].includes(vmState)) return;
  ledger.evacuateByHand(id);
};

const operatorDeletes: Trouble = ({ universe: { cloud, random }, victims }) => {
  const id = pick(random, victims, 1)[0] ?? '';
  if (!cloud.instance(id).deleted) cloud.deleteInstance(id);
};

const operatorParks: Trouble = ({ universe: { cloud, random, ledger }, parked }) => {
  const host = pick(random, cloud.hosts(), 1)[0];
  if (host === undefined) return;
  ledger.park(host.name, PARKED);
  parked.add(host.name);
};

/** The machine comes back by itself, with a nova-compute that nobody holds back. */
const earlyReturn: Trouble = ({ universe: { cloud, clock, random }, failing, unheld }) => {
  const host = pick(random, [...failing], 1)[0];
  if (host === undefined) return;
  unheld.set(host, clock.now());
  cloud.setGate(host, false);
  cloud.powerOn(host);
};

/** Everything in the store is gone; of what Nova does not show yet, Pacemaker still knows. */
const storeWiped: Trouble = (plot, later) => {
  const { universe } = plot;
  universe.wipeStore();
  plot.wiped = true;
  for (const name of plot.failing) {
    const { disabled, disabledReason, machine } = universe.cloud.host(name);
    // Not failed yet, or marked in Nova already: nothing to remember.
    if (machine === 'on') continue;
    if (disabled && disabledReason?.startsWith('nova-ha: ') === true) continue;
    later(5000 + int(universe.random, 20_000), () => {
      if (universe.cloud.host(name).machine === 'off') universe.fence(name);
    });
  }
};

const unmarkedAndMarked: Trouble = ({ universe, failing }, later) => {
  const host = pick(universe.random, [...failing], 1)[0];
  if (host === undefined || universe.cloud.host(host).machine !== 'off') return;
  universe.unmark(host);
  later(int(universe.random, 30_000), () => {
    if (universe.cloud.host(host).machine === 'off') universe.fence(host);
  });
};

/** Trouble of the machinery: whatever it does, nothing needs a person afterwards but a lost flight. */
const MACHINERY: readonly Trouble[] = [
  killWorker,
  killWorker,
  pauseWorker,
  pauseWorker,
  apiOutage,
  storeOutage,
  planeDown('conductor'),
  planeDown('rabbit'),
  planeDown('scheduler'),
  tokensExpire,
  spawnFails,
  cellDown,
  clocksApart,
  anotherHostDies,
  computeCrashes,
  freezes,
];

/** Trouble that people make, or that takes away what we know. */
const PEOPLE: readonly Trouble[] = [
  operatorEvacuates,
  operatorDeletes,
  operatorParks,
  earlyReturn,
  storeWiped,
  unmarkedAndMarked,
  restartWithAnotherTime,
];

/** One trouble, chosen by chance. */
export function disturbOnce(plot: Plot): void {
  const { clock, random } = plot.universe;
  const people = random.next() < 0.3;
  plot.meddled ||= people;
  const [trouble] = pick(random, people ? PEOPLE : MACHINERY, 1);
  trouble?.(plot, (ms, fn) => {
    clock.at(clock.now() + ms, fn);
  });
}

/** All faults end; what people did stays. */
export function calm({ universe }: Plot): void {
  const { cloud, weather, storeWeather } = universe;
  weather.trouble = 0;
  weather.outage = false;
  storeWeather.trouble = 0;
  storeWeather.outage = false;
  for (const part of ['conductor', 'rabbit', 'scheduler'] as const) cloud.bringBack(part);
  cloud.cellUp('cell1');
  cloud.setApiSkew(0);
  for (const host of cloud.hosts()) {
    cloud.setCapacity(host.name, 100);
    cloud.setSpawnFailure(host.name, undefined);
    cloud.thawCompute(host.name);
  }
  for (const worker of universe.workers()) worker.resume();
  if (universe.workers().length === 0) universe.startWorker('last');
}
