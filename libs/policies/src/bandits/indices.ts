/** Upper confidence bounds of index policies, and the divergence that KL-UCB and the stopping rule share. */

/** mean + sqrt(c ln t / n): Auer, Cesa-Bianchi, Fischer (2002) with c = 2. */
export function ucb1Index(mean: number, n: number, logTime: number, c: number): number {
  return mean + Math.sqrt((c * logTime) / n);
}

/** Kullback-Leibler divergence of Bernoulli(q) from Bernoulli(p), both in [0, 1]; infinite where q rules p out. */
export function bernoulliKl(p: number, q: number): number {
  const win = p <= 0 ? 0 : q <= 0 ? Infinity : p * Math.log(p / q);
  const lose = p >= 1 ? 0 : q >= 1 ? Infinity : (1 - p) * Math.log((1 - p) / (1 - q));
  return Math.max(0, win + lose);
}

const TOLERANCE = 1e-10;

/**
 * KL-UCB (Garivier and Cappe 2011): the largest q with n kl(mean, q) <= logTime. Newton's method: kl is convex in q,
 * so from any start above the mean the steps come down to the root from the right.
 * @param mean in [0, 1].
 * @param start where to begin, e.g. the bound of the round before; the answer does not depend on it.
 */
export function klUcbIndex(mean: number, n: number, logTime: number, start = 0): number {
  const level = logTime / n;
  if (mean >= 1 || level <= 0) return Math.min(1, mean);
  if (mean <= 0) return -Math.expm1(-level);
  const own = mean * Math.log(mean) + (1 - mean) * Math.log1p(-mean);
  // Close to 1 the first term of the divergence is a constant, and the rest can be solved for q.
  const nearOne = (own - level) / (1 - mean);
  if (nearOne < -30) return 1 - Math.exp(nearOne);
  // Pinsker: kl >= 2 (q - mean)^2, so the root lies below this, as 1 does where exp(-level) rounds to 0.
  let q = start > mean && start < 1 ? start : Math.min(mean + Math.sqrt(level / 2), 0.5 * (1 + mean));
  for (let step = 0; step < 60; step++) {
    const gap = own - mean * Math.log(q) - (1 - mean) * Math.log1p(-q) - level;
    const slope = (q - mean) / (q * (1 - q));
    let next = q - gap / slope;
    // A step from the left of the root may leave the interval; half of the way to 1 does not.
    if (next >= 1) next = 0.5 * (1 + q);
    if (next <= mean) next = 0.5 * (q + mean);
    const move = Math.abs(next - q);
    q = next;
    if (move < TOLERANCE) break;
  }
  return q;
}
