/** Corrections for many tests. Family-wise: bonferroni, sidak, holm, holm_sidak, hochberg, hommel; false discoveries: fdr_bh, fdr_by. */
export type MultiplicityMethod =
  'bonferroni' | 'sidak' | 'holm' | 'holm_sidak' | 'hochberg' | 'hommel' | 'fdr_bh' | 'fdr_by';

type Adjust = (ascending: readonly number[]) => number[];

/** 1 - (1 - p)^m without losing tiny p. */
function sidak(p: number, m: number): number {
  return -Math.expm1(m * Math.log1p(-p));
}

/** Running maximum from the smallest p up (step-down) of p_i times its factor. */
function stepDown(scale: (p: number, remaining: number) => number): Adjust {
  return (sorted) => {
    let highest = 0;
    return sorted.map((p, i) => (highest = Math.max(highest, scale(p, sorted.length - i))));
  };
}

/** Running minimum from the largest p down (step-up) of p_i times its factor. */
function stepUp(factor: (rank: number, m: number) => number): Adjust {
  return (sorted) => {
    const adjusted = new Array<number>(sorted.length);
    let lowest = 1;
    for (let i = sorted.length - 1; i >= 0; i--) {
      lowest = Math.min(lowest, (sorted[i] as number) * factor(i + 1, sorted.length));
      adjusted[i] = lowest;
    }
    return adjusted;
  };
}

function harmonic(m: number): number {
  let sum = 0;
  for (let i = 1; i <= m; i++) sum += 1 / i;
  return sum;
}

/** Hommel (1988) in the algorithm of Wright (1992). */
function hommel(sorted: readonly number[]): number[] {
  const m = sorted.length;
  if (m === 0) return [];
  const at = (i: number): number => sorted[i] as number;
  const adjusted = new Array<number>(m).fill(Math.min(...sorted.map((p, i) => (m * p) / (i + 1))));
  for (let size = m - 1; size >= 2; size--) {
    const first = m - size + 1;
    let common = Infinity;
    for (let j = 2; j <= size; j++) common = Math.min(common, (size * at(first + j - 2)) / j);
    for (let i = 0; i < m; i++) {
      const bound = i < first ? Math.min(common, size * at(i)) : common;
      adjusted[i] = Math.max(adjusted[i] as number, bound);
    }
  }
  return adjusted.map((p, i) => Math.max(p, at(i)));
}

const METHODS: Record<MultiplicityMethod, Adjust> = {
  bonferroni: (sorted) => sorted.map((p) => p * sorted.length),
  sidak: (sorted) => sorted.map((p) => sidak(p, sorted.length)),
  holm: stepDown((p, remaining) => p * remaining),
  holm_sidak: stepDown(sidak),
  hochberg: stepUp((rank, m) => m - rank + 1),
  hommel,
  fdr_bh: stepUp((rank, m) => m / rank),
  fdr_by: stepUp((rank, m) => (m / rank) * harmonic(m)),
};

/**
 * Adjusted p-values in the order given; null (no p-value) stays null and does not count.
 * Refs: Holm 1979; Hochberg 1988; Hommel 1988; Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001.
 */
export function adjustPValues(
  pValues: readonly (number | null)[],
  method: MultiplicityMethod,
): (number | null)[] {
  const known = pValues
    .map((p, index) => ({ p, index }))
    .filter((entry): entry is { p: number; index: number } => entry.p !== null)
    .sort((a, b) => a.p - b.p);
  const adjusted = METHODS[method](known.map(({ p }) => p));
  const result: (number | null)[] = pValues.map(() => null);
  known.forEach(({ index }, i) => {
    result[index] = Math.min(1, adjusted[i] as number);
  });
  return result;
}
