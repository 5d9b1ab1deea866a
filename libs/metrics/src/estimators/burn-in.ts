import type { EstimateOptions, Moments } from '../contract.js';

const { min } = Math;

export const MIN_UNITS_PER_ARM = 100;
export const MIN_NON_ZERO_UNITS = 5;

/**
 * Units with something in them. Where they were not counted: (sum y)^2 / sum y^2, which never exceeds the
 * count of non-zero units when no value is negative (Cauchy-Schwarz).
 */
export function nonZeroUnits(m: Moments): number {
  if (m.nonZero !== undefined) return m.nonZero;
  const squares = m.comoment[0] + m.n * m.mean[0] ** 2;
  return squares > 0 ? (m.n * m.mean[0]) ** 2 / squares : 0;
}

/** The plug-in variance means nothing before this; methods that may be read at any time start here. */
export function inBurnIn(control: Moments, treatment: Moments, kind: EstimateOptions['kind']): boolean {
  if (min(control.n, treatment.n) < MIN_UNITS_PER_ARM) return true;
  if (kind === 'proportion' || kind === 'retention') {
    const hits = control.n * control.mean[0] + treatment.n * treatment.mean[0];
    // Half a unit of slack for the rounding of n times mean.
    return min(hits, control.n + treatment.n - hits) < MIN_NON_ZERO_UNITS - 0.5;
  }
  return nonZeroUnits(control) + nonZeroUnits(treatment) < MIN_NON_ZERO_UNITS;
}
