import { binomialLaw } from '../distributions/index.js';
import { exactLogP } from '../inference/exact.js';
import type { Outcome, OutcomeReason } from '../inference/outcome.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { TestOptions } from '../inference/wald.js';
import { exactLogits } from '../proportions/one-sample.js';

/** Events of one arm and the exposure they were counted over (units, hours, ...; at least 0). */
export interface EventRate {
  readonly events: number;
  readonly exposure: number;
}

export interface RateRatio {
  /** Treatment rate over control rate; Infinity where control has no event. */
  readonly ratio: number;
  readonly lower: number;
  readonly upper: number;
  readonly pValue: number;
  readonly logPValue: number;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function problemOf(control: EventRate, treatment: EventRate, alpha: number): OutcomeReason | null {
  if (!isProbability(alpha)) return 'invalid_alpha';
  const arms = [control, treatment];
  if (!arms.every(({ events }) => isCount(events))) return 'invalid_counts';
  if (!arms.every(({ exposure }) => exposure >= 0 && Number.isFinite(exposure))) return 'not_finite';
  if (arms.some(({ exposure }) => exposure === 0)) return 'denominator_zero';
  return control.events + treatment.events === 0 ? 'no_events' : null;
}

/**
 * Exact comparison of two Poisson rates, conditional on the total of events (Przyborowski and Wilenski 1940):
 * treatment's share of the events is binomial with its share of the exposure. Two-sided p by minimum likelihood,
 * interval of Clopper and Pearson (1934), so the two need not agree to the last digit. The open side of a
 * one-sided interval is 0 or Infinity.
 * Undefined: `denominator_zero` (an arm without exposure), `no_events`, `invalid_counts`, `invalid_alpha`.
 */
export function poissonExactTest(
  control: EventRate,
  treatment: EventRate,
  { alpha, alternative = 'two-sided' }: TestOptions,
): Outcome<RateRatio> {
  const problem = problemOf(control, treatment, alpha);
  if (problem) return undefinedBecause(problem);
  const exposure = control.exposure + treatment.exposure;
  const total = control.events + treatment.events;
  const law = binomialLaw(total, treatment.exposure / exposure, control.exposure / exposure);
  const logP = exactLogP(law, treatment.events, alternative);
  const tail = alternative === 'two-sided' ? alpha / 2 : alpha;
  const logits = exactLogits(treatment.events, control.events, tail);
  const scale = control.exposure / treatment.exposure;
  return {
    status: 'ok',
    ratio: (treatment.events / control.events) * scale,
    lower: alternative === 'less' ? 0 : Math.exp(logits.lower) * scale,
    upper: alternative === 'greater' ? Infinity : Math.exp(logits.upper) * scale,
    pValue: Math.exp(logP),
    logPValue: logP,
  };
}
