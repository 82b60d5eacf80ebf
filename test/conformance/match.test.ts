/**
 * The comparison behind the expectations of test/stack/conformance: one that lets
 * everything pass would prove nothing.
 */
import { describe, expect, it } from 'vitest';
import { memberAt, mismatch } from '../stack/conformance/match.ts';

describe('comparing with an expectation', () => {
  it.each([
    [{ a: 1, b: 2 }, { a: 1 }],
    [
      [{ a: 1 }, { a: 2 }],
      [{}, { a: 2 }],
    ],
    ['req-1', { $match: '^req-' }],
    [[1, 2], { $some: 2 }],
    [[1, 2], { $length: 2 }],
    [{}, { a: { $absent: true } }],
    [null, { $type: 'null' }],
    ['b', { $in: ['a', 'b'] }],
    ['b', { $not: 'a' }],
  ])('%j is like %j', (actual, expected) => {
    expect(mismatch(actual, expected)).toBeNull();
  });

  it.each([
    [{ a: 1 }, { a: 2 }, 'body.a is 1, expected 2'],
    [{}, { a: null }, 'body.a is absent, expected null'],
    [[1], [1, 2], 'body has 1 entries, expected 2: [1]'],
    [[{ a: 1 }], [{ a: 2 }], 'body[0].a is 1, expected 2'],
    ['x', { $match: '^req-' }, 'body is "x", expected {"$match":"^req-"}'],
    [[1], { $some: 2 }, 'body is [1], expected {"$some":2}'],
    [{ a: null }, { a: { $absent: true } }, 'body.a is null, expected {"$absent":true}'],
    ['a', { $not: 'a' }, 'body is "a", expected {"$not":"a"}'],
    ['text', { a: 1 }, 'body is "text", expected {"a":1}'],
  ])('%j is not like %j', (actual, expected, difference) => {
    expect(mismatch(actual, expected)).toBe(difference);
  });

  it('finds members by their path', () => {
    expect(memberAt({ list: [{ id: 'x' }] }, 'list.0.id')).toBe('x');
    expect(memberAt({ list: [] }, 'list.0.id')).toBeUndefined();
  });

  it('does not take a misspelt condition for fulfilled', () => {
    expect(() => mismatch('x', { $matches: 'x' })).toThrow('there is no condition $matches');
  });
});
