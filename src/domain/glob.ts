/**
 * Whether a text matches a pattern as a whole: `*` stands for any text, `?` for one character,
 * everything else for itself. Walks both once, so that no pattern takes long.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let resume = 0;
  while (read < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      resume = read;
      at += 1;
    } else if (wanted === '?' || wanted === text[read]) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      resume += 1;
      read = resume;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
