import type { ReservePolicy } from '../../../src/domain/reserve.ts';
import type { Command, Preparation } from './story-commands.ts';
import type { Stage } from './story.ts';

/** `policy reserve needed, added, targeted` and the like. */
export const RESERVE_PREPARATIONS: readonly Preparation[] = [
  {
    form: /^policy reserve (needed|always)((?:, (?:added|targeted|by aggregate|anywhere))*)$/,
    prepare: (prepared, [when = 'needed', more = '']) => {
      const change: Partial<ReservePolicy> = {
        when: when === 'always' ? 'always' : 'needed',
        addToAggregates: more.includes('added'),
        target: more.includes('targeted'),
        match: more.includes('anywhere')
          ? 'any'
          : more.includes('by aggregate')
            ? 'aggregate'
            : 'zone',
      };
      const reserve = { ...prepared.policy.reserve, ...change };
      return { ...prepared, policy: { ...prepared.policy, reserve } };
    },
  },
];

const aggregateOf = ({ cloud }: Stage, name: string): ReadonlySet<string> =>
  [...cloud.world.aggregates.values()].find((one) => one.name === name)?.hosts ?? new Set();

/** What concerns hosts that an operator keeps in reserve. */
export const RESERVES: readonly Command[] = [
  {
    form: /^aggregate (\S+) of (.+)$/,
    isTold: false,
    play: ({ cloud }, [name = '', hosts = '']) => {
      cloud.createAggregate(name, { hosts: hosts.split(' and ') });
    },
  },
  {
    form: /^kill (\S+) before it enables$/,
    play: (stage, [name = '']) => {
      const { weather } = stage.universe;
      weather.fate = (_process, { method, body }) => {
        const isEnabling = method === 'PUT' && JSON.stringify(body).includes('"enabled"');
        if (!isEnabling) return null;
        delete weather.fate;
        stage.tell(`> ${name} is killed: its claim is durable, nothing was asked of Nova`);
        stage.workers.get(name)?.kill();
        return null;
      };
    },
  },
  {
    form: /^(\S+) has room for (\d+)$/,
    isTold: false,
    play: ({ cloud }, [host = '', count = '']) => {
      cloud.setCapacity(host, Number(count));
    },
  },
  {
    form: /^expect aggregate (\S+) of (.+)$/,
    isTold: false,
    play: (stage, [name = '', wanted = '']) => {
      const hosts = [...aggregateOf(stage, name)].sort().join(' and ');
      if (hosts !== wanted) stage.surprises.push(`${name} is of ${hosts}, not of ${wanted}`);
    },
  },
  {
    form: /^expect (\S+) (enabled|disabled "(.+)")$/,
    isTold: false,
    play: ({ cloud, surprises }, [name = '', wanted = '']) => {
      const { disabled, disabledReason } = cloud.host(name);
      const actual = disabled ? `disabled "${disabledReason ?? ''}"` : 'enabled';
      if (actual !== wanted) surprises.push(`${name} is ${actual}, not ${wanted}`);
    },
  },
];
