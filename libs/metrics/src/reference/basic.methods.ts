import { z } from 'zod';
import { contrast } from '../contrast.js';
import {
  betaCdf,
  betaQuantile,
  binomialCdf,
  chiSquareSf,
  logBeta,
  logGamma,
  normalCdf,
  normalQuantile,
  normalSf,
  poissonCdf,
  studentTQuantile,
  studentTSf,
} from '../distributions/index.js';
import { sampleRatio } from '../health/sample-ratio.js';
import { fromSummary, fromValues, mergeAll, varianceOf } from '../moments.js';
import { adjustPValues } from '../multiplicity.js';
import type { MultiplicityMethod } from '../multiplicity.js';
import { countRetention } from '../retention.js';
import { countMoments } from './inputs.js';
import type { ReferenceMethod, ReferenceResult } from './methods.js';

type Params = Record<string, number>;
type DistributionFunction = (x: number, params: Params) => number;

const DISTRIBUTIONS: Record<string, DistributionFunction> = {
  'normal sf': (x) => normalSf(x),
  'normal cdf': (x) => normalCdf(x),
  'normal ppf': (x) => normalQuantile(x),
  't sf': (x, p) => studentTSf(x, p.df ?? NaN),
  't ppf': (x, p) => studentTQuantile(x, p.df ?? NaN),
  'chi2 sf': (x, p) => chiSquareSf(x, p.df ?? NaN),
  'beta cdf': (x, p) => betaCdf(x, p.a ?? NaN, p.b ?? NaN),
  'beta ppf': (x, p) => betaQuantile(x, p.a ?? NaN, p.b ?? NaN),
  'binom cdf': (x, p) => binomialCdf(x, p.n ?? NaN, p.p ?? NaN),
  'poisson cdf': (x, p) => poissonCdf(x, p.mu ?? NaN),
  'special lgamma': (x) => logGamma(x),
};

const distribution = z.object({
  dist: z.string(),
  fn: z.string(),
  params: z.record(z.string(), z.number()),
  x: z.array(z.union([z.number(), z.tuple([z.number(), z.number()])])),
});

function dist(input: unknown): ReferenceResult {
  const { dist: name, fn, params, x } = distribution.parse(input);
  const values = x.map((point) => {
    if (Array.isArray(point)) return logBeta(point[0], point[1]);
    return DISTRIBUTIONS[`${name} ${fn}`]?.(point, params) ?? NaN;
  });
  return { status: 'ok', values };
}

const part = z.object({ n: z.number(), mean: z.number().nullable(), variance: z.number().nullable() });

const retentionInput = z.object({
  users: z.array(z.object({ arm: z.string(), exposure_day: z.number(), active_days: z.array(z.number()) })),
  n_day: z.number(),
  data_end_day: z.number(),
  kind: z.enum(['exact', 'rolling', 'window']),
  window_end: z.number().nullish(),
});

function retention(input: unknown): ReferenceResult {
  const { users, n_day, data_end_day, kind, window_end } = retentionInput.parse(input);
  const rule = {
    day: n_day,
    kind,
    ...(window_end === null || window_end === undefined ? {} : { windowEnd: window_end }),
  };
  const arm = (name: string) => {
    const units = users
      .filter((user) => user.arm === name)
      .map((user) => ({ exposureDay: user.exposure_day, activeDays: user.active_days }));
    const counts = countRetention(units, rule, data_end_day);
    return { ...counts, rate: counts.eligible > 0 ? counts.retained / counts.eligible : null };
  };
  const control = arm('control');
  const treatment = arm('treatment');
  const moments = ({ retained, eligible }: typeof control) =>
    countMoments({ n: eligible, successes: retained });
  const result = contrast(moments(control), moments(treatment), { kind: 'retention', adjust: false });
  if (!result.ok) return { status: 'undefined', reason: result.reason, control, treatment };
  return {
    status: 'ok',
    control,
    treatment,
    difference: result.contrast.estimate,
    se: result.contrast.standardError,
  };
}

export const basicMethods: Record<string, ReferenceMethod> = {
  dist,
  retention,
  moments(input) {
    const { values } = z.object({ values: z.array(z.number()) }).parse(input);
    const moments = fromValues(values);
    return {
      status: 'ok',
      n: moments.n,
      mean: moments.n > 0 ? moments.mean[0] : null,
      variance: varianceOf(moments),
    };
  },
  merge_moments(input) {
    const { parts } = z.object({ parts: z.array(part) }).parse(input);
    const merged = mergeAll(parts.map((p) => fromSummary(p.n, p.mean ?? 0, p.variance ?? 0)));
    return {
      status: 'ok',
      n: merged.n,
      mean: merged.n > 0 ? merged.mean[0] : null,
      variance: varianceOf(merged),
    };
  },
  srm_chisq(input) {
    const { observed, weights } = z
      .object({ observed: z.array(z.number()), weights: z.array(z.number()) })
      .parse(input);
    const ratio = sampleRatio(observed, weights);
    if (!ratio) return { status: 'undefined', reason: 'insufficient_units' };
    return {
      status: 'ok',
      chi2: ratio.chi2,
      df: ratio.df,
      p_value: ratio.pValue,
      expected: ratio.expected,
      unexpected_units: ratio.unexpectedUnits,
    };
  },
  p_adjust(input) {
    const { p_values, method } = z
      .object({ p_values: z.array(z.number().nullable()), method: z.string() })
      .parse(input);
    return { status: 'ok', adjusted: adjustPValues(p_values, method as MultiplicityMethod) };
  },
};
