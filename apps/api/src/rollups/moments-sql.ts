import type { Moments } from '#metrics';

/**
 * Moments of a set of unit_metric rows `m`. PostgreSQL keeps the regr_* aggregates in Youngs-Cramer form, which is
 * as stable as Welford's; regr_sxx(a, b) is the sum of squared deviations of b.
 */
export const MOMENTS_OF_UNITS = `count(*) as n, avg(m.y) as mean_y, avg(m.d) as mean_d, avg(m.x) as mean_x,
  regr_sxx(m.y, m.y) as yy, regr_sxx(m.d, m.d) as dd, regr_sxx(m.x, m.x) as xx,
  regr_sxy(m.y, m.d) as yd, regr_sxy(m.y, m.x) as yx, regr_sxy(m.d, m.x) as dx,
  count(*) filter (where m.y <> 0) as non_zero`;

/** The columns of MOMENTS_OF_UNITS, or of moments_cohort, as pg gives them (bigint as text). */
export interface MomentsRow {
  readonly n: string;
  readonly mean_y: number;
  readonly mean_d: number;
  readonly mean_x: number;
  readonly yy: number;
  readonly dd: number;
  readonly xx: number;
  readonly yd: number;
  readonly yx: number;
  readonly dx: number;
  readonly non_zero: string;
}

export const momentsOf = (row: MomentsRow): Moments => ({
  n: Number(row.n),
  mean: [row.mean_y, row.mean_d, row.mean_x],
  comoment: [row.yy, row.dd, row.xx, row.yd, row.yx, row.dx],
  nonZero: Number(row.non_zero),
});
