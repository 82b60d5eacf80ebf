import { describe, expect, it } from 'vitest';
import {
  bar,
  columns,
  cut,
  folded,
  foldedColumns,
  printable,
} from '../../../src/surfaces/cli/columns.ts';
import { EXIT } from '../../../src/surfaces/cli/exit.ts';

const rows = (...texts: readonly (readonly string[])[]) =>
  texts.map((row) => row.map((text) => ({ text })));

describe('columns', () => {
  it('are as wide as their widest cell, without blanks at the end', () => {
    expect(columns(rows(['A', 'BB', 'C'], ['aaa', 'b', '']), null)).toEqual([
      'A    BB  C',
      'aaa  b',
    ]);
  });

  it('are cut at the width of the terminal', () => {
    expect(columns(rows(['abc', 'defghij']), 9)).toEqual(['abc  def…']);
    expect(columns(rows(['abcdefghijkl', 'x']), 8)).toEqual(['abcdefg…']);
  });

  it('count what a terminal draws, not code units', () => {
    expect(columns(rows(['日本', 'x'], ['abcd', 'y']), null)).toEqual(['日本  x', 'abcd  y']);
    expect(columns(rows(['👩‍👩‍👧', 'x'], ['ab', 'y']), null)).toEqual(['👩‍👩‍👧  x', 'ab  y']);
    expect(cut('日本語', 4)).toBe('日…');
  });

  it('are painted after they were measured', () => {
    const red = (text: string) => `<${text}>`;
    expect(columns([[{ text: 'a', paint: red }, { text: 'b' }]], null)).toEqual(['<a>  b']);
  });
});

describe('folded columns', () => {
  const long = 'aaaa bbbb cccc dddd eeee ffff gggg hhhh';

  it('go on below themselves', () => {
    const [first, second] = foldedColumns(rows(['x', 'y', 'WHY'], ['a', 'b', long]), 40);
    expect(first).toBe('x  y  WHY');
    expect(second).toBe('a  b  aaaa bbbb cccc dddd eeee ffff gggg\n      hhhh');
  });

  it('have lines of their own where the others leave no room, and cut nothing of these', () => {
    const id = '0b2cfd5d-1764-4613-a94d-dca65a7ec68e';
    expect(foldedColumns(rows([id, 'y', ''], [id, 'y', long]), 40)).toEqual([
      `${id}  y`,
      `${id}  y\n    ${long.slice(0, 34)}\n    ${long.slice(35)}`,
    ]);
  });

  it('stay beside the others where all of them fit', () => {
    expect(foldedColumns(rows(['a'.repeat(30), 'WHY'], ['b', 'short']), 40)).toEqual([
      `${'a'.repeat(30)}  WHY`,
      `b${' '.repeat(31)}short`,
    ]);
  });

  it('end with their last letter, however they are painted', () => {
    const dim = (text: string) => `<${text}>`;
    const row = [{ text: 'abcdef' }, { text: 'xy', paint: dim }];
    expect(columns([row], 6)).toEqual(['abcdef']);
  });

  it('are as ever without a width, and break words only when they must', () => {
    expect(foldedColumns(rows(['a', long]), null)).toEqual([`a  ${long}`]);
    expect(folded('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(folded('日本語', 4)).toEqual(['日本', '語']);
  });
});

describe('texts', () => {
  it('cannot move the cursor, forge lines or turn the direction', () => {
    expect(printable('a\u001b[31m\nb\u202ec\u0007')).toBe('a?[31m?b?c?');
  });

  it('draw bars that are never longer than their room', () => {
    expect([bar(0, 4), bar(0.5, 4), bar(7, 4), bar(-1, 4)]).toEqual([
      '░░░░',
      '██░░',
      '████',
      '░░░░',
    ]);
  });
});

describe('exit codes', () => {
  it('are the ones that scripts rely on', () => {
    const codes = Object.fromEntries(Object.entries(EXIT).map(([name, { code }]) => [name, code]));
    expect(codes).toEqual({
      done: 0,
      failed: 1,
      usage: 2,
      refused: 3,
      authentication: 4,
      'store-unreachable': 5,
      pending: 8,
    });
  });
});
