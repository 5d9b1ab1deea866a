import { binomialLaw, discreteQuantile, discreteUpperQuantile } from '#metrics';

/** Probability that a method exactly as good as it claims leaves its band by chance. */
const CHANCE = 0.001;

/** What an observed number may be; null: no limit on that side. */
export interface Band {
  readonly lower: number | null;
  readonly upper: number | null;
}

export function isInside(band: Band, observed: number): boolean {
  return (
    Number.isFinite(observed) &&
    (band.lower === null || observed >= band.lower) &&
    (band.upper === null || observed <= band.upper)
  );
}

/** Shares of n runs that hold 99.9 % of what a true probability p gives, two-sided, exact binomial. */
export function bandOf(n: number, p: number): { readonly lower: number; readonly upper: number } {
  const law = binomialLaw(n, p);
  return {
    lower: discreteQuantile(law, CHANCE / 2) / n,
    upper: discreteUpperQuantile(law, CHANCE / 2) / n,
  };
}

/** Largest share of n runs that a probability of at most p gives with 99.9 %, one-sided. */
export function upperLimit(n: number, p: number): number {
  return discreteUpperQuantile(binomialLaw(n, p), CHANCE) / n;
}

/** Smallest share of n runs that a probability of at least p gives with 99.9 %, one-sided. */
export function lowerLimit(n: number, p: number): number {
  return discreteQuantile(binomialLaw(n, p), CHANCE) / n;
}
