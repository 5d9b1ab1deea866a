import { contrast } from '../contrast.js';
import type { Moments } from '../contract.js';
import type { Outcome } from '../inference/outcome.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import { studentLaw, waldTest } from '../inference/wald.js';
import type { TestOptions, WaldTest } from '../inference/wald.js';

/**
 * Student's (1908) t test of a difference of means with one variance for both arms, df = na + nb - 2. For
 * comparison with other software; Welch's test is right without assuming that the variances agree.
 * Undefined: `insufficient_units` (an arm below two units), `zero_variance` (both arms constant), `not_finite`.
 */
export function pooledTTest(
  control: Moments,
  treatment: Moments,
  options: TestOptions & { readonly nullValue?: number },
): Outcome<WaldTest & { readonly df: number }> {
  if (!isProbability(options.alpha)) return undefinedBecause('invalid_alpha');
  const plain = contrast(control, treatment, { kind: 'mean', adjust: false });
  if (!plain.ok) return undefinedBecause(plain.reason);
  const df = control.n + treatment.n - 2;
  const variance = (control.comoment[0] + treatment.comoment[0]) / df;
  const standardError = Math.sqrt(variance * (1 / control.n + 1 / treatment.n));
  if (!Number.isFinite(standardError)) return undefinedBecause('not_finite');
  return { status: 'ok', ...waldTest(plain.contrast.estimate, standardError, studentLaw(df), options), df };
}
