import { didYouMean } from '../domain/nearest.ts';
import { showOrigin, type Origin } from './origin.ts';
import { flatten } from './rows-profiles.ts';
import { showValue, type Key, type Settings } from './table.ts';

/** What no single value shows: values that contradict each other. */
export function crossCheck(
  settings: Settings,
  origins: Readonly<Record<Key, Origin>>,
): readonly string[] {
  const problems: string[] = [];
  const complain = (keys: readonly Key[], sentence: string): void => {
    // The place of the value that somebody wrote, not of the default that it collides with.
    const written = keys.find((key) => origins[key].from !== 'default') ?? keys[0];
    const place = written === undefined ? 'default' : showOrigin(origins[written]);
    problems.push(`${place}: ${sentence}`);
  };
  const ordered = (smaller: Key, larger: Key): void => {
    const [low, high] = [settings[smaller], settings[larger]];
    if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return;
    complain(
      [smaller, larger],
      `${smaller} (${showValue(smaller, low)}) must not be longer than ${larger} (${showValue(larger, high)}).`,
    );
  };
  ordered('pace.poll_min', 'pace.poll_max');
  ordered('retry.backoff', 'retry.backoff_max');
  if (settings['store.kind'] === 'redis') checkRedis(settings, complain);
  checkPacemaker(settings, complain);
  checkProfiles(settings, complain);
  return problems;
}

/** What is odd about the settings together, though they can be worked with; a sentence each. */
export function oddities(
  settings: Settings,
  origins: Readonly<Record<Key, Origin>>,
): readonly string[] {
  return [...oddProofs(settings, origins), ...oddDeaths(settings, origins)];
}

/** Hosts are to be switched off, and nobody can. */
function oddDeaths(settings: Settings, origins: Readonly<Record<Key, Origin>>): readonly string[] {
  const general = settings['died.action'] === 'fence';
  const some = Object.values(settings.profiles).some(
    (profile) => flatten(profile)['died.action'] === 'fence',
  );
  const believed = settings['fence.proof'];
  const byPacemaker = settings['pacemaker.enabled'] !== 'off' && believed.includes('pacemaker');
  const byAgent = settings.power.length > 0 && believed.includes('power');
  if ((!general && !some) || byPacemaker || byAgent) return [];
  const place = showOrigin(origins[general ? 'died.action' : 'profiles']);
  return [
    `${place}: died.action is fence, but nobody can switch hosts off; enable Pacemaker or add a power agent that fence.proof believes.`,
  ];
}

function oddProofs(settings: Settings, origins: Readonly<Record<Key, Origin>>): readonly string[] {
  const believed = settings['fence.proof'];
  const agents = settings.power.length > 0;
  if (origins['fence.proof'].from === 'default' || agents === believed.includes('power')) return [];
  const place = showOrigin(origins[agents ? 'power' : 'fence.proof']);
  return [
    agents
      ? `${place}: power is configured, but fence.proof does not believe it; add power to fence.proof.`
      : `${place}: fence.proof names power, but no power agent is configured; add one under power.`,
  ];
}

function checkProfiles(
  settings: Settings,
  complain: (keys: readonly Key[], sentence: string) => void,
): void {
  const names = Object.keys(settings.profiles);
  settings.assign.forEach(({ profile }, index) => {
    if (names.includes(profile)) return;
    const near = didYouMean(profile, names) ?? `There are: ${names.join(', ') || 'none'}.`;
    complain(
      ['assign'],
      `assign[${String(index)}].profile is "${profile}", and profiles has no such name. ${near}`,
    );
  });
  for (const [name, profile] of Object.entries(settings.profiles)) {
    const { 'retry.backoff': low, 'retry.backoff_max': high } = {
      ...settings,
      ...flatten(profile),
    };
    if (low > high)
      complain(
        ['profiles'],
        `in profiles.${name}, retry.backoff must not be longer than retry.backoff_max.`,
      );
  }
}

function checkPacemaker(
  settings: Settings,
  complain: (keys: readonly Key[], sentence: string) => void,
): void {
  if (settings['store.kind'] === 'pacemaker' && settings['pacemaker.enabled'] === 'off')
    complain(['store.kind'], 'store.kind is pacemaker, so pacemaker.enabled must not be off.');
  const hosts = new Map<string, string>();
  for (const [host, node] of Object.entries(settings['pacemaker.nodes'])) {
    // Pacemaker compares the names of nodes without regard to case.
    const other = hosts.get(node.toLowerCase());
    if (other !== undefined)
      complain(
        ['pacemaker.nodes'],
        `pacemaker.nodes gives the node ${node} to both ${other} and ${host}; a node is one host.`,
      );
    hosts.set(node.toLowerCase(), host);
  }
}

function checkRedis(
  settings: Settings,
  complain: (keys: readonly Key[], sentence: string) => void,
): void {
  const places: readonly Key[] = [
    'store.redis.url',
    'store.redis.sentinels',
    'store.redis.cluster',
  ];
  const given = places.filter((key) => settings[key] !== null);
  if (given.length === 0)
    complain(['store.kind'], `store.kind is redis, so one of ${places.join(', ')} is needed.`);
  if (given.length > 1) complain(given, `${given.join(' and ')} exclude each other; keep one.`);
  const url = settings['store.redis.url'];
  if (url !== null && !/^(rediss?|unix):\/\/./.test(url))
    complain(
      ['store.redis.url'],
      `store.redis.url must begin with redis://, rediss:// or unix://.`,
    );
  if (settings['store.redis.cluster'] !== null && settings['store.redis.db'] !== 0)
    complain(['store.redis.db'], 'a Redis Cluster has database 0 only; remove store.redis.db.');
}
