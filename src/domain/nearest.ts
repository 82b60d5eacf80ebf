/**
 * The candidates that somebody who wrote `text` most likely meant, nearest first, at most three:
 * those that begin with it (or it with them), and those at most two edits away.
 */
export function nearest(text: string, candidates: Iterable<string>): readonly string[] {
  const wanted = text.toLowerCase();
  const scored: { readonly candidate: string; readonly score: number }[] = [];
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const edits = distance(wanted, known);
    // Two edits turn nearly every three-letter word into every other: short words get fewer.
    const allowed = wanted.length <= 3 ? 1 : 2;
    if (edits <= allowed) scored.push({ candidate, score: edits });
    else if (isPrefix(wanted, known)) scored.push({ candidate, score: 3 });
  }
  return scored
    .sort((a, b) => a.score - b.score || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map((entry) => entry.candidate);
}

/** `Did you mean "a" or "b"?`, or nothing when nothing is near. */
export function didYouMean(text: string, candidates: Iterable<string>): string | null {
  const near = nearest(text, candidates).map((candidate) => JSON.stringify(candidate));
  return near.length === 0 ? null : `Did you mean ${near.join(' or ')}?`;
}

const isPrefix = (a: string, b: string): boolean =>
  a.length >= 3 && b.length >= 3 && (a.startsWith(b) || b.startsWith(a));

/** Levenshtein's distance, one row at a time; gives up (returns 3) when more than two edits are sure. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const edits = [
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + Number(!same),
      ];
      row.push(Math.min(...edits));
    }
    if (Math.min(...row) > 2) return 3;
    previous = row;
  }
  return previous[b.length] ?? 3;
}
