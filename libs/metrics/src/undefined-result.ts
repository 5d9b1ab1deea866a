/** Why a method has no answer. Inputs that make no sense (alpha outside (0, 1), NaN, negative n) are `invalid_input`. */
export type NoResultReason =
  | 'invalid_input'
  | 'insufficient_units'
  | 'denominator_zero'
  | 'no_events'
  | 'zero_variance'
  | 'zero_baseline'
  | 'zero_effect'
  | 'unreachable'
  | 'insufficient_follow_up'
  | 'monotone_likelihood';

export interface NoResult {
  readonly status: 'undefined';
  readonly reason: NoResultReason;
}

/** A result, or the reason why there is none; such methods never throw. */
export type Outcome<T> = (T & { readonly status: 'ok' }) | NoResult;

export function noResult(reason: NoResultReason): NoResult {
  return { status: 'undefined', reason };
}

/** Whether a probability may serve as an error rate or a power: strictly between 0 and 1. */
export function isLevel(value: number): boolean {
  return value > 0 && value < 1;
}
