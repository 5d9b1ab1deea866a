import { normalLaw, studentLaw, waldTest } from '../inference/wald.js';
import type { Alternative, SymmetricLaw, WaldTest } from '../inference/wald.js';

export type WaldLaw = SymmetricLaw;
export const NORMAL: WaldLaw = normalLaw;
export const tLaw = studentLaw;

export interface WaldResult {
  readonly estimate: number;
  readonly se: number;
  readonly statistic: number;
  readonly p_value: number;
  readonly ci_lower: number;
  readonly ci_upper: number;
}

/** A test in the keys of the files. */
export function waldKeys(test: WaldTest): WaldResult {
  return {
    estimate: test.estimate,
    se: test.standardError,
    statistic: test.statistic,
    p_value: test.pValue,
    ci_lower: test.lower,
    ci_upper: test.upper,
  };
}

/** Test and interval of an estimate with standard error; the interval is not shifted by the null value. */
export function wald(
  estimate: number,
  se: number,
  law: WaldLaw,
  options: { alpha: number; alternative: Alternative; null_value?: number },
): WaldResult {
  const { alpha, alternative, null_value: nullValue = 0 } = options;
  return waldKeys(waldTest(estimate, se, law, { alpha, alternative, nullValue }));
}
