import { DomainError } from '#experiments';
import type { Moments } from './contract.js';

const { isFinite } = Number;

export const EMPTY_MOMENTS: Moments = { n: 0, mean: [0, 0, 0], comoment: [0, 0, 0, 0, 0, 0], nonZero: 0 };

/** Rounding error of a plain sum of n equal terms, relative to it: the roundings do not even out. */
const sumRounding = (n: number): number => (4 + n / 2) * Number.EPSILON;

/** Largest count that a double holds exactly. */
const MAX_COUNT = 2 ** 53;

type Values = ArrayLike<number>;

/**
 * Moments of one arm from one value per unit, in two passes (mean first, then deviations), so that data with
 * a large offset keep their variance (Chan, Golub, LeVeque 1983).
 * @param y numerator per unit; @param d denominator per unit (ratio metrics), default 1 for every unit;
 * @param x pre-period covariate per unit, default 0. All the same length, all finite.
 * @throws DomainError `invalid_values` naming the first value that is not finite, or unequal lengths.
 */
export function fromValues(y: Values, d?: Values, x?: Values): Moments {
  const n = y.length;
  requireLength('denominator', d, n);
  requireLength('covariate', x, n);
  if (n === 0) return EMPTY_MOMENTS;
  let nonZero = 0;
  for (let i = 0; i < n; i++) if (at(y, i, 'numerator') !== 0) nonZero++;
  const my = meanOf(y, 'numerator');
  const md = d ? meanOf(d, 'denominator') : 1;
  const mx = x ? meanOf(x, 'covariate') : 0;
  const c: [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const ey = (y[i] as number) - my;
    const ed = d ? (d[i] as number) - md : 0;
    const ex = x ? (x[i] as number) - mx : 0;
    c[0] += ey * ey;
    c[1] += ed * ed;
    c[2] += ex * ex;
    c[3] += ey * ed;
    c[4] += ey * ex;
    c[5] += ed * ex;
  }
  return { n, mean: [my, md, mx], comoment: c, nonZero };
}

function requireLength(name: string, values: Values | undefined, n: number): void {
  if (values && values.length !== n) {
    throw new DomainError('invalid_values', `${name} has ${values.length} values for ${n} units`);
  }
}

function at(values: Values, i: number, name: string): number {
  const value = values[i] as number;
  if (!Number.isFinite(value))
    throw new DomainError('invalid_values', `${name}: value ${i} is not a finite number`);
  return value;
}

/** Mean with one correction pass: the first mean's rounding error is averaged out of the deviations. */
function meanOf(values: Values, name: string): number {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += at(values, i, name);
  const rough = sum / n;
  let rest = 0;
  for (let i = 0; i < n; i++) rest += (values[i] as number) - rough;
  return rough + rest / n;
}

/** Moments of a share: `successes` of `n` units. */
export function fromCounts(n: number, successes: number): Moments {
  requireCount('n', n);
  requireCount('successes', successes);
  if (successes > n) throw new DomainError('invalid_moments', `successes (${successes}) exceed n (${n})`);
  if (n === 0) return EMPTY_MOMENTS;
  const p = successes / n;
  return { n, mean: [p, 1, 0], comoment: [successes * (1 - p), 0, 0, 0, 0, 0], nonZero: successes };
}

/** Moments of a mean: `variance` is the sample variance (divisor n - 1). */
export function fromSummary(n: number, mean: number, variance: number): Moments {
  requireCount('n', n);
  requireFinite('mean', mean);
  if (!(variance >= 0) || !Number.isFinite(variance)) {
    throw new DomainError(
      'invalid_moments',
      `variance must be a finite number of at least 0, got ${variance}`,
    );
  }
  if (n === 0) return EMPTY_MOMENTS;
  return { n, mean: [mean, 1, 0], comoment: [variance * (n - 1), 0, 0, 0, 0, 0] };
}

/** Sums over the units of an arm, as other systems keep them. Absent sums: no denominator, no covariate. */
export interface RawSums {
  readonly n: number;
  readonly sum: number;
  readonly sumSquares: number;
  readonly denominator?: { readonly sum: number; readonly sumSquares: number; readonly crossSum: number };
  readonly covariate?: {
    readonly sum: number;
    readonly sumSquares: number;
    readonly crossSum: number;
    /** Sum of denominator times covariate; needed when both are given. */
    readonly denominatorCrossSum?: number;
  };
  readonly nonZero?: number;
}

/**
 * Moments from raw sums. Sums of squares lose the digits that a large offset takes (for values near 1e9 all
 * of them); what is no more than the rounding of the sums, as for constant data, becomes 0 with its cross products.
 * @throws DomainError `invalid_moments` for negative or unsafe counts and sums that are not finite.
 */
export function fromSums(sums: RawSums): Moments {
  const { n, sum, sumSquares, denominator, covariate } = sums;
  requireCount('n', n);
  requireFinite('sum', sum);
  requireFinite('sumSquares', sumSquares);
  const centred = (sab: number, sa: number, sb: number): number => sab - (sa / n) * sb;
  if (n === 0) return EMPTY_MOMENTS;
  const d = denominator ?? { sum: n, sumSquares: n, crossSum: sum };
  const x = covariate ?? { sum: 0, sumSquares: 0, crossSum: 0 };
  const dx = covariate && denominator ? (covariate.denominatorCrossSum ?? NaN) : x.sum;
  for (const [name, value] of Object.entries({
    ...d,
    covariateSum: x.sum,
    covariateSquares: x.sumSquares,
    covariateCross: x.crossSum,
    dx,
  })) {
    requireFinite(name, value);
  }
  const spread = (squares: number, total: number): number => {
    const centredSquares = centred(squares, total, total);
    return centredSquares <= sumRounding(n) * squares ? 0 : centredSquares;
  };
  const [yy, dd, xx] = [spread(sumSquares, sum), spread(d.sumSquares, d.sum), spread(x.sumSquares, x.sum)];
  const cross = (a: number, b: number, value: number): number => (a === 0 || b === 0 ? 0 : value);
  return {
    n,
    mean: [sum / n, d.sum / n, x.sum / n],
    comoment: [
      yy,
      dd,
      xx,
      cross(yy, dd, centred(d.crossSum, sum, d.sum)),
      cross(yy, xx, centred(x.crossSum, sum, x.sum)),
      cross(dd, xx, centred(dx, d.sum, x.sum)),
    ],
    ...(sums.nonZero === undefined ? {} : { nonZero: sums.nonZero }),
  };
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > MAX_COUNT) {
    throw new DomainError('invalid_moments', `${name} must be a whole number of at least 0, got ${value}`);
  }
}

function requireFinite(name: string, value: number): void {
  if (!Number.isFinite(value))
    throw new DomainError('invalid_moments', `${name} must be a finite number, got ${value}`);
}

/**
 * Pooled moments of two disjoint sets of units (Chan, Golub, LeVeque 1983). Associative and commutative up to
 * rounding, so parts may arrive in any order.
 */
export function merge(a: Moments, b: Moments): Moments {
  if (a.n === 0) return b;
  if (b.n === 0) return a;
  const n = a.n + b.n;
  const dy = b.mean[0] - a.mean[0];
  const dd = b.mean[1] - a.mean[1];
  const dx = b.mean[2] - a.mean[2];
  const wb = b.n / n;
  const k = a.n * wb;
  const nonZero = a.nonZero === undefined || b.nonZero === undefined ? undefined : a.nonZero + b.nonZero;
  return {
    n,
    mean: [a.mean[0] + dy * wb, a.mean[1] + dd * wb, a.mean[2] + dx * wb],
    comoment: [
      a.comoment[0] + b.comoment[0] + dy * dy * k,
      a.comoment[1] + b.comoment[1] + dd * dd * k,
      a.comoment[2] + b.comoment[2] + dx * dx * k,
      a.comoment[3] + b.comoment[3] + dy * dd * k,
      a.comoment[4] + b.comoment[4] + dy * dx * k,
      a.comoment[5] + b.comoment[5] + dd * dx * k,
    ],
    ...(nonZero === undefined ? {} : { nonZero }),
  };
}

/** `merge` over any number of parts; no parts give the empty moments. */
export function mergeAll(parts: Iterable<Moments>): Moments {
  let total = EMPTY_MOMENTS;
  for (const part of parts) total = merge(total, part);
  return total;
}

/** Sample variance (divisor n - 1) of numerator, denominator or covariate; null below two units. */
export function varianceOf(moments: Moments, which: 0 | 1 | 2 = 0): number | null {
  return moments.n < 2 ? null : moments.comoment[which] / (moments.n - 1);
}

/** Whether every number is finite and none of the squares negative: what estimators may rely on. */
export function areUsable(moments: Moments): boolean {
  return (
    isFinite(moments.n) &&
    moments.n >= 0 &&
    moments.mean.every(isFinite) &&
    moments.comoment.every(isFinite) &&
    moments.comoment[0] >= 0 &&
    moments.comoment[1] >= 0 &&
    moments.comoment[2] >= 0
  );
}
