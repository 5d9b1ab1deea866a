/** How much of each value (of a genre, say) a list holds; not normalised, so that mixes add up. */
export type Mix = ReadonlyMap<string, number>;

/** Adds a title to a mix: one unit, shared among its values; a title without values adds nothing. */
export function addToMix(mix: Map<string, number>, values: readonly string[]): void {
  for (const value of values) mix.set(value, (mix.get(value) ?? 0) + 1 / values.length);
}

const totalOf = (mix: Mix): number => {
  let total = 0;
  for (const weight of mix.values()) total += weight;
  return total;
};

/** Shannon entropy of a mix in bits: 0 for one value, log2(n) for n alike. null for an empty one. */
export function entropyOf(mix: Mix): number | null {
  const total = totalOf(mix);
  if (!(total > 0)) return null;
  let bits = 0;
  for (const weight of mix.values()) if (weight > 0) bits -= (weight / total) * Math.log2(weight / total);
  return Math.max(0, bits);
}

/**
 * Jensen-Shannon divergence of two mixes in bits (Lin 1991): 0 for equal shares, 1 for nothing in common.
 * null where one is empty.
 */
export function divergenceOf(a: Mix, b: Mix): number | null {
  const [ofA, ofB] = [totalOf(a), totalOf(b)];
  if (!(ofA > 0 && ofB > 0)) return null;
  let sum = 0;
  for (const value of new Set([...a.keys(), ...b.keys()])) {
    const p = (a.get(value) ?? 0) / ofA;
    const q = (b.get(value) ?? 0) / ofB;
    const middle = (p + q) / 2;
    if (p > 0) sum += (p * Math.log2(p / middle)) / 2;
    if (q > 0) sum += (q * Math.log2(q / middle)) / 2;
  }
  return Math.min(1, Math.max(0, sum));
}

/**
 * Intra-list distance: mean over the pairs of a list of 1 - Jaccard similarity of their values (Ziegler and others 2005);
 * two titles without values are at distance 1. null for fewer than two titles.
 */
export function intraListDistance(list: readonly ReadonlySet<string>[]): number | null {
  if (list.length < 2) return null;
  let sum = 0;
  list.forEach((a, i) => {
    for (let j = 0; j < i; j++) sum += distance(a, list[j] as ReadonlySet<string>);
  });
  return sum / ((list.length * (list.length - 1)) / 2);
}

function distance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const value of a) if (b.has(value)) common++;
  return common === 0 ? 1 : 1 - common / (a.size + b.size - common);
}
