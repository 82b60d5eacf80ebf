/** A cell: its text, and how it is painted once its width is known. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

type Row = readonly Cell[];

/**
 * Lines with aligned columns, two spaces between them and none at the end. The last column takes what
 * the others leave of `width` and is cut with an ellipsis; null: nothing is cut (pipes).
 */
export function columns(rows: readonly Row[], width: number | null): readonly string[] {
  const widths = widthsOf(rows);
  return rows.map((row) => lineOf(row, widths, width));
}

/**
 * The same for what is read at leisure: nothing is cut. The last column goes on in lines below itself
 * or, where the others leave no room for it, in lines of its own. A row is one text with line breaks.
 */
export function foldedColumns(rows: readonly Row[], width: number | null): readonly string[] {
  const widths = widthsOf(rows);
  if (width === null) return columns(rows, null);
  const used = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);
  const isRoomy = width - used >= Math.min(LEAST_ROOM, widths.at(-1) ?? 0);
  const indent = isRoomy ? used : 4;
  return rows.map((row) => {
    const last = row.at(-1) ?? { text: '' };
    const { paint = same } = last;
    const pieces = folded(last.text, width - indent);
    const [first = '', ...rest] = isRoomy ? pieces : ['', ...pieces];
    const head = lineOf([...row.slice(0, -1), { ...last, text: first }], widths, null);
    const below = rest.filter((line) => line !== '');
    return [head, ...below.map((line) => `${' '.repeat(indent)}${paint(line)}`)].join('\n');
  });
}

/** What a long last column needs, to be read beside the others. */
const LEAST_ROOM = 30;

function widthsOf(rows: readonly Row[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach(({ text }, index) => {
      widths[index] = Math.max(widths[index] ?? 0, lengthOf(text));
    });
  return widths;
}

function lineOf(row: Row, widths: readonly number[], width: number | null): string {
  let line = '';
  let used = 0;
  row.forEach(({ text, paint = same }, index) => {
    const last = index === row.length - 1;
    const room = width === null ? Infinity : Math.max(width - used, 0);
    const shown = cut(text, room);
    // Painted nothing would keep the blanks before it.
    line += shown === '' ? '' : paint(shown);
    if (last) return;
    const gap = (widths[index] ?? 0) - lengthOf(shown) + 2;
    line += ' '.repeat(Math.max(gap, 0));
    used += (widths[index] ?? 0) + 2;
  });
  return line.trimEnd();
}

const same = (text: string): string => text;

const SEGMENTER = new Intl.Segmenter();

// What terminals draw two cells wide: CJK, Hangul, full-width forms, emoji.
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

const lettersOf = (text: string): readonly string[] =>
  // Nearly everything is ASCII, and taking it apart properly is slow.
  /^[\x20-\x7e]*$/.test(text)
    ? text.split('')
    : Array.from(SEGMENTER.segment(text), ({ segment }) => segment);

const widthOf = (letter: string): number => (WIDE.test(letter) ? 2 : 1);

const lengthOf = (text: string): number =>
  lettersOf(text).reduce((sum, letter) => sum + widthOf(letter), 0);

/** At most `room` cells wide, with an ellipsis at the end when something was cut. */
export function cut(text: string, room: number): string {
  if (lengthOf(text) <= room) return text;
  return room <= 0 ? '' : `${headOf(text, room - 1)}…`;
}

/** A text in lines of at most `width` cells, broken between words; what is longer is broken anywhere. */
export function folded(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const put = (word: string): void => {
    const joined = line === '' ? word : `${line} ${word}`;
    if (lengthOf(joined) <= width) line = joined;
    else {
      if (line !== '') lines.push(line);
      line = word;
    }
  };
  for (const word of text.split(' ')) {
    put(word);
    while (lengthOf(line) > width) {
      const head = headOf(line, Math.max(width, 2));
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

/** As much of a text as `room` cells hold. */
function headOf(text: string, room: number): string {
  let kept = '';
  let used = 0;
  for (const letter of lettersOf(text)) {
    used += widthOf(letter);
    if (used > room) break;
    kept += letter;
  }
  return kept;
}

/** A bar of `width` characters of which `share` (0 to 1) is full. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

/**
 * Text from outside (instance names, messages of Nova) without control and bidi characters: they could
 * move the cursor or forge lines.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?');
