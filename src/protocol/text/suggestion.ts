/**
 * The nearest legal name to one that is none, for error messages.
 */

/** Edits (insert, delete, replace, swap neighbours) between two words; at most `limit` + 1. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + Number(a[i - 1] !== b[j - 1]);
      let best = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] as number) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}

/** The name nearest to a word, upper and lower case alike; undefined when none is near. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  // A word as long as a page is no misspelling.
  if (word.length > 80) return undefined;
  const wanted = word.toLowerCase();
  let limit = Math.max(1, Math.floor(word.length / 3));
  let found: string | undefined;
  for (const name of names) {
    const edits = distance(wanted, name.toLowerCase(), limit);
    if (edits > limit) continue;
    found = name;
    if (edits === 0) break;
    limit = edits - 1;
  }
  return found;
}
