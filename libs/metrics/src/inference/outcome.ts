/** Why a result does not exist. Data reasons are checked in the order insufficient_units ... zero_baseline. */
export type OutcomeReason =
  | 'invalid_alpha'
  | 'invalid_counts'
  | 'invalid_quantile'
  | 'invalid_margin'
  | 'not_finite'
  | 'insufficient_units'
  | 'denominator_zero'
  | 'no_events'
  | 'zero_variance'
  | 'zero_baseline'
  | 'non_positive_ratio'
  | 'invalid_input'
  | 'zero_effect'
  | 'unreachable'
  | 'insufficient_follow_up'
  | 'monotone_likelihood';

export interface UndefinedOutcome {
  readonly status: 'undefined';
  readonly reason: OutcomeReason;
}

/** A result, or the reason why there is none. Methods neither throw nor return NaN. */
export type Outcome<T> = ({ readonly status: 'ok' } & T) | UndefinedOutcome;

export function undefinedBecause(reason: OutcomeReason): UndefinedOutcome {
  return { status: 'undefined', reason };
}

/** Whether a number may serve as an error rate or a power: strictly between 0 and 1. */
export function isProbability(value: number): boolean {
  return value > 0 && value < 1;
}
