import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  because,
  CATALOGUE,
  remedyOf,
  sentenceOf,
  severityOf,
  type ReasonCode,
} from '../../src/domain/reason.ts';
import { H2, VM } from '../support/domain.ts';

/** Every call of because() in the sources: its code and the names that it gives. */
function calls(): readonly (readonly [string, ReasonCode, ReadonlySet<string>])[] {
  const root = new URL('../../src/', import.meta.url);
  const found: (readonly [string, ReasonCode, ReadonlySet<string>])[] = [];
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(new URL(file, root), 'utf8');
    for (const [, code = '', values = ''] of text.matchAll(
      /\bbecause\(\s*'(NH\d+)'(?:,\s*\{([^}]*(?:\{[^}]*\}[^}]*)*)\})?/g,
    )) {
      const names = values
        .replace(/'[^']*'|`[^`]*`|\([^()]*\)/g, '')
        .split(',')
        .map((part) => part.trim().split(/[\s:]/)[0] ?? '')
        .flatMap((name) => (name === '...storm' ? ['marked', 'total', 'limit'] : [name]));
      found.push([file, code as ReasonCode, new Set(names)]);
    }
  }
  return found;
}

const namesIn = (template: string): readonly string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');

describe('the catalogue', () => {
  it.each(calls())('%s gives all that %s says', (_file, code, given) => {
    for (const name of namesIn(CATALOGUE[code].sentence)) expect([...given]).toContain(name);
    // Host and instance are known wherever a remedy is shown.
    const shown = new Set([...given, 'host', 'id']);
    for (const name of namesIn(CATALOGUE[code].remedy)) expect([...shown]).toContain(name);
  });

  it.each(Object.keys(CATALOGUE) as ReasonCode[])(
    '%s reads like a fragment of a sentence',
    (code) => {
      const { sentence, remedy } = CATALOGUE[code];
      expect(sentence).toMatch(/^([a-z{]|Nova)/);
      expect(sentence).not.toMatch(/\.$/);
      expect(remedy).not.toMatch(/\.$/);
      expect(['note', 'warning', 'alert']).toContain(severityOf({ code, values: {} }));
    },
  );

  it('has no entry that nothing refers to', () => {
    const used = new Set<string>(calls().map(([, code]) => code));
    expect(Object.keys(CATALOGUE).filter((code) => !used.has(code))).toEqual([]);
  });

  it('an alert always has something to do', () => {
    for (const [code, { severity, remedy }] of Object.entries(CATALOGUE)) {
      if (severity === 'alert') expect([code, remedy.startsWith('none')]).toEqual([code, false]);
    }
  });
});

describe('a reason', () => {
  const reason = because('NH406', { destination: H2, time: '15 min', host: 'h', id: VM });

  it('holds texts only, so that it is the same after it was stored', () => {
    expect(because('NH203', { count: 2, limit: 3 }).values).toEqual({ count: '2', limit: '3' });
    expect(JSON.parse(JSON.stringify(reason))).toEqual(reason);
  });

  it('fills its sentence and its remedy', () => {
    expect(sentenceOf(reason)).toContain('compute-2 has stood still for 15 min');
    expect(remedyOf(reason)).toContain(`h ${VM}`);
    expect(sentenceOf(because('NH406'))).toContain('{destination}');
  });
});
