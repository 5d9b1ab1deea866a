import type { Effect, EstimateOptions, MarginOptions, Moments, NonInferiority } from '../contract.js';
import { contrast } from '../contrast.js';
import { normalLogSf, normalQuantile, studentTQuantile } from '../distributions/index.js';
import { areUsable } from '../moments.js';
import type { Counts } from '../proportions/counts.js';
import { ratioScore, ratioScoreInterval } from '../proportions/ratio-score.js';
import { scoreInterval, scoreTest } from '../proportions/score.js';
import type { Estimator } from '../contract.js';
import {
  buildEstimator,
  finiteLog,
  marginTest,
  marginWeight,
  noMarginTest,
  shownArms,
  undefinedEffect,
  validAlpha,
  warningsOf,
} from './build-estimator.js';
import { welchLaw } from './welch.js';

const KEY = 'score';

/** Units and successes behind the moments of a share; null where the values are not zeros and ones. */
function countsOf(m: Moments): Counts | null {
  if (!areUsable(m) || m.n < 2) return null;
  const successes = Math.round(m.n * m.mean[0]);
  if (!Number.isSafeInteger(m.n) || successes < 0 || successes > m.n) return null;
  const spread = successes * (1 - successes / m.n);
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, b);
  return near(m.n * m.mean[0], successes) && near(m.comoment[0], spread) ? { n: m.n, successes } : null;
}

/** Counts of both arms where the score test applies: a share, nothing to adjust for. */
function sharesOf(
  control: Moments,
  treatment: Moments,
  { kind, adjust }: EstimateOptions,
): { readonly control: Counts; readonly treatment: Counts } | null {
  if (kind !== 'proportion' && kind !== 'retention') return null;
  if (adjust && (control.comoment[2] > 0 || treatment.comoment[2] > 0)) return null;
  const [a, b] = [countsOf(control), countsOf(treatment)];
  return a && b ? { control: a, treatment: b } : null;
}

/** For everything that is not a plain share. */
const welchPath = buildEstimator({
  key: KEY,
  title: 'Score test',
  summary:
    'For shares with few successes or few failures, read once at a size fixed beforehand: keeps its error where ' +
    "other intervals do not. Other metrics, and shares with a covariate, get Welch's t.",
  reference:
    'Miettinen, O., Nurminen, M. (1985). Comparative analysis of two rates. Statistics in Medicine 4 (interval of ' +
    'the difference and of the ratio); otherwise Welch, B. L. (1947). Biometrika 34.',
  validUnderPeeking: false,
  intervalKind: 'confidence',
  law: ({ contrast: c, options }) => welchLaw(c.df, options.alpha),
  halfWidth: ({ control, treatment }, { alpha }) =>
    control + treatment > 2 ? -studentTQuantile(alpha / 2, control + treatment - 2) : null,
});

/** Ends of the lift interval from those of the ratio; the test of ratio 1 is the test of difference 0. */
function liftOf(
  shares: { control: Counts; treatment: Counts },
  z: number,
  level: number,
): Effect['relative'] {
  const { control, treatment } = shares;
  if (control.successes === 0)
    return { status: 'undefined', reason: 'zero_baseline', estimate: null, interval: null };
  const { lower, upper } = ratioScoreInterval(control, treatment, z);
  const estimate = (treatment.successes / treatment.n / control.successes) * control.n - 1;
  const unbounded = upper === null;
  return {
    status: unbounded ? 'unbounded' : 'ok',
    reason: unbounded ? 'baseline_not_clear_of_zero' : null,
    estimate,
    interval: {
      lower: unbounded ? null : lower - 1,
      upper: unbounded ? null : upper - 1,
      level,
      kind: 'confidence',
    },
  };
}

function compareShares(
  control: Moments,
  treatment: Moments,
  shares: { control: Counts; treatment: Counts },
  options: EstimateOptions,
): Effect {
  const shown = shownArms(KEY, control, treatment, options.kind);
  const plain = contrast(control, treatment, { kind: options.kind, adjust: false });
  if (!plain.ok) return undefinedEffect(shown, plain.reason, null);
  const c = plain.contrast;
  const test = scoreTest(shares.control, shares.treatment, 0, 'two-sided', 'miettinen-nurminen');
  const interval = scoreInterval(shares.control, shares.treatment, { alpha: options.alpha });
  if (test.status !== 'ok') return undefinedEffect(shown, test.reason, c);
  if (interval.status !== 'ok') return undefinedEffect(shown, interval.reason, c);
  const level = 1 - options.alpha;
  const relative = liftOf(shares, -normalQuantile(options.alpha / 2), level);
  const logValue = finiteLog(test.logPValue);
  return {
    ...shown,
    status: 'ok',
    reason: null,
    estimate: c.estimate,
    standardError: c.standardError,
    interval: { lower: interval.lower, upper: interval.upper, level, kind: 'confidence' },
    relative,
    evidence: { kind: 'p-value', value: Math.exp(logValue), logValue },
    adjusted: false,
    warnings: warningsOf(control, treatment, options, relative).filter((text) => !text.includes('rough')),
  };
}

/** Score test of treatment = (1 -+ margin) control, restricted to that ratio (Miettinen and Nurminen 1985). */
function shareMargin(
  shares: { control: Counts; treatment: Counts },
  baseline: number,
  options: MarginOptions,
): NonInferiority {
  const ratio = marginWeight(baseline, options);
  if (!(ratio > 0) || !Number.isFinite(ratio)) return noMarginTest(options.margin, 'invalid_margin');
  const score = ratioScore(shares.control, shares.treatment, ratio);
  if (!(score.standardError > 0)) return noMarginTest(options.margin, 'zero_variance');
  const estimate = (options.betterWhen === 'higher' ? 1 : -1) * score.contrast;
  const z = estimate / score.standardError;
  return marginTest(options.margin, estimate, score.standardError, normalLogSf(z), options.alpha);
}

export const score: Estimator = {
  ...welchPath,
  ofContrast: welchPath.ofContrast,
  compare(control, treatment, options) {
    const shares = validAlpha(options.alpha) ? sharesOf(control, treatment, options) : null;
    return shares
      ? compareShares(control, treatment, shares, options)
      : welchPath.compare(control, treatment, options);
  },
  nonInferiority(control, treatment, options) {
    const shares = validAlpha(options.alpha) ? sharesOf(control, treatment, options) : null;
    return shares
      ? shareMargin(shares, control.mean[0], options)
      : welchPath.nonInferiority(control, treatment, options);
  },
};
