import { normalLogSf, normalQuantile, studentTLogSf, studentTQuantile } from '../distributions/index.js';
import type { Alternative } from './inputs.js';

/** A law by its upper tail (as logarithm) and quantile. */
export interface WaldLaw {
  logSf(z: number): number;
  quantile(p: number): number;
}

export const NORMAL: WaldLaw = { logSf: normalLogSf, quantile: normalQuantile };

export function tLaw(df: number): WaldLaw {
  return { logSf: (t) => studentTLogSf(t, df), quantile: (p) => studentTQuantile(p, df) };
}

export interface WaldResult {
  readonly estimate: number;
  readonly se: number;
  readonly statistic: number;
  readonly p_value: number;
  readonly ci_lower: number;
  readonly ci_upper: number;
}

/** Test and interval of an estimate with standard error; the interval is not shifted by the null value. */
export function wald(
  estimate: number,
  se: number,
  law: WaldLaw,
  options: { alpha: number; alternative: Alternative; null_value?: number },
): WaldResult {
  const statistic = (estimate - (options.null_value ?? 0)) / se;
  const shared = { estimate, se, statistic };
  if (options.alternative === 'greater') {
    const q = law.quantile(1 - options.alpha);
    return {
      ...shared,
      p_value: Math.exp(law.logSf(statistic)),
      ci_lower: estimate - q * se,
      ci_upper: Infinity,
    };
  }
  if (options.alternative === 'less') {
    const q = law.quantile(1 - options.alpha);
    return {
      ...shared,
      p_value: Math.exp(law.logSf(-statistic)),
      ci_lower: -Infinity,
      ci_upper: estimate + q * se,
    };
  }
  const q = law.quantile(1 - options.alpha / 2);
  const p = Math.min(1, 2 * Math.exp(law.logSf(Math.abs(statistic))));
  return { ...shared, p_value: p, ci_lower: estimate - q * se, ci_upper: estimate + q * se };
}
