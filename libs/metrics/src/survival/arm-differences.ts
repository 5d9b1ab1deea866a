import { normalLogSf, normalQuantile } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { isFollowedTo, kaplanMeier, survivalAt } from './kaplan-meier.js';
import type { SurvivalCurve } from './kaplan-meier.js';
import type { FollowUp } from './risk-table.js';

/** Treatment minus control with normal test and interval. */
export interface NormalDifference {
  readonly control: number;
  readonly treatment: number;
  readonly difference: number;
  readonly standardError: number;
  readonly z: number;
  readonly pValue: number;
  readonly lower: number;
  readonly upper: number;
}

interface Estimate {
  readonly value: number;
  readonly variance: number;
}

function normalDifference(control: Estimate, treatment: Estimate, alpha: number): Outcome<NormalDifference> {
  const standardError = Math.sqrt(control.variance + treatment.variance);
  if (!(standardError > 0)) return undefinedBecause('zero_variance');
  const difference = treatment.value - control.value;
  const z = difference / standardError;
  const half = -normalQuantile(alpha / 2) * standardError;
  return {
    status: 'ok',
    control: control.value,
    treatment: treatment.value,
    difference,
    standardError,
    z,
    pValue: Math.min(1, 2 * Math.exp(normalLogSf(Math.abs(z)))),
    lower: difference - half,
    upper: difference + half,
  };
}

/** Curves of both arms, followed up to `time`, with at least one event between them. */
function armCurves(
  follow: FollowUp,
  treated: ArrayLike<number>,
  time: number,
  alpha: number,
): Outcome<{ readonly control: SurvivalCurve; readonly treatment: SurvivalCurve }> {
  const sensible = isProbability(alpha) && Number.isFinite(time) && treated.length === follow.time.length;
  if (!sensible || Array.from(treated).some((arm) => arm !== 0 && arm !== 1))
    return undefinedBecause('invalid_input');
  const control = kaplanMeier(follow, (unit) => treated[unit] === 0);
  const treatment = kaplanMeier(follow, (unit) => treated[unit] === 1);
  if (control.status !== 'ok') return control;
  if (treatment.status !== 'ok') return treatment;
  const curves = [control.curve, treatment.curve];
  if (curves.every((curve) => curve.time.length === 0)) return undefinedBecause('no_events');
  if (!curves.every((curve) => isFollowedTo(curve, time))) return undefinedBecause('insufficient_follow_up');
  return { status: 'ok', control: control.curve, treatment: treatment.curve };
}

/**
 * Difference of the Kaplan-Meier curves of two arms at one time, with Greenwood's variances and the normal law (Klein,
 * Logan, Harhoff, Andersen 2007, "naive" test).
 * @param follow units, or entries with counts; @param treated 0 for control, 1 for treatment; @param time in the unit of follow.
 * Undefined: `insufficient_units` (an arm without units), `no_events`, `insufficient_follow_up` (an arm is not
 * followed to this time), `zero_variance` (no event before it, or a curve has come down to 0, where Greenwood's
 * variance is not defined), `invalid_input`. Never throws.
 */
export function survivalDifferenceAt(
  follow: FollowUp,
  treated: ArrayLike<number>,
  time: number,
  alpha: number,
): Outcome<NormalDifference> {
  const curves = armCurves(follow, treated, time, alpha);
  if (curves.status !== 'ok') return curves;
  const [c, t] = [survivalAt(curves.control, time), survivalAt(curves.treatment, time)];
  if (c.standardError === null || t.standardError === null) return undefinedBecause('zero_variance');
  return normalDifference(
    { value: c.survival, variance: c.standardError ** 2 },
    { value: t.survival, variance: t.standardError ** 2 },
    alpha,
  );
}

/** Area under a curve from 0 to tau, and its variance: the sum of (area after t)^2 d / (n (n - d)). */
export function restrictedMean(curve: SurvivalCurve, tau: number): Estimate {
  const steps = curve.time.filter((t) => t <= tau).length;
  let after = 0;
  let variance = 0;
  for (let i = steps - 1; i >= 0; i--) {
    const end = i === steps - 1 ? tau : (curve.time[i + 1] as number);
    after += (curve.survival[i] as number) * (end - (curve.time[i] as number));
    const [n, d] = [curve.atRisk[i] as number, curve.events[i] as number];
    // With the last unit gone the curve is 0 and nothing lies after it.
    if (n > d) variance += after * after * (d / n / (n - d));
  }
  return { value: after + (steps > 0 ? (curve.time[0] as number) : tau), variance };
}

export interface RestrictedMeanResult extends NormalDifference {
  readonly standardErrorControl: number;
  readonly standardErrorTreatment: number;
  /** Treatment over control with an interval symmetric on the log scale; null where control's mean is 0. */
  readonly ratio: number | null;
  readonly ratioLower: number | null;
  readonly ratioUpper: number | null;
}

/**
 * Restricted mean survival time up to `tau` in two arms, their difference and ratio (Royston and Parmar 2013; Uno et
 * al. 2014): mean time without the event during the first `tau`, needing no proportional hazards.
 * @param follow units, or entries with counts, times from 0 on; @param treated 0 for control, 1 for treatment.
 * Undefined: `insufficient_units` (an arm without units), `no_events`, `insufficient_follow_up` (an arm is not
 * followed to tau), `zero_variance` (no event before tau), `invalid_input` (also tau <= 0). Never throws.
 */
export function restrictedMeanDifference(
  follow: FollowUp,
  treated: ArrayLike<number>,
  tau: number,
  alpha: number,
): Outcome<RestrictedMeanResult> {
  if (!(tau > 0)) return undefinedBecause('invalid_input');
  const curves = armCurves(follow, treated, tau, alpha);
  if (curves.status !== 'ok') return curves;
  const control = restrictedMean(curves.control, tau);
  const treatment = restrictedMean(curves.treatment, tau);
  const result = normalDifference(control, treatment, alpha);
  if (result.status !== 'ok') return result;
  const ratio = control.value > 0 && treatment.value > 0 ? treatment.value / control.value : null;
  const logVariance = control.variance / control.value ** 2 + treatment.variance / treatment.value ** 2;
  const factor = Math.exp(-normalQuantile(alpha / 2) * Math.sqrt(logVariance));
  return {
    ...result,
    standardErrorControl: Math.sqrt(control.variance),
    standardErrorTreatment: Math.sqrt(treatment.variance),
    ratio,
    ratioLower: ratio === null ? null : ratio / factor,
    ratioUpper: ratio === null ? null : ratio * factor,
  };
}
