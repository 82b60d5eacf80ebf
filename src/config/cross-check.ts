import { showOrigin, type Origin } from './origin.ts';
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
  return problems;
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
