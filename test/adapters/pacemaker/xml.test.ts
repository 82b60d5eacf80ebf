import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeAttribute, findAll, parseXml } from '../../../src/adapters/pacemaker/xml.ts';
import { captured } from './captured.ts';

test('elements come in order, with attributes as texts', () => {
  const root = parseXml(captured('history-failed'));
  expect(root?.name).toBe('pacemaker-result');
  const events = root === null ? [] : findAll(root, 'fence_event');
  expect(events).toHaveLength(12);
  expect(events[0]?.attributes['status']).toBe('pending');
  const [code] = root === null ? [] : findAll(root, 'status');
  expect(code?.attributes).toEqual({ code: '0', message: 'OK' });
});

test('a number stays the text that it was', () => {
  expect(parseXml('<a id="007"/>')?.attributes).toEqual({ id: '007' });
});

test.each(['', 'hello', '<a><b></a', '<a b="1"><c/>', '<a b="1"', '<a/><b/>', '<a></b>'])(
  'what is cut off or no XML is nothing: %s',
  (text) => {
    expect(parseXml(text)).toBeNull();
  },
);

test('every prefix of a real answer is nothing', () => {
  const text = captured('history-fenced').trimEnd();
  for (let length = 0; length < text.length; length += 7) {
    expect(parseXml(text.slice(0, length))).toBeNull();
  }
});

test('entities are read, and never expanded', () => {
  const [, entry] = parseXml(captured('table'))?.children ?? [];
  expect(entry?.attributes['value']).toBe('a "b" <c> & d');
  const bomb = '<!DOCTYPE a [<!ENTITY x "y">]><a v="&x;&#65;&#x42;"/>';
  expect(parseXml(bomb)?.attributes['v'] ?? '&x;AB').toBe('&x;AB');
});

test('any text survives as an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      // XML has no control characters but these; Pacemaker's tools refuse them too.
      const clean = value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '');
      expect(parseXml(`<a v="${escapeAttribute(clean)}"/>`)?.attributes['v']).toBe(clean);
    }),
  );
});
