import type {
  Effect,
  EstimateOptions,
  Estimator,
  Interval,
  MarginOptions,
  Moments,
  NonInferiority,
} from '../contract.js';
import { armValue, contrast } from '../contrast.js';
import type { Contrast } from '../contrast.js';
import { fiellerLift } from '../fieller.js';
import type { EstimatorSpec, Law } from './law.js';

const { abs, exp, log, max, min } = Math;

/** An Estimator from its critical value: the shared path from moments to effect. Never throws, never NaN. */
export function buildEstimator(spec: EstimatorSpec): Estimator {
  return {
    key: spec.key,
    title: spec.title,
    summary: spec.summary,
    reference: spec.reference,
    validUnderPeeking: spec.validUnderPeeking,
    halfWidth: (a, b, alpha, tuning) => spec.halfWidth(a, b, alpha, tuning),
    compare: (control, treatment, options) => compare(spec, control, treatment, options),
    nonInferiority: (control, treatment, options) => nonInferiority(spec, control, treatment, options),
  };
}

function isLaw(law: Law | { readonly reason: string }): law is Law {
  return 'criticalValue' in law;
}

function validAlpha(alpha: number): boolean {
  return alpha > 0 && alpha < 1;
}

function compare(
  spec: EstimatorSpec,
  control: Moments,
  treatment: Moments,
  options: EstimateOptions,
): Effect {
  const shown = {
    control: { n: control.n, mean: armValue(control, options.kind) },
    treatment: { n: treatment.n, mean: armValue(treatment, options.kind) },
    estimator: spec.key,
  };
  const undefinedEffect = (reason: string, c: Contrast | null): Effect => ({
    ...shown,
    status: 'undefined',
    reason,
    estimate: c?.estimate ?? null,
    standardError: c?.standardError ?? null,
    interval: null,
    relative: { status: 'undefined', reason, estimate: c ? plainLift(c) : null, interval: null },
    evidence: null,
    adjusted: c?.adjusted ?? false,
    warnings: [],
  });
  if (!validAlpha(options.alpha)) return undefinedEffect('invalid_alpha', null);
  const result = contrast(control, treatment, { kind: options.kind, adjust: options.adjust });
  if (!result.ok) return undefinedEffect(result.reason, null);
  const c = result.contrast;
  const law = spec.law({ control, treatment, contrast: c, options });
  if (!isLaw(law)) return undefinedEffect(law.reason, c);
  const halfWidth = law.criticalValue * c.standardError;
  if (!Number.isFinite(halfWidth) || !Number.isFinite(c.estimate + halfWidth))
    return undefinedEffect('not_finite', c);
  const level = 1 - options.alpha;
  const logValue = finiteLog(law.logP(abs(c.estimate / c.standardError)));
  const relative = relativeEffect(c, law, level, spec.intervalKind);
  return {
    ...shown,
    status: 'ok',
    reason: null,
    estimate: c.estimate,
    standardError: c.standardError,
    interval: {
      lower: c.estimate - halfWidth,
      upper: c.estimate + halfWidth,
      level,
      kind: spec.intervalKind,
    },
    relative,
    evidence: { kind: 'p-value', value: exp(logValue), logValue },
    adjusted: c.adjusted,
    warnings: warningsOf(control, treatment, options, relative),
  };
}

function plainLift(c: Contrast): number | null {
  const lift = c.estimate / abs(c.baseline);
  return Number.isFinite(lift) ? lift : null;
}

function finiteLog(logP: number): number {
  return max(-Number.MAX_VALUE, min(0, logP));
}

function relativeEffect(c: Contrast, law: Law, level: number, kind: Interval['kind']): Effect['relative'] {
  const lift = fiellerLift(c, law.criticalValue);
  if (lift.status === 'undefined')
    return { status: 'undefined', reason: lift.reason, estimate: null, interval: null };
  if (lift.status === 'unbounded') {
    const interval = { lower: null, upper: null, level, kind };
    return { status: 'unbounded', reason: 'baseline_not_clear_of_zero', estimate: lift.estimate, interval };
  }
  return {
    status: 'ok',
    reason: null,
    estimate: lift.estimate,
    interval: { lower: lift.lower, upper: lift.upper, level, kind },
  };
}

/** Plain sentences for whoever reads the number. */
function warningsOf(
  control: Moments,
  treatment: Moments,
  options: EstimateOptions,
  relative: Effect['relative'],
): string[] {
  const warnings: string[] = [];
  if (min(control.n, treatment.n) < 100)
    warnings.push('Fewer than 100 units in an arm: normal approximations are rough.');
  if (options.kind === 'proportion' || options.kind === 'retention') {
    const rare = min(...[control, treatment].map((m) => min(m.n * m.mean[0], m.n * (1 - m.mean[0]))));
    if (rare < 10)
      warnings.push('Fewer than 10 units with or without the outcome in an arm: the interval is rough.');
  }
  if (relative.status === 'unbounded') {
    warnings.push('Control is not clearly different from zero: the relative lift has no finite interval.');
  }
  return warnings;
}

/**
 * Non-inferiority by the contrast treatment - (1 -+ margin) control (relative margin as part of the contrast,
 * not as a known constant). Where lower is better the contrast is mirrored, so positive is always good.
 */
function nonInferiority(
  spec: EstimatorSpec,
  control: Moments,
  treatment: Moments,
  options: MarginOptions,
): NonInferiority {
  const { margin, betterWhen } = options;
  const none = (reason: string): NonInferiority => ({
    status: 'undefined',
    reason,
    margin,
    contrast: null,
    standardError: null,
    pValue: null,
    holds: false,
  });
  if (!validAlpha(options.alpha)) return none('invalid_alpha');
  // The tolerated deterioration is a share of |control|, so a negative baseline mirrors the factor.
  const baseline = armValue(control, options.kind) ?? 0;
  const towardsWorse = (betterWhen === 'higher' ? -1 : 1) * (baseline < 0 ? -1 : 1);
  const controlWeight = 1 + towardsWorse * margin;
  const result = contrast(control, treatment, { kind: options.kind, adjust: options.adjust, controlWeight });
  if (!result.ok) return none(result.reason);
  const law = spec.law({ control, treatment, contrast: result.contrast, options });
  if (!isLaw(law)) return none(law.reason);
  const direction = betterWhen === 'higher' ? 1 : -1;
  const estimate = direction * result.contrast.estimate;
  const { standardError } = result.contrast;
  const logP = finiteLog(law.logPGreater(estimate / standardError));
  return {
    status: 'ok',
    reason: null,
    margin,
    contrast: estimate,
    standardError,
    pValue: exp(logP),
    holds: logP < log(options.alpha),
  };
}
