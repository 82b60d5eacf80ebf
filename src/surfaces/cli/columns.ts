/** A cell: its text, and how it is painted once its width is known. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/**
 * Lines with aligned columns, two spaces between them and none at the end. The last column takes what
 * the others leave of `width` and is cut with an ellipsis; null: nothing is cut (pipes).
 */
export function columns(
  rows: readonly (readonly Cell[])[],
  width: number | null,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach(({ text }, index) => {
      widths[index] = Math.max(widths[index] ?? 0, lengthOf(text));
    });
  return rows.map((row) => {
    let line = '';
    let used = 0;
    row.forEach(({ text, paint = same }, index) => {
      const last = index === row.length - 1;
      const room = width === null ? Infinity : Math.max(width - used, 0);
      const shown = cut(text, room);
      line += paint(shown);
      if (last) return;
      const gap = (widths[index] ?? 0) - lengthOf(shown) + 2;
      line += ' '.repeat(Math.max(gap, 0));
      used += (widths[index] ?? 0) + 2;
    });
    return line.trimEnd();
  });
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
  if (room <= 0) return '';
  let kept = '';
  let used = 1;
  for (const letter of lettersOf(text)) {
    used += widthOf(letter);
    if (used > room) break;
    kept += letter;
  }
  return `${kept}…`;
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
