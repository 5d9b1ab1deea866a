import type { EffectScale } from '../inference/effect.js';
import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { OutcomeReason } from '../inference/outcome.js';
import type { MetricDefinition, Moments } from '../contract.js';
import type { Contrast } from '../contrast.js';
import { isRatio } from '../kinds.js';
import { dot } from '../linear/vectors.js';
import { areUsable, merge, mergeAll } from '../moments.js';

const { abs, max, sign, sqrt } = Math;

/** Rounding error of a sum of squares as a share of its parts. */
const ROUNDING = 4 * Number.EPSILON;

/** The units of one stratum (a group fixed before exposure, e.g. country or plan), as moments of each arm. */
export interface Stratum {
  readonly control: Moments;
  readonly treatment: Moments;
}

export interface StratifiedEffect {
  /** Treatment minus control, or its share of the absolute control value. */
  readonly estimate: number;
  readonly standardError: number;
  /** Strata left after those that cannot stand alone were merged into the largest. */
  readonly strata: number;
}

/** What one stratum contributes: numbers whose weighted sums over the strata make the estimate. */
interface Cell {
  readonly n: number;
  readonly values: readonly number[];
  /** Covariance matrix of the values, row by row. */
  readonly covariance: readonly number[];
}

/** The estimate as a function of the weighted sums with its derivatives, or why there is none. */
type EstimateOf = (
  sums: readonly number[],
) => { readonly value: number; readonly gradient: readonly number[] } | OutcomeReason;

type Viable = (stratum: Stratum) => boolean;

const sizeOf = ({ control, treatment }: Stratum): number => control.n + treatment.n;

const hasSpread = ({ n, mean, comoment }: Moments): boolean =>
  n >= 2 && comoment[0] > n * (ROUNDING * mean[0]) ** 2;

const bothSpread: Viable = ({ control, treatment }) => hasSpread(control) && hasSpread(treatment);

const bothSized: Viable = ({ control, treatment }) => control.n >= 2 && treatment.n >= 2;

const join = (a: Stratum, b: Stratum): Stratum => ({
  control: merge(a.control, b.control),
  treatment: merge(a.treatment, b.treatment),
});

/**
 * Strata that cannot stand alone are merged into the largest; should that one lack units itself, the next
 * largest joins it. null where even all units together are too few.
 */
function mergeStrata(strata: readonly Stratum[], viable: Viable): Stratum[] | null {
  const [largest, ...others] = strata
    .filter((stratum) => sizeOf(stratum) > 0)
    .sort((a, b) => sizeOf(b) - sizeOf(a));
  if (!largest) return null;
  const alone = others.filter(viable);
  let pool = others.filter((stratum) => !viable(stratum)).reduce(join, largest);
  while (!bothSized(pool)) {
    const next = alone.shift();
    if (!next) return null;
    pool = join(pool, next);
  }
  return [pool, ...alone];
}

/**
 * The estimate and its variance by the delta method when the weights n_k / n are themselves multinomial:
 * gradient' (A (diag(nu) - nu nu') A' / n + sum nu_k^2 Cov_k) gradient.
 */
function combine(cells: readonly Cell[], estimateOf: EstimateOf): Computed<StratifiedEffect> {
  const sums = weightedSums(cells);
  const estimate = estimateOf(sums);
  if (typeof estimate === 'string') return notComputed(estimate);
  const { value, gradient } = estimate;
  const { variance, parts } = covarianceOf(cells, sums, gradient, gradient);
  if (!(variance > ROUNDING * parts)) return notComputed('zero_variance');
  return computed({ estimate: value, standardError: sqrt(variance), strata: cells.length });
}

function weightedSums(cells: readonly Cell[]): number[] {
  const n = cells.reduce((sum, cell) => sum + cell.n, 0);
  return (cells[0] as Cell).values.map((_, i) =>
    cells.reduce((sum, cell) => sum + (cell.n / n) * (cell.values[i] as number), 0),
  );
}

/** Covariance of two functions of the weighted sums by their gradients, and the size of what it is the sum of. */
function covarianceOf(
  cells: readonly Cell[],
  sums: readonly number[],
  g: readonly number[],
  h: readonly number[],
): { readonly variance: number; readonly parts: number } {
  const n = cells.reduce((sum, cell) => sum + cell.n, 0);
  let variance = 0;
  let parts = 0;
  for (const cell of cells) {
    const share = cell.n / n;
    const between = (share * (dot(cell.values, g) - dot(sums, g)) * (dot(cell.values, h) - dot(sums, h))) / n;
    variance += between;
    parts += abs(between);
    cell.covariance.forEach((each, k) => {
      const row = Math.floor(k / g.length);
      const term = share * share * each * (g[row] as number) * (h[k % g.length] as number);
      variance += term;
      parts += abs(term);
    });
  }
  return { variance, parts };
}

function meanCell({ control, treatment }: Stratum): Cell {
  const vc = control.comoment[0] / (control.n - 1) / control.n;
  const vt = treatment.comoment[0] / (treatment.n - 1) / treatment.n;
  return {
    n: control.n + treatment.n,
    values: [control.mean[0], treatment.mean[0] - control.mean[0]],
    covariance: [vc, -vc, -vc, vc + vt],
  };
}

/** The cell with the outcome adjusted by one slope for both arms; equal residual variance in both. */
function cupedCell(stratum: Stratum): Cell {
  const { control, treatment } = stratum;
  const pooled = merge(control, treatment);
  const xx = control.comoment[2] + treatment.comoment[2];
  const noise = pooled.n * (ROUNDING * max(abs(control.mean[2]), abs(treatment.mean[2]))) ** 2;
  if (xx <= noise || pooled.n < 4) return meanCell(stratum);
  const { n } = pooled;
  const yx = control.comoment[4] + treatment.comoment[4];
  const slope = yx / xx;
  const residual = max(0, control.comoment[0] + treatment.comoment[0] - slope * yx) / (n - 3);
  const dx = treatment.mean[2] - control.mean[2];
  const shift = pooled.mean[2] - control.mean[2];
  const baseline = control.mean[0] + slope * shift;
  const covariateVariance = pooled.comoment[2] / (n - 1) / n;
  const vc =
    residual * (1 / control.n + (shift * shift) / xx) + (slope * slope + residual / xx) * covariateVariance;
  const ve = residual * (1 / control.n + 1 / treatment.n + (dx * dx) / xx);
  const ce = -residual * (1 / control.n + (dx * shift) / xx);
  return {
    n,
    values: [baseline, treatment.mean[0] - control.mean[0] - slope * dx],
    covariance: [vc, ce, ce, ve],
  };
}

function differenceOf(scale: EffectScale): EstimateOf {
  return ([baseline = 0, effect = 0]) => {
    if (scale === 'absolute') return { value: effect, gradient: [0, 1] };
    if (baseline === 0) return 'zero_baseline';
    const value = effect / abs(baseline);
    return { value, gradient: [-value / baseline, 1 / abs(baseline)] };
  };
}

function stratified(
  strata: readonly Stratum[],
  viable: Viable,
  cellOf: (stratum: Stratum) => Cell,
  estimateOf: EstimateOf,
): Computed<StratifiedEffect> {
  if (!strata.every(({ control, treatment }) => areUsable(control) && areUsable(treatment))) {
    return notComputed('not_finite');
  }
  const merged = mergeStrata(strata, viable);
  return merged ? combine(merged.map(cellOf), estimateOf) : notComputed('insufficient_units');
}

/**
 * Post-stratified difference (or lift) of means: effects within strata weighted by the strata's shares of all
 * units, the shares being random (Miratrix, Sekhon, Yu 2013; the variance of GrowthBook). Strata in which an arm
 * has fewer than two units or no spread are merged into the largest. Not computed: `not_finite`,
 * `insufficient_units`, `zero_variance`, `zero_baseline` (relative scale, control exactly 0).
 */
export function postStratify(strata: readonly Stratum[], scale: EffectScale): Computed<StratifiedEffect> {
  return stratified(strata, bothSpread, meanCell, differenceOf(scale));
}

/**
 * As `postStratify`, with each stratum's means adjusted for the covariate of its moments by least squares with
 * one slope (post-stratified CUPED). The mean of the covariate at which control is evaluated counts as random.
 */
export function postStratifyCuped(
  strata: readonly Stratum[],
  scale: EffectScale,
): Computed<StratifiedEffect> {
  return stratified(strata, bothSpread, cupedCell, differenceOf(scale));
}

/**
 * Post-stratified difference with weights taken as given (known shares of the population): the variance is that
 * within strata alone. Only strata in which an arm has fewer than two units are merged into the largest.
 */
export function postStratifyFixed(strata: readonly Stratum[]): Computed<StratifiedEffect> {
  if (!strata.every(({ control, treatment }) => areUsable(control) && areUsable(treatment))) {
    return notComputed('not_finite');
  }
  const merged = mergeStrata(strata, bothSized);
  if (!merged) return notComputed('insufficient_units');
  const n = merged.reduce((sum, stratum) => sum + sizeOf(stratum), 0);
  let estimate = 0;
  let variance = 0;
  for (const cell of merged.map(meanCell)) {
    const share = cell.n / n;
    estimate += share * (cell.values[1] as number);
    variance += share * share * (cell.covariance[3] as number);
  }
  if (merged.every((stratum) => !hasSpread(stratum.control) && !hasSpread(stratum.treatment))) {
    return notComputed('zero_variance');
  }
  return computed({ estimate, standardError: sqrt(variance), strata: merged.length });
}

/** Spread of the numerator around the arm's own ratio, which is what makes a ratio vary. */
function ratioSpreads({ n, mean, comoment }: Moments): boolean {
  if (n < 2 || mean[1] === 0) return false;
  const ratio = mean[0] / mean[1];
  const size = comoment[0] + ratio * ratio * comoment[1];
  return size - 2 * ratio * comoment[3] > ROUNDING * size;
}

const bothRatiosSpread: Viable = ({ control, treatment }) => ratioSpreads(control) && ratioSpreads(treatment);

function ratioCell({ control, treatment }: Stratum): Cell {
  const block = ({ n, comoment }: Moments): [number, number, number] => {
    const scale = (n - 1) * n;
    return [comoment[0] / scale, comoment[3] / scale, comoment[1] / scale];
  };
  const [tnn, tnd, tdd] = block(treatment);
  const [cnn, cnd, cdd] = block(control);
  return {
    n: control.n + treatment.n,
    values: [treatment.mean[0], treatment.mean[1], control.mean[0], control.mean[1]],
    covariance: [tnn, tnd, 0, 0, tnd, tdd, 0, 0, 0, 0, cnn, cnd, 0, 0, cnd, cdd],
  };
}

function ratioDifference(scale: EffectScale): EstimateOf {
  return ([tn = 0, td = 0, cn = 0, cd = 0]) => {
    if (td === 0 || cd === 0) return 'denominator_zero';
    const [rt, rc] = [tn / td, cn / cd];
    if (scale === 'absolute') return { value: rt - rc, gradient: [1 / td, -rt / td, -1 / cd, rc / cd] };
    if (rc === 0) return 'zero_baseline';
    // The lift is sign(rc) (rt / rc - 1): its slope along control's ratio, then the chain rule.
    const slope = (-sign(rc) * rt) / rc / rc;
    const size = abs(rc);
    return {
      value: (rt - rc) / size,
      gradient: [1 / td / size, -rt / td / size, slope / cd, (-slope * rc) / cd],
    };
  };
}

/**
 * Post-stratified difference (or lift) of ratios: numerators and denominators are weighted over the strata
 * first, then divided (delta method). Strata whose ratio does not vary in an arm, or has no denominator, are
 * merged into the largest. Not computed also for `denominator_zero`: an arm without any denominator.
 */
export function postStratifyRatio(
  strata: readonly Stratum[],
  scale: EffectScale,
): Computed<StratifiedEffect> {
  return stratified(strata, bothRatiosSpread, ratioCell, ratioDifference(scale));
}

interface Shape {
  readonly viable: Viable;
  readonly cell: (stratum: Stratum) => Cell;
  readonly estimate: EstimateOf;
  /** Control's value. */
  readonly baseline: (sums: readonly number[]) => {
    readonly value: number;
    readonly gradient: readonly number[];
  };
}

const MEANS: Shape = {
  viable: bothSpread,
  cell: meanCell,
  estimate: differenceOf('absolute'),
  baseline: ([mean = 0]) => ({ value: mean, gradient: [1, 0] }),
};

const ADJUSTED_MEANS: Shape = { ...MEANS, cell: cupedCell };

const RATIOS: Shape = {
  viable: bothRatiosSpread,
  cell: ratioCell,
  estimate: ratioDifference('absolute'),
  baseline: ([, , cn = 0, cd = 1]) => ({ value: cn / cd, gradient: [0, 0, 1 / cd, -cn / cd / cd] }),
};

/**
 * What an estimator needs of a post-stratified difference, with the stratified value of control as its baseline: means,
 * with `covariate` adjusted within the strata (`postStratifyCuped`), or ratios. Normal theory: degrees of freedom are the
 * units less two per stratum. Reasons as the functions above.
 */
export function postStratifiedContrast(
  strata: readonly Stratum[],
  kind: MetricDefinition['kind'],
  covariate: boolean,
): Computed<Contrast> {
  if (!strata.every(({ control, treatment }) => areUsable(control) && areUsable(treatment)))
    return notComputed('not_finite');
  const shape = isRatio(kind) ? RATIOS : covariate ? ADJUSTED_MEANS : MEANS;
  const merged = mergeStrata(strata, shape.viable);
  if (!merged) return notComputed('insufficient_units');
  const cells = merged.map(shape.cell);
  const sums = weightedSums(cells);
  const estimate = shape.estimate(sums);
  if (typeof estimate === 'string') return notComputed(estimate);
  const { value, gradient } = estimate;
  const { variance, parts } = covarianceOf(cells, sums, gradient, gradient);
  if (!(variance > ROUNDING * parts)) return notComputed('zero_variance');
  const baseline = shape.baseline(sums);
  const own = baseline.gradient;
  const control = mergeAll(strata.map((stratum) => stratum.control));
  const treatment = mergeAll(strata.map((stratum) => stratum.treatment));
  return computed({
    estimate: value,
    standardError: sqrt(variance),
    df: max(1, control.n + treatment.n - 2 * merged.length),
    baseline: baseline.value,
    baselineVariance: max(0, covarianceOf(cells, sums, own, own).variance),
    covariance: covarianceOf(cells, sums, gradient, own).variance,
    theta: 0,
    adjusted: true,
    control: { n: control.n, mean: baseline.value },
    treatment: { n: treatment.n, mean: baseline.value + value },
  });
}
