import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUGS } from './bugs.ts';
import { LINES } from './lines.ts';
import type { Held, Place } from './places.ts';

const root = resolve(import.meta.dirname, '..');

/** The places that do not have such a test (any more); quotes are written in several ways. */
const missing = (places: readonly Place[]): readonly Place[] =>
  places.filter(([file, name]) => {
    const text = readFileSync(join(root, file), 'utf8').replaceAll('’', "'");
    return !text.includes(name.replaceAll('’', "'"));
  });

const isOurs = (held: Held): held is readonly [string, ...Place[]] => typeof held[1] !== 'string';
const toText = ([line, ...places]: readonly [string, ...Place[]]): string =>
  `${line}: ${places.map(([file, name]) => `${file}, "${name}"`).join('; ')}`;

const count = (letter: string, last: number): readonly string[] =>
  Array.from({ length: last }, (_, index) => `${letter}${String(index + 1)}`);

describe('the checklist, every line of it', () => {
  it('has all 70', () => {
    expect(LINES.map(([line]) => line)).toEqual(count('', 70));
  });

  it.each(LINES.filter(isOurs).map((held) => [toText(held), held] as const))(
    'checklist %s',
    (_text, [, ...places]) => {
      expect(missing(places)).toEqual([]);
    },
  );

  it('says of every other line why it is none of ours', () => {
    const others = LINES.filter((held) => !isOurs(held));
    expect(others.map(([line]) => line)).toEqual(['11', '14', '16', '17', '30', '33', '34', '59']);
  });
});

describe("the peers' bugs", () => {
  it('are all there', () => {
    const all = [...count('F', 16), ...count('N', 13), ...count('I', 20), ...count('M', 13)];
    expect(BUGS.map(([bug]) => bug)).toEqual(all);
  });

  it.each(BUGS.filter(isOurs).map((held) => [toText(held), held] as const))(
    '%s',
    (_text, [, ...places]) => {
      expect(missing(places)).toEqual([]);
    },
  );

  it('of which these cannot occur here', () => {
    expect(BUGS.filter((held) => !isOurs(held)).map(([bug]) => bug)).toEqual(['N8', 'I20', 'M13']);
  });
});
