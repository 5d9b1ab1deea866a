/** Pivots below this share of the variable's own variance: it is a combination of those before it. */
const COLLINEAR = 1e-10;

/**
 * Solves S b = c for a symmetric positive semidefinite S by Cholesky's method on the correlation scale, so that
 * units of measurement do not matter. A variable without variance, or that depends on those before it, gets 0.
 * @param s matrix of size c.length, row by row (co-moments). @param c right-hand side.
 */
export function solveSymmetric(s: Float64Array, c: Float64Array): Float64Array {
  const size = c.length;
  const scale = Float64Array.from(c, (_, i) => Math.sqrt(Math.max(0, s[i * size + i] as number)));
  const factor = new Float64Array(size * size);
  const kept: number[] = [];
  const solution = new Float64Array(size);
  const at = (i: number, j: number): number => factor[i * size + j] as number;
  for (let i = 0; i < size; i++) {
    const si = scale[i] as number;
    if (!(si > 0)) continue;
    let pivot = 1;
    let rest = (c[i] as number) / si;
    for (const j of kept) {
      let entry = (s[i * size + j] as number) / si / (scale[j] as number);
      for (const k of kept) {
        if (k >= j) break;
        entry -= at(i, k) * at(j, k);
      }
      entry /= at(j, j);
      factor[i * size + j] = entry;
      pivot -= entry * entry;
      rest -= entry * (solution[j] as number);
    }
    if (!(pivot > COLLINEAR)) continue;
    factor[i * size + i] = Math.sqrt(pivot);
    solution[i] = rest / at(i, i);
    kept.push(i);
  }
  for (const i of [...kept].reverse()) {
    let value = solution[i] as number;
    for (const j of kept) if (j > i) value -= at(j, i) * (solution[j] as number);
    solution[i] = value / at(i, i);
  }
  return kept.reduce((b, i) => {
    b[i] = (solution[i] as number) / (scale[i] as number);
    return b;
  }, new Float64Array(size));
}
