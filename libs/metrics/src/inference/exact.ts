import { minimumLikelihoodLogP } from '../distributions/index.js';
import type { DiscreteLaw } from '../distributions/index.js';
import type { Alternative } from './wald.js';

/** Logarithm of the exact p-value of a count under its law; two-sided by minimum likelihood. */
export function exactLogP(law: DiscreteLaw, observed: number, alternative: Alternative): number {
  if (alternative === 'greater') return law.logUpper(observed);
  if (alternative === 'less') return law.logLower(observed);
  return minimumLikelihoodLogP(law, observed);
}
