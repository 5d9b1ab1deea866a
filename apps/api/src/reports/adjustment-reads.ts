import type {
  CovariateMoments,
  LinArm,
  LinPlan,
  LinSums,
  MetricDefinition,
  Moments,
  Stratum,
} from '#metrics';
import { SATURATED, isRatio } from '#metrics';
import type { Sql } from '../persistence/database.js';
import { experimentWatchedUntil, lastMatureDay } from '../rollups/maturity.js';
import { Values, ownParts } from '../rollups/metric-sql.js';
import { MOMENTS, measuresAt, momentsOf, momentsSql } from '../rollups/moments-sql.js';
import type { MomentsRow } from '../rollups/moments-sql.js';
import { quantileCaps } from '../rollups/unit-level.js';

/** Covariates of one adjustment at most; the work per unit grows with their square. */
const MOST_COVARIATES = 8;

export interface Covariate {
  readonly metric: string;
  readonly title: string;
  readonly days: number;
}

/**
 * Mature units of one metric of an experiment with the pre-period values of several: what the adjustments read, always as
 * sums that the database makes.
 */
export class AdjustmentReads {
  private constructor(
    private readonly sql: Sql,
    private readonly experiment: string,
    private readonly metric: MetricDefinition,
    private readonly slot: number,
    private readonly until: Date,
    private readonly caps: { readonly y: number | null; readonly x: number | null },
    readonly covariates: readonly Covariate[],
    private readonly covariateSlots: readonly number[],
  ) {}

  /**
   * @param others metrics of the experiment whose pre-period values may serve as covariates, the most wanted first.
   * @returns null while the metric has not been rolled up.
   */
  static async of(
    sql: Sql,
    experiment: string,
    metric: MetricDefinition,
    others: readonly MetricDefinition[],
    asOf: Date,
  ): Promise<AdjustmentReads | null> {
    const rows = await sql.query<{ metric: string; slot: number }>(
      'select metric, slot from metric_slot where experiment = $1 and definition is not null',
      [experiment],
    );
    const slots = new Map(rows.map((row) => [row.metric, Number(row.slot)]));
    const slot = slots.get(metric.key);
    if (slot === undefined) return null;
    const until = await experimentWatchedUntil(sql, experiment, asOf);
    const caps =
      metric.cap && 'quantile' in metric.cap
        ? await quantileCaps(sql, metric, { experiment, asOf: until })
        : { y: null, x: null };
    const chosen = [metric, ...others.filter(({ key }) => key !== metric.key)]
      .filter((one) => slots.has(one.key) && servesAsCovariate(one))
      .slice(0, MOST_COVARIATES);
    const covariates = chosen.map(({ key, title, covariateDays = 0 }) => ({
      metric: key,
      title,
      days: covariateDays,
    }));
    const places = chosen.map(({ key }) => slots.get(key) as number);
    return new AdjustmentReads(sql, experiment, metric, slot, until, caps, covariates, places);
  }

  /** Moments of each arm by values of an attribute (null: any other value, or none), at most the values given. */
  async strata(
    attribute: string | null,
    names: readonly string[],
  ): Promise<Map<string, Map<string | null, Moments>>> {
    const values = new Values();
    const moments = momentsSql(this.columns(values), ownParts(this.metric)).map(
      (aggregate, i) => `${aggregate} as ${MOMENTS[i] as string}`,
    );
    const by = `u.attributes ->> ${values.add(attribute)}::text`;
    const stratum = `case when ${by} = any(${values.add([...names])}::text[]) then ${by} end`;
    const rows = await this.sql.query<MomentsRow & { arm: string; stratum: string | null }>(
      `select u.arm, ${stratum} as stratum, ${moments.join(', ')} ${this.from(values)} group by u.arm, 2`,
      values.list,
    );
    const arms = new Map<string, Map<string | null, Moments>>();
    for (const row of rows) {
      const own = arms.get(row.arm) ?? new Map<string | null, Moments>();
      arms.set(row.arm, own.set(row.stratum, momentsOf(row)));
    }
    return arms;
  }

  /** The outcome with all covariates, per arm; empty without covariates. */
  async moments(): Promise<Map<string, CovariateMoments>> {
    if (this.covariates.length === 0) return new Map();
    const values = new Values();
    const [y] = this.columns(values);
    const x = this.places(values);
    const pairs = x.flatMap((a, i) => x.slice(0, i + 1).map((b) => `regr_sxy(${a}, ${b})`));
    const rows = await this.sql.query<{
      arm: string;
      n: string;
      m: number[];
      yy: number;
      xy: number[];
      xx: number[];
    }>(
      `select u.arm, count(${y}) as n, regr_sxx(${y}, ${y}) as yy,
              array[${[y, ...x].map((one) => `avg(${one})`).join(', ')}]::float8[] as m,
              array[${x.map((one) => `regr_sxy(${one}, ${y})`).join(', ')}]::float8[] as xy,
              array[${pairs.join(', ')}]::float8[] as xx ${this.from(values)} group by u.arm`,
      values.list,
    );
    const size = x.length;
    return new Map(
      rows.map(({ arm, n, m: [mean = 0, ...means], yy, xy, xx: triangle }) => {
        const xx = new Float64Array(size * size);
        for (let i = 0, k = 0; i < size; i++)
          for (let j = 0; j <= i; j++, k++) xx[i * size + j] = xx[j * size + i] = triangle[k] as number;
        return [arm, { n: Number(n), mean, x: Float64Array.from(means), yy, xx, xy: Float64Array.from(xy) }];
      }),
    );
  }

  /** The second pass of a regression: squared residuals of two arms, weighted for its standard errors. */
  async residuals(
    plan: LinPlan,
    arms: { readonly control: string; readonly treatment: string },
  ): Promise<{ readonly control: LinSums; readonly treatment: LinSums }> {
    const values = new Values();
    const [y] = this.columns(values);
    const x = this.places(values);
    const size = x.length;
    const fit = (arm: string, of: LinArm): string => {
      const array = (list: ArrayLike<number>): string => `${values.add(Array.from(list))}::float8[]`;
      const number = (value: number): string => `${values.add(value)}::float8`;
      return `(${values.add(arm)}::text, ${number(of.n)}, ${number(of.mean)}, ${array(of.centre)}, ${array(of.slopes)}, ${array(of.direction)}, ${array(of.inverse)})`;
    };
    const d = x.map((_, i) => `r.x${i}`);
    const sum = (part: (i: number) => string): string => d.map((_, i) => part(i)).join(' + ');
    const leverage = d.flatMap((a, i) =>
      d.slice(0, i + 1).map((b, j) => `${i === j ? '' : '2 * '}f.inverse[${i * size + j + 1}] * ${a} * ${b}`),
    );
    const rows = await this.sql.query<LinSums & { arm: string } & Record<string, unknown>>(
      `with f (arm, n, mean, centre, slopes, direction, inverse) as (values ${fit(arms.control, plan.control)}, ${fit(arms.treatment, plan.treatment)}),
       r as (select u.arm, ${y} - f.mean as y, ${x.map((one, i) => `${one} - f.centre[${i + 1}] as x${i}`).join(', ')}
             ${this.from(values, 'join f on f.arm = u.arm')}),
       e as (select r.arm, ((1 / f.n + ${sum((i) => `f.direction[${i + 1}] * ${d[i] as string}`)})
                            * (r.y - (${sum((i) => `f.slopes[${i + 1}] * ${d[i] as string}`)}))) ^ 2 as square,
                    1 - 1 / f.n - (${leverage.join(' + ')}) as free
               from r join f using (arm))
       select arm, coalesce(sum(square / free) filter (where free > ${SATURATED}), 0) as hc2,
              coalesce(sum(square / free / free) filter (where free > ${SATURATED}), 0) as hc3,
              (count(*) filter (where free <= ${SATURATED}))::float8 as saturated
         from e group by arm`,
      values.list,
    );
    const none: LinSums = { hc2: 0, hc3: 0, saturated: 0 };
    const of = (arm: string): LinSums => rows.find((row) => row.arm === arm) ?? none;
    return { control: of(arms.control), treatment: of(arms.treatment) };
  }

  /** Numerator, denominator and covariate, capped where a quantile of all units caps them. */
  private columns(values: Values): [y: string, d: string, x: string] {
    const [y, d, x] = measuresAt(this.slot);
    const least = (column: string, cap: number | null): string =>
      cap === null ? column : `least(${column}, ${values.add(cap)}::float8)`;
    return [least(y, this.caps.y), d, least(x, this.caps.x)];
  }

  private places(values: Values): string[] {
    const [, , own] = this.columns(values);
    return this.covariateSlots.map((slot) =>
      slot === this.slot ? own : `coalesce(${measuresAt(slot)[2]}, 0)`,
    );
  }

  private from(values: Values, join = ''): string {
    return `from experiment_unit u join unit_values v on v.experiment = u.experiment and v.unit_id = u.unit_id ${join}
           where u.experiment = ${values.add(this.experiment)} and u.left_out is null
             and u.entered_on <= ${values.add(lastMatureDay(this.metric, this.until))}::date
             and ${measuresAt(this.slot)[0]} is not null`;
  }
}

/** Means with a value from before the experiment. */
function servesAsCovariate(metric: MetricDefinition): boolean {
  const { kind, covariateDays } = metric;
  return covariateDays !== undefined && !isRatio(kind) && kind !== 'quantile' && ownParts(metric).x;
}

/** The strata of two arms. */
export function strataOf(
  arms: ReadonlyMap<string, ReadonlyMap<string | null, Moments>>,
  control: string,
  treatment: string,
  empty: Moments,
): Stratum[] {
  const [a, b] = [arms.get(control), arms.get(treatment)];
  return [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])].map((key) => ({
    control: a?.get(key) ?? empty,
    treatment: b?.get(key) ?? empty,
  }));
}
