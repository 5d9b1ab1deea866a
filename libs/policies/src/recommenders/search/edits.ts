/** Longest words that are compared; the rest of longer ones is not looked at. */
const LONGEST = 40;
const rows = [new Uint8Array(LONGEST + 1), new Uint8Array(LONGEST + 1), new Uint8Array(LONGEST + 1)] as const;

/**
 * Edits between two words of at most 40 letters: insertions, deletions, substitutions and swaps of neighbours (optimal
 * string alignment; Damerau 1964), given up beyond `most`.
 * @returns the number of edits, or most + 1 where there are more.
 */
export function editsBetween(a: string, b: string, most: number): number {
  const [long, wide] = [Math.min(a.length, LONGEST), Math.min(b.length, LONGEST)];
  if (Math.abs(long - wide) > most) return most + 1;
  let [before, last, row] = rows as readonly [Uint8Array, Uint8Array, Uint8Array];
  for (let j = 0; j <= wide; j++) last[j] = j;
  for (let i = 1; i <= long; i++) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= wide; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1;
      let edits = (last[j - 1] as number) + same;
      if ((last[j] as number) + 1 < edits) edits = (last[j] as number) + 1;
      if ((row[j - 1] as number) + 1 < edits) edits = (row[j - 1] as number) + 1;
      if (same === 1 && isSwap(a, b, i, j)) edits = Math.min(edits, (before[j - 2] as number) + 1);
      row[j] = edits;
      if (edits < least) least = edits;
    }
    if (least > most) return most + 1;
    [before, last, row] = [last, row, before];
  }
  return Math.min(last[wide] as number, most + 1);
}

const isSwap = (a: string, b: string, i: number, j: number): boolean =>
  i > 1 &&
  j > 1 &&
  a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
  a.charCodeAt(i - 2) === b.charCodeAt(j - 1);

/** Edits that a word of this length may have and still be meant. */
export const editsAllowed = (length: number): number => (length < 3 ? 0 : length < 6 ? 1 : 2);
