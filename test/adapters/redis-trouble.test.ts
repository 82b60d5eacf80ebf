import { describe, expect, it } from 'vitest';
import { connectionTrouble } from '../../src/adapters/store/redis-trouble.ts';

const AWAY = 'All sentinels are unreachable. Retrying from scratch after 300ms.';

describe('why a connection to Redis does not stand', () => {
  it.each([
    [`${AWAY} Last error: Connection is closed.`, 'no Sentinel answers: start them, or correct'],
    [`${AWAY} Last error: connect ETIMEDOUT`, 'store.redis.sentinels (connect ETIMEDOUT)'],
    [`${AWAY} Last error: ERR No such master with that name`, 'correct store.redis.master'],
    [AWAY, 'the Sentinels know no such master: correct store.redis.master'],
    ['Connection is closed.', 'start Redis or correct the address'],
  ])('is told with its remedy: %s', (message, words) => {
    const told = connectionTrouble(new Error(message));
    expect(told).toContain(words);
    expect(told).not.toMatch(/Retrying|Connection is closed/);
  });
});
