import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInstant, formatMillis, parseNovaTime } from '../../src/domain/time.ts';

const instants = fc.integer({
  min: Date.UTC(1900, 0, 1),
  max: Date.UTC(2400, 0, 1),
});

describe('formatInstant', () => {
  it('says what Date says, for every instant', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        expect(formatInstant(instant)).toBe(new Date(instant).toISOString());
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [Date.UTC(2024, 1, 29, 23, 59, 59, 999), '2024-02-29T23:59:59.999Z'],
    [Date.UTC(2100, 2, 1), '2100-03-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
  ])('%d is %s', (instant, text) => {
    expect(formatInstant(instant)).toBe(text);
  });

  it('cuts fractions of a millisecond off', () => {
    expect(formatInstant(1_500.75)).toBe('1970-01-01T00:00:01.500Z');
  });
});

describe('parseNovaTime', () => {
  it('reads back what Date writes, in every form of Nova', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        const text = new Date(instant).toISOString().slice(0, 23);
        for (const form of [
          text,
          `${text}Z`,
          `${text}000`,
          `${text}+00:00`,
          text.replace('T', ' '),
        ]) {
          expect(parseNovaTime(form)).toBe(instant);
        }
      }),
    );
  });

  it.each([
    ['2019-10-25T20:13:51.000000', Date.UTC(2019, 9, 25, 20, 13, 51)],
    ['2019-10-25T20:13:51', Date.UTC(2019, 9, 25, 20, 13, 51)],
    ['2019-10-25T20:13:51.5', Date.UTC(2019, 9, 25, 20, 13, 51, 500)],
  ])('%s', (text, instant) => {
    expect(parseNovaTime(text)).toBe(instant);
  });

  it.each([
    '',
    'yesterday',
    '2019-10-25',
    '2019-10-25T20:13:51+02:00',
    '2019-10-25T20:13:51.1234567',
  ])('takes no other form: %j', (text) => {
    expect(parseNovaTime(text)).toBeNull();
  });
});

describe('formatMillis', () => {
  it.each([
    [0, '0 s'],
    [350, '0.4 s'],
    [999, '1 s'],
    [12_000, '12 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
    [59_700, '1 min 00 s'],
  ])('%d ms is %s', (length, text) => {
    expect(formatMillis(length)).toBe(text);
  });
});
