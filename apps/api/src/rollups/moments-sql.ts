import type { Moments } from '#metrics';

/** Columns of MomentsRow, in the order of momentsSql. */
export const MOMENTS = 'n mean_y mean_d mean_x yy dd xx yd yx dx non_zero'.split(' ');

/**
 * The aggregates that make moments of a set of units. PostgreSQL keeps the regr_* aggregates in Youngs-Cramer form,
 * which is as stable as Welford's; regr_sxx(a, b) is the sum of squared deviations of b.
 * @param own whether denominator and covariate vary; what is constant (1 and 0) is not aggregated.
 * @param only condition on the units that count.
 */
export function momentsSql(
  [y, d, x]: readonly [y: string, d: string, x: string],
  own: { readonly d: boolean; readonly x: boolean } = { d: true, x: true },
  only?: string,
): string[] {
  const filter = only === undefined ? '' : ` filter (where ${only})`;
  const of = (aggregate: string, has = true, constant = '0'): string => (has ? aggregate + filter : constant);
  return [
    of(`count(${y})`),
    of(`avg(${y})`),
    of(`avg(${d})`, own.d, '1'),
    of(`avg(${x})`, own.x),
    of(`regr_sxx(${y}, ${y})`),
    of(`regr_sxx(${d}, ${d})`, own.d),
    of(`regr_sxx(${x}, ${x})`, own.x),
    of(`regr_sxy(${y}, ${d})`, own.d),
    of(`regr_sxy(${y}, ${x})`, own.x),
    of(`regr_sxy(${d}, ${x})`, own.d && own.x),
    `count(*) filter (where ${y} <> 0${only === undefined ? '' : ` and ${only}`})`,
  ];
}

/** Numerator, denominator and covariate at a place of unit_values `v`; places count from 1. */
export const measuresAt = (slot: number): [y: string, d: string, x: string] => [
  `v.measures[${3 * slot - 2}]`,
  `v.measures[${3 * slot - 1}]`,
  `v.measures[${3 * slot}]`,
];

/** Moments of a set of unit_metric rows `m`. */
export const MOMENTS_OF_UNITS = momentsSql(['m.y', 'm.d', 'm.x'])
  .map((aggregate, i) => `${aggregate} as ${MOMENTS[i] as string}`)
  .join(', ');

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
