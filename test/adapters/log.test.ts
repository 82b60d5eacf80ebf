import { describe, expect, it } from 'vitest';
import { createLog, type LogOptions } from '../../src/adapters/log.ts';

function capture(options: Partial<LogOptions>) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ level: 'info', format: 'text', stamp: 'none', ...options, destination });
  return { log, lines };
}

describe('text', () => {
  it('is the sentence alone, with a word before what is worse than usual', () => {
    const { log, lines } = capture({});
    log.debug('unheard');
    log.info('compute-1 is marked', { host: 'compute-1' });
    log.warn('it takes\n  long');
    expect(lines).toEqual(['compute-1 is marked\n', 'warn: it takes long\n']);
  });

  it('has no control characters, of which the journal makes a blob and a terminal anything', () => {
    const { log, lines } = capture({});
    log.info('Nova says: \u001b[31mno\u0000\r\n\tand \u009b2J\u2028Zoë 😀');
    expect(lines).toEqual(['Nova says: [31mno and 2J Zoë 😀\n']);
  });

  it('begins with a priority for the journal', () => {
    const { log, lines } = capture({ stamp: 'priority', level: 'debug' });
    log.debug('d');
    log.info('i');
    log.warn('w');
    log.error('e');
    expect(lines.join('')).toBe('<7>d\n<6>i\n<4>w\n<3>e\n');
  });

  it('begins with the time in a file', () => {
    const { log, lines } = capture({ stamp: 'time' });
    log.warn('w');
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z warn: w\n$/);
  });
});

describe('json', () => {
  it('has time, level, sentence and fields', () => {
    const { log, lines } = capture({ format: 'json' });
    log.info('compute-1 is marked', { host: 'compute-1', count: 2 });
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      msg: 'compute-1 is marked',
      host: 'compute-1',
      count: 2,
    });
  });
});

describe('secrets', () => {
  const token = `gAAAAA${'x'.repeat(150)}`;
  it.each([
    `sent X-Auth-Token: abcdef0123`,
    `{"auth":{"password":"abcdef0123"}}`,
    `password=abcdef0123&x=1`,
    `redis://user:abcdef0123@host:6379`,
    `the token ${token}`,
  ])('are masked in %s', (sentence) => {
    for (const format of ['text', 'json'] as const) {
      const { log, lines } = capture({ format });
      log.error(sentence, { detail: sentence });
      expect(lines.join('')).not.toMatch(/abcdef0123|xxxxxxxx/);
      expect(lines.join('')).toContain('(secret)');
    }
  });

  it('are masked in fields by name, however deep, and in errors', () => {
    const { log, lines } = capture({ format: 'json' });
    const error = Object.assign(new Error('no answer'), { config: { token: 'hunter2' } });
    log.error('it failed', { a: { headers: [{ 'X-Auth-Token': 'hunter2' }] }, error });
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('no answer');
  });
});
