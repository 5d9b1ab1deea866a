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
import type { AnyContrast, Contrast } from '../contrast.js';
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
    halfWidth: (sizes, options) => spec.halfWidth(sizes, options),
    compare: (control, treatment, options) =>
      judge(spec, contrast(control, treatment, options), control, treatment, options),
    ofContrast: (found, control, treatment, options) => judge(spec, found, control, treatment, options),
    nonInferiority: (control, treatment, options) => nonInferiority(spec, control, treatment, options),
  };
}

type Refusal = { readonly reason: string };

function isRefusal(value: object): value is Refusal {
  return 'reason' in value;
}

export function validAlpha(alpha: number): boolean {
  return alpha > 0 && alpha < 1;
}

/** What every effect says of its arms, whatever the method. */
export function shownArms(
  key: string,
  control: Moments,
  treatment: Moments,
  kind: EstimateOptions['kind'],
): Pick<Effect, 'control' | 'treatment' | 'estimator'> {
  return {
    control: { n: control.n, mean: armValue(control, kind) },
    treatment: { n: treatment.n, mean: armValue(treatment, kind) },
    estimator: key,
  };
}

/** An effect that does not exist, with what is known of it. */
export function undefinedEffect(
  shown: Pick<Effect, 'control' | 'treatment' | 'estimator'>,
  reason: string,
  c: Contrast | null,
): Effect {
  return {
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
  };
}

/** Evidence at the contrast, and for a posterior what it says of choosing treatment. */
function evidenceOf(
  spec: EstimatorSpec,
  c: Contrast,
  law: Law,
  options: EstimateOptions,
): Pick<Effect, 'evidence' | 'bayes'> | null {
  if (!spec.bayes) {
    const logValue = finiteLog(law.logP(abs(c.estimate / c.standardError)));
    return { evidence: { kind: 'p-value', value: exp(logValue), logValue } };
  }
  const bayes = spec.bayes(c, options);
  if (!bayes) return null;
  const value = bayes.probabilityBetter;
  return { evidence: { kind: 'probability-better', value, logValue: finiteLog(log(value)) }, bayes };
}

function judge(
  spec: EstimatorSpec,
  result: AnyContrast,
  control: Moments,
  treatment: Moments,
  options: EstimateOptions,
): Effect {
  const shown = shownArms(spec.key, control, treatment, options.kind);
  if (!validAlpha(options.alpha)) return undefinedEffect(shown, 'invalid_alpha', null);
  if (!result.ok) return undefinedEffect(shown, result.reason, null);
  const law = spec.law({ control, treatment, contrast: result.contrast, options });
  if (isRefusal(law)) return undefinedEffect(shown, law.reason, result.contrast);
  const c = spec.posterior ? spec.posterior(result.contrast, options) : result.contrast;
  if (isRefusal(c)) return undefinedEffect(shown, c.reason, result.contrast);
  const halfWidth = law.criticalValue * c.standardError;
  const said = evidenceOf(spec, c, law, options);
  if (!said || !Number.isFinite(halfWidth) || !Number.isFinite(c.estimate + halfWidth))
    return undefinedEffect(shown, 'not_finite', c);
  const level = 1 - options.alpha;
  const kind = spec.intervalKind;
  const relative = relativeEffect(c, law, level, kind);
  return {
    control: shown.control,
    treatment: shown.treatment,
    estimator: shown.estimator,
    status: 'ok',
    reason: null,
    estimate: c.estimate,
    standardError: c.standardError,
    interval: { lower: c.estimate - halfWidth, upper: c.estimate + halfWidth, level, kind },
    relative,
    evidence: said.evidence,
    ...(said.bayes ? { bayes: said.bayes } : {}),
    adjusted: c.adjusted,
    warnings: warningsOf(control, treatment, options, relative),
  };
}

function plainLift(c: Contrast): number | null {
  const lift = c.estimate / abs(c.baseline);
  return Number.isFinite(lift) ? lift : null;
}

export function finiteLog(logP: number): number {
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
export function warningsOf(
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

/** No test, for this reason. */
export function noMarginTest(margin: number, reason: string): NonInferiority {
  return {
    status: 'undefined',
    reason,
    margin,
    contrast: null,
    standardError: null,
    pValue: null,
    holds: false,
  };
}

/** Control's weight in the contrast that is zero when treatment is worse by exactly the margin. */
export function marginWeight(baseline: number, { margin, betterWhen }: MarginOptions): number {
  // The tolerated deterioration is a share of |control|, so a negative baseline mirrors the factor.
  return 1 + (betterWhen === 'higher' ? -1 : 1) * (baseline < 0 ? -1 : 1) * margin;
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
  const { margin, betterWhen, kind, adjust } = options;
  if (!validAlpha(options.alpha)) return noMarginTest(margin, 'invalid_alpha');
  const controlWeight = marginWeight(armValue(control, kind) ?? 0, options);
  const result = contrast(control, treatment, { kind, adjust, controlWeight });
  if (!result.ok) return noMarginTest(margin, result.reason);
  const law = spec.law({ control, treatment, contrast: result.contrast, options });
  if (isRefusal(law)) return noMarginTest(margin, law.reason);
  const estimate = (betterWhen === 'higher' ? 1 : -1) * result.contrast.estimate;
  const { standardError } = result.contrast;
  return marginTest(
    margin,
    estimate,
    standardError,
    law.logPGreater(estimate / standardError),
    options.alpha,
  );
}

/** A test whose contrast is positive within the margin. */
export function marginTest(
  margin: number,
  estimate: number,
  standardError: number,
  logPValue: number,
  alpha: number,
): NonInferiority {
  const logP = finiteLog(logPValue);
  return {
    status: 'ok',
    reason: null,
    margin,
    contrast: estimate,
    standardError,
    pValue: exp(logP),
    holds: logP < log(alpha),
  };
}
