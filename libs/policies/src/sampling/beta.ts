import type { Rng } from '#experiments';

/**
 * Gamma(shape, 1) draw: Marsaglia and Tsang (2000); shapes below 1 by the power of a uniform.
 * @param shape > 0.
 */
export function drawGamma(shape: number, rng: Rng): number {
  if (shape < 1) return drawGamma(shape + 1, rng) * (1 - rng.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = 1 - rng.uniform();
    // A cheap bound below the exact test: accepts what that would accept, mostly without logarithms.
    if (u < 1 - 0.0331 * x * x * x * x) return d * v;
    if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Beta(alpha, beta) draw as a ratio of Gammas. @param alpha, beta > 0. */
export function drawBeta(alpha: number, beta: number, rng: Rng): number {
  const a = drawGamma(alpha, rng);
  const b = drawGamma(beta, rng);
  return a + b > 0 ? a / (a + b) : alpha / (alpha + beta);
}
