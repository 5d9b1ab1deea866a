import { normalLogSf, normalQuantile, studentTLogSf, studentTQuantile } from '../distributions/index.js';

/** `greater`: treatment above control. */
export type Alternative = 'two-sided' | 'greater' | 'less';

/** A law that is symmetric around 0, by the logarithm of its upper tail and its quantile. */
export interface SymmetricLaw {
  logSf(z: number): number;
  quantile(p: number): number;
}

export const normalLaw: SymmetricLaw = { logSf: normalLogSf, quantile: normalQuantile };

/** Student's t with `df` degrees of freedom. */
export function studentLaw(df: number): SymmetricLaw {
  return { logSf: (t) => studentTLogSf(t, df), quantile: (p) => studentTQuantile(p, df) };
}

export interface TestOptions {
  /** Total error: of both sides of a two-sided interval, of the one side otherwise. In (0, 1). */
  readonly alpha: number;
  /** Default two-sided. */
  readonly alternative?: Alternative;
}

/** Standard errors between the estimate and an end of the interval. */
export function criticalValue(law: SymmetricLaw, { alpha, alternative = 'two-sided' }: TestOptions): number {
  // From the lower tail: 1 - alpha would lose the digits of a small alpha.
  return -law.quantile(alternative === 'two-sided' ? alpha / 2 : alpha);
}

/** Logarithm of the p-value at `statistic` standard errors. */
export function logPValue(law: SymmetricLaw, statistic: number, alternative: Alternative): number {
  if (alternative === 'greater') return law.logSf(statistic);
  if (alternative === 'less') return law.logSf(-statistic);
  return Math.min(0, law.logSf(Math.abs(statistic)) + Math.LN2);
}

export interface WaldTest {
  readonly estimate: number;
  readonly standardError: number;
  readonly statistic: number;
  readonly pValue: number;
  /** Natural logarithm of the p-value, for those that underflow. */
  readonly logPValue: number;
  /** Infinite on the open side of a one-sided interval. */
  readonly lower: number;
  readonly upper: number;
}

/**
 * Test of estimate = `nullValue` (default 0) and the interval that is dual to it; the interval is for the
 * estimate and does not shift with the null value. `standardError` must be positive.
 */
export function waldTest(
  estimate: number,
  standardError: number,
  law: SymmetricLaw,
  options: TestOptions & { readonly nullValue?: number },
): WaldTest {
  const alternative = options.alternative ?? 'two-sided';
  const statistic = (estimate - (options.nullValue ?? 0)) / standardError;
  const half = criticalValue(law, options) * standardError;
  const logP = logPValue(law, statistic, alternative);
  return {
    estimate,
    standardError,
    statistic,
    pValue: Math.exp(logP),
    logPValue: logP,
    lower: alternative === 'less' ? -Infinity : estimate - half,
    upper: alternative === 'greater' ? Infinity : estimate + half,
  };
}
