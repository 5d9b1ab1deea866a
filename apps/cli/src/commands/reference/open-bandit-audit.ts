import { z } from 'zod';
import { clustersOf, effectiveSampleSize, meanTerms, pointEstimate } from '#policies';
import type { Evidence } from '#policies';
import type { Cases, Comparison, Tolerance } from './cases.js';
import type { OpenBanditDocument, OpenBanditLog } from './open-bandit-log.js';

const EXACT: Tolerance = { relative: 1e-9, absolute: 1e-15 };

/** What the propensities of a log say of themselves. */
export function checkAudit(
  cases: Cases,
  name: string,
  { rows }: OpenBanditLog,
  policies: OpenBanditDocument['policies'],
  result: unknown,
): void {
  const layout = z.record(z.string(), z.number());
  cases.run(name, (compare) => {
    const want = layout.parse(result);
    const { propensity, actions } = rows;
    const ratio = meanTerms(propensity.map((p) => 1 / actions / p));
    const point = pointEstimate(ratio, clustersOf(undefined, propensity.length));
    const marginals = policies.bts_prior_marginals;
    const prior = Float64Array.from(rows.action, (a, i) =>
      Math.log(marginals[a]?.[rows.stratum.of[i] as number] as number),
    );
    const got: Record<string, () => number> = {
      mean_inverse_propensity_ratio: () => point.value,
      z_against_1: () => (point.value - 1) / point.standardError,
      distinct_values: () => new Set(propensity).size,
      min: () => propensity.reduce((least, p) => Math.min(least, p), 1),
      max: () => propensity.reduce((most, p) => Math.max(most, p), 0),
      rows_below_1e_4: () => propensity.filter((p) => p < 1e-4).length,
      log_correlation_with_prior_marginal: () => correlation(propensity.map(Math.log), prior),
    };
    for (const [key, value] of Object.entries(want)) {
      const own = got[key];
      if (own) compare.near(key, own(), value, EXACT);
      else compare.fail(`${key} is not known here`);
    }
  });
}

function correlation(x: Float64Array, y: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [(x[i] as number) - mx, (y[i] as number) - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Diagnostics of the weights, by the names of the file. */
export function checkDiagnostics(
  compare: Comparison,
  { weight, rows, n }: Evidence,
  want: Readonly<Record<string, number>>,
): void {
  const mean = pointEstimate(meanTerms(weight), { count: n, of: null });
  const ess = effectiveSampleSize(weight);
  const got: Record<string, () => number> = {
    n: () => n,
    clicks: () => rows.reward.reduce((sum, r) => sum + r, 0),
    mean_w: () => mean.value,
    se_mean_w: () => mean.standardError,
    max_w: () => weight.reduce((most, w) => Math.max(most, w), 0),
    min_w: () => weight.reduce((least, w) => Math.min(least, w), Infinity),
    ess: () => ess,
    ess_fraction: () => ess / n,
    share_of_total_weight_in_top_1pct: () => {
      const sorted = weight.slice().sort();
      const top = sorted.subarray(n - Math.ceil(n / 100)).reduce((sum, w) => sum + w, 0);
      return top / sorted.reduce((sum, w) => sum + w, 0);
    },
    rows_w_gt_10: () => weight.filter((w) => w > 10).length,
    min_p: () => rows.propensity.reduce((least, p) => Math.min(least, p), 1),
  };
  for (const [key, value] of Object.entries(want)) {
    const own = got[key];
    if (own) compare.near(key, own(), value, EXACT);
    else compare.fail(`${key} is not known here`);
  }
}
