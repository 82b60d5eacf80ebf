import type { Policy } from '../../../src/domain/policy.ts';
import { wholeHost } from '../../../src/domain/mark.ts';
import type { Trouble } from './network.ts';
import { isOver } from './universe.ts';
import type { Stage } from './story.ts';
import { RESERVES, RESERVE_PREPARATIONS } from './story-reserves.ts';

/** What must be known before a world is made. */
export interface Prepared {
  readonly hosts: number;
  readonly policy: Policy;
  /** Whether the worker looks after silent services, and can switch hosts off. */
  readonly watchesSilence?: boolean;
}

/** A line about the world as a whole. */
export interface Preparation {
  readonly form: RegExp;
  prepare(prepared: Prepared, words: readonly string[]): Prepared;
}

/** A line of a story. */
export interface Command {
  readonly form: RegExp;
  /** False for what is not worth a line of the trace. */
  readonly isTold?: boolean;
  play(stage: Stage, words: readonly string[]): void | Promise<void>;
}

/** Lines about the world as a whole, wherever they stand. */
export const PREPARATIONS: readonly Preparation[] = [
  ...RESERVE_PREPARATIONS,
  {
    form: /^cloud (\d+) hosts$/,
    prepare: (prepared, [count = '4']) => ({ ...prepared, hosts: Number(count) }),
  },
  {
    form: /^policy in flight (\d+)$/,
    prepare: (prepared, [limit = '20']) => {
      const pace = { ...prepared.policy.pace, inFlight: Number(limit) };
      return { ...prepared, policy: { ...prepared.policy, pace } };
    },
  },
  {
    form: /^policy at most (\d+) marked hosts$/,
    prepare: (prepared, [limit = '10']) => {
      const storm = { ...prepared.policy.storm, maxHosts: Number(limit), maxShare: 1 };
      return { ...prepared, policy: { ...prepared.policy, storm } };
    },
  },
  {
    form: /^policy died (report|disable|fence)$/,
    prepare: (prepared, [action]) => {
      const died = { action: action as Policy['died']['action'], afterMs: 60_000 };
      return { ...prepared, policy: { ...prepared.policy, died }, watchesSilence: true };
    },
  },
];

const SECONDS: Readonly<Record<string, number>> = { s: 1000, min: 60_000 };
const lengthOf = (count = '0', unit = 's'): number => Number(count) * (SECONDS[unit] ?? 1000);

async function run({ universe }: Stage, lengthMs: number): Promise<void> {
  await universe.run(universe.clock.now() + lengthMs);
}

/** Something that ends by itself after a while. */
function during({ universe }: Stage, lengthMs: number, end: () => void): void {
  universe.clock.at(universe.clock.now() + lengthMs, end);
}

/** The next request to evacuate meets a fate of its own. */
function nextEvacuation(stage: Stage, fate: (worker: string) => Trouble | null): void {
  const { weather } = stage.universe;
  weather.fate = (process, { method, body }) => {
    const isEvacuation = typeof body === 'object' && body !== null && 'evacuate' in body;
    if (method !== 'POST' || !isEvacuation) return null;
    delete weather.fate;
    return fate(process.name);
  };
}

function kill({ workers }: Stage, name: string): void {
  workers.get(name)?.kill();
}

async function expectPhase(stage: Stage, host: string, phase: string): Promise<void> {
  const record = await stage.universe.record(host);
  const actual = record?.evacuation.phase ?? 'not marked';
  if (actual !== phase) stage.surprises.push(`${host} is ${actual}, not ${phase}`);
}

/** What happens to machines and services. */
const MACHINES: readonly Command[] = [
  {
    form: /^(\S+) loses its power$/,
    play: ({ cloud }, [host = '']) => {
      cloud.powerOff(host);
      cloud.setGate(host, true);
    },
  },
  {
    form: /^(\S+) boots$/,
    play: ({ cloud }, [host = '']) => {
      cloud.setGate(host, false);
      cloud.powerOn(host);
    },
  },
  {
    form: /^nova-compute on (\S+) restarts$/,
    play: ({ cloud }, [host = '']) => {
      cloud.killCompute(host);
      cloud.startCompute(host);
    },
  },
  {
    form: /^nova-compute on (\S+) (dies|starts)$/,
    play: ({ cloud }, [host = '', what]) => {
      if (what === 'dies') cloud.killCompute(host);
      else cloud.startCompute(host);
    },
  },
  {
    form: /^every host has room for (\d+)$/,
    play: ({ cloud }, [count = '']) => {
      for (const { name } of cloud.hosts()) cloud.setCapacity(name, Number(count));
    },
  },
  {
    form: /^building (fails|works) on (\S+)$/,
    play: ({ cloud }, [how, host = '']) => {
      cloud.setSpawnFailure(host, how === 'fails' ? 'spawn' : undefined);
    },
  },
  {
    form: /^api outage (\d+) ?(s|min)$/,
    play: (stage, [count, unit]) => {
      stage.universe.weather.outage = true;
      during(stage, lengthOf(count, unit), () => {
        stage.universe.weather.outage = false;
      });
    },
  },
  {
    form: /^store outage (\d+) ?(s|min)$/,
    play: (stage, [count, unit]) => {
      stage.universe.storeWeather.outage = true;
      during(stage, lengthOf(count, unit), () => {
        stage.universe.storeWeather.outage = false;
      });
    },
  },
  {
    form: /^the store is wiped$/,
    play: ({ universe }) => {
      universe.wipeStore();
    },
  },
  {
    form: /^(conductor|scheduler|rabbit) goes down for (\d+) ?(s|min)$/,
    play: (stage, [part = '', count, unit]) => {
      const name = part as 'conductor' | 'scheduler' | 'rabbit';
      stage.cloud.takeDown(name);
      during(stage, lengthOf(count, unit), () => {
        stage.cloud.bringBack(name);
      });
    },
  },
  {
    form: /^the next evacuation is (lost|unanswered|late)$/,
    play: (stage, [fate = 'lost']) => {
      nextEvacuation(stage, () => fate as Trouble);
    },
  },
];

/** What workers and operators do. */
const PEOPLE: readonly Command[] = [
  {
    form: /^worker (\S+)$/,
    play: ({ universe, workers }, [name = '']) => {
      workers.set(name, universe.startWorker(name, { offsetMs: 0 }));
    },
  },
  {
    form: /^kill (\S+)$/,
    play: (stage, [name = '']) => {
      kill(stage, name);
    },
  },
  {
    form: /^kill (\S+) before it sends$/,
    play: (stage, [name = '']) => {
      nextEvacuation(stage, () => {
        stage.tell(`> ${name} is killed: its intents are durable, nothing was sent`);
        kill(stage, name);
        return null;
      });
    },
  },
  {
    form: /^(pause|resume) (\S+)$/,
    play: ({ workers }, [how, name = '']) => {
      if (how === 'pause') workers.get(name)?.pause();
      else workers.get(name)?.resume();
    },
  },
  {
    form: /^fence (\S+)$/,
    play: ({ universe }, [host = '']) => {
      universe.fence(host);
    },
  },
  {
    form: /^operator forces (\S+)$/,
    play: ({ universe }, [host = '']) => {
      universe.fence(host, { ...wholeHost, force: true });
    },
  },
  {
    form: /^operator reports (\S+)$/,
    play: ({ universe }, [host = '']) => {
      universe.report(host);
    },
  },
  {
    form: /^operator unmarks (\S+)$/,
    play: ({ universe }, [host = '']) => {
      universe.unmark(host);
    },
  },
  {
    form: /^operator disables (\S+) "(.+)"$/,
    play: ({ universe }, [host = '', reason = '']) => {
      universe.ledger.park(host, reason);
    },
  },
  {
    form: /^operator evacuates (\S+) by hand$/,
    play: (stage, [name = '']) => {
      stage.universe.ledger.evacuateByHand(stage.idOf(name));
    },
  },
  {
    form: /^operator deletes (\S+)$/,
    play: (stage, [name = '']) => {
      stage.cloud.deleteInstance(stage.idOf(name));
    },
  },
  {
    form: /^operator resets (\S+) to (\S+)$/,
    play: (stage, [name = '', vmState = 'error']) => {
      stage.cloud.setInstanceState(stage.idOf(name), { vmState, taskState: null });
    },
  },
];

/** How the world is furnished, how time passes, and what must have come of it. */
const TELLING: readonly Command[] = [
  {
    form: /^group (\S+) (anti-affinity|affinity)$/,
    isTold: false,
    play: ({ cloud, groups }, [name = '', policy = '']) => {
      groups.set(name, cloud.createServerGroup(policy, { name }));
    },
  },
  {
    form: /^boot (\d+)(?: (active|stopped|paused|error))? on (\S+)(?: in (\S+))?$/,
    isTold: false,
    play: ({ cloud, groups }, [count = '1', vmState, host = '', group = '']) => {
      const groupId = groups.get(group);
      cloud.boot({
        host,
        count: Number(count),
        ...(vmState === '' || vmState === undefined ? {} : { vmState }),
        ...(groupId === undefined ? {} : { groupId }),
      });
    },
  },
  {
    form: /^run (\d+) ?(s|min)$/,
    isTold: false,
    play: (stage, [count, unit]) => run(stage, lengthOf(count, unit)),
  },
  {
    form: /^run until (\S+) is (settled|closed)$/,
    isTold: false,
    play: async (stage, [host = '', phase = '']) => {
      const { universe } = stage;
      for (let i = 0; i < 3600; i += 1) {
        const record = await universe.record(host);
        const there = phase === 'settled' ? isOver(record) : record?.evacuation.phase === 'closed';
        if (there) return;
        await run(stage, 1000);
      }
      stage.surprises.push(`${host} was not ${phase} within an hour`);
    },
  },
  {
    form: /^expect (\S+) (marked|evacuating|settled|readmitting|closed)$/,
    isTold: false,
    play: (stage, [host = '', phase = '']) => expectPhase(stage, host, phase),
  },
  {
    form: /^expect (\S+) on (\S+)$/,
    isTold: false,
    play: (stage, [name = '', host = '']) => {
      const actual = stage.cloud.instance(stage.idOf(name)).host?.name ?? 'no host';
      if (actual !== host) stage.surprises.push(`${name} is on ${actual}, not ${host}`);
    },
  },
];

/** Every command; the first whose form a line has is meant. */
export const COMMANDS: readonly Command[] = [...MACHINES, ...PEOPLE, ...RESERVES, ...TELLING];
