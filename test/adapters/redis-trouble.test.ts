import { describe, expect, it } from 'vitest';
import {
  connectionTrouble,
  denialOf,
  replyCodeOf,
} from '../../src/adapters/store/redis-trouble.ts';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });
const wrapped = (inner: string): string =>
  `ERR Error running script (call to f_6b1bf486c81ceb7edf3c093f4c48582e38c0e791): @user_script:17: @user_script: 17: -${inner}`;

describe('an error reply of Redis', () => {
  it.each([
    ["READONLY You can't write against a read only replica.", 'not-sent'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'not-sent'],
    ['NOREPLICAS Not enough good replicas to write.', 'not-sent'],
    ['MISCONF Redis is configured to save RDB snapshots', 'not-sent'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'bad-request'],
  ])('%s is told by its word, also as Redis 6 wraps it in scripts', (message, cause) => {
    expect(denialOf(reply(message))).toMatchObject({ cause });
    expect(denialOf(reply(wrapped(message)))).toEqual(denialOf(reply(message)));
    expect(replyCodeOf(wrapped(message))).toBe(message.split(' ', 1)[0]);
  });

  it('that nobody knows is quoted, and what is none leaves the outcome open', () => {
    expect(denialOf(reply('ERR unknown command'))).toMatchObject({
      cause: 'bad-request',
      why: 'Redis says: ERR unknown command',
    });
    expect(denialOf(new Error('Command timed out'))).toBeNull();
  });
});

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
