import { describe, expect, it } from 'vitest';
import { readRedisUrl } from '../../src/adapters/store/redis-url.ts';

describe('a wrong URL of Redis', () => {
  it.each([
    'redis://anna:12/secret@redis-1:6379/0',
    'redis://anna:12?secret@redis-1:6379/0',
    'redis://redis-1:6379/0?password=secret',
    'redis://redis-1:6379/0?db=1&password=secret',
    'unix:///run/redis.sock?password=secret',
    'redis://anna:%secret@redis-1',
    'http://anna:secret@redis-1',
  ])('is refused without a word of its password: %s', (url) => {
    expect(() => readRedisUrl(url)).toThrow(/^store\.redis\.url(?!.*secret)/);
  });
});
