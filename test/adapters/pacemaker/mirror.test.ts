import { expect, test } from 'vitest';
import { classicCorrection } from '../../../src/adapters/store/pacemaker-mirror.ts';
import {
  decodeEntry,
  encodeEntry,
  type Entry,
} from '../../../src/adapters/store/pacemaker-entry.ts';
import type { Phase } from '../../../src/domain/evacuation.ts';
import { asHost } from '../../../src/domain/ids.ts';
import { markedRecord } from '../../support/record.ts';

const host = asHost('compute-1');
const entry = (phase: Phase): Entry => ({
  version: 3,
  offset: -1,
  epoch: 2,
  keeper: 'ctl-1-ab',
  foreign: false,
  core: { ...markedRecord(host, 1_763_638_509_999), phase },
});

test.each<[Phase, string | undefined, string | null]>([
  ['marked', undefined, 'ctl-1@1763638509'],
  ['marked', 'yes', 'ctl-1@1763638509'],
  ['evacuating', '', 'ctl-1@1763638509'],
  ['evacuating', 'no', 'ctl-1@1763638509'],
  ['evacuating', 'ctl-2@1763638000', null],
  ['settled', 'ctl-1@1763638509', 'no'],
  ['settled', 'no', null],
  ['settled', '', null],
  ['settled', undefined, null],
  ['closed', 'yes', null],
  ['readmitting', 'something else', null],
])('a host that is %s with the value %s', (phase, current, expected) => {
  expect(classicCorrection(entry(phase), current, 'ctl-1')).toBe(expected);
});

test('an entry comes back as it was, in characters that nobody has to quote', () => {
  const text = encodeEntry(entry('marked'));
  expect(text).toMatch(/^v1:3:marked:20261120T113509Z-7f3a:[A-Za-z0-9_-]+$/);
  expect(decodeEntry(text, host)).toEqual({ kind: 'decoded', value: entry('marked') });
});

test.each([
  ['', 'not written by nova-ha'],
  ['yes', 'not written by nova-ha'],
  ['v2:1:marked:e:abcd', 'format 2'],
  ['v1:1:marked:e:abcd', 'no JSON'],
  [`v1:1:marked:e:${Buffer.from('{"epoch":1}').toString('base64url')}`, 'cut off'],
  [encodeEntry(entry('marked')).slice(0, -40), 'no JSON'],
])('a damaged entry says what is wrong: %s', (text, problem) => {
  const decoded = decodeEntry(text, host);
  expect(decoded).toMatchObject({
    kind: 'damaged',
    problem: expect.stringContaining(problem) as string,
  });
});

test('an entry of another host is damaged', () => {
  expect(decodeEntry(encodeEntry(entry('marked')), asHost('compute-2')).kind).toBe('damaged');
});
