import { hypergeometricLaw } from '../distributions/index.js';
import { exactLogP } from '../inference/exact.js';
import type { Outcome } from '../inference/outcome.js';
import { undefinedBecause } from '../inference/outcome.js';
import type { Alternative } from '../inference/wald.js';
import type { Counts } from './counts.js';
import { problemOf } from './counts.js';

/**
 * Fisher's (1935) exact test of equal shares, conditional on all margins. Two-sided: the total probability of
 * the tables at most as likely as the observed one. Without any success or any failure p is 1.
 * Undefined: `insufficient_units` (an empty arm), `invalid_counts`.
 */
export function fisherExactTest(
  control: Counts,
  treatment: Counts,
  alternative: Alternative = 'two-sided',
): Outcome<{ readonly pValue: number; readonly logPValue: number }> {
  const problem = problemOf([control, treatment]);
  if (problem) return undefinedBecause(problem);
  const observed = treatment.successes;
  const law = hypergeometricLaw(treatment.n, control.n, control.successes + observed);
  const logP = exactLogP(law, observed, alternative);
  return { status: 'ok', pValue: Math.exp(logP), logPValue: logP };
}
