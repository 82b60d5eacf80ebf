import { describe, expect, it } from 'vitest';
import { denialOf, replyCodeOf } from '../../src/adapters/store/redis-trouble.ts';

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
