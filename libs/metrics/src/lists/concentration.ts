/**
 * Gini index of how often each thing was shown: 0 when all were shown alike, towards 1 when a few take all.
 * sum (2 i - n - 1) x_(i) / (n sum x) over the counts in ascending order (Gini 1912; the form of Adomavicius and Kwon 2012).
 * @param counts >= 0, one per thing that could have been shown, 0 for those that never were.
 * @returns null where nothing was shown.
 */
export function giniOf(counts: ArrayLike<number>): number | null {
  const sorted = Float64Array.from(counts).sort();
  const n = sorted.length;
  let sum = 0;
  let weighted = 0;
  sorted.forEach((count, i) => {
    sum += count;
    weighted += (2 * (i + 1) - n - 1) * count;
  });
  return sum > 0 ? weighted / (n * sum) : null;
}

/** Share of the things that were shown at least once; null where there are none. */
export function coverageOf(counts: ArrayLike<number>): number | null {
  let shown = 0;
  for (let i = 0; i < counts.length; i++) if ((counts[i] as number) > 0) shown++;
  return counts.length > 0 ? shown / counts.length : null;
}

/**
 * How much of a list two members have in common on average: over all pairs of members, titles shown to both, divided by the
 * mean number of titles per member. sum_i c_i (c_i - 1) / (m (m - 1)) over the mean, so no pair is looked at.
 * @param membersOf members each title was shown to, each counted once per title.
 * @param members members that were shown anything.
 * @returns in [0, 1] for lists of equal length; null for fewer than two members.
 */
export function overlapOf(membersOf: ArrayLike<number>, members: number): number | null {
  let pairs = 0;
  let shown = 0;
  for (let i = 0; i < membersOf.length; i++) {
    const count = membersOf[i] as number;
    shown += count;
    pairs += count * (count - 1);
  }
  return members > 1 && shown > 0 ? pairs / (members * (members - 1)) / (shown / members) : null;
}

/** Bits of surprise of a title that `count` of `members` know: -log2((count + 0.5) / (members + 1)). */
export const surpriseOf = (count: number, members: number): number =>
  -Math.log2((count + 0.5) / (members + 1));
