import type { Effect, Interval, MeasuredIn, RelativeEffect } from '../api/types.js';
import { DASH, decimal, finite, lift, percent } from './number.js';

const UNIT: Record<MeasuredIn, string> = {
  share: '',
  minutes: ' min',
  count: '',
  'per-week': ' / week',
  days: ' days',
  number: '',
};

/** A level of a metric in its own unit: `12.3%`, `34.2 min`, `2.31 / week`. */
export function level(value: number | null | undefined, measuredIn: MeasuredIn): string {
  const number = finite(value);
  if (number === null) return DASH;
  return measuredIn === 'share' ? percent(number, 2) : `${decimal(number, 3)}${UNIT[measuredIn]}`;
}

/** An absolute difference with its sign; of shares in percentage points: `+0.81 pp`. */
export function difference(value: number | null | undefined, measuredIn: MeasuredIn): string {
  const number = finite(value);
  if (number === null) return DASH;
  const text = measuredIn === 'share' ? percent(number, 2).replace('%', ' pp') : level(number, measuredIn);
  return number > 0 ? `+${text}` : text;
}

/** Both ends of an interval through one formatter; an open end is said in words. */
export function range(
  interval: Pick<Interval, 'lower' | 'upper'> | null,
  format: (value: number) => string,
): string {
  if (interval === null) return DASH;
  const lower = finite(interval.lower);
  const upper = finite(interval.upper);
  if (lower === null && upper === null) return 'unbounded';
  if (lower === null) return `up to ${format(upper ?? 0)}`;
  if (upper === null) return `from ${format(lower)}`;
  return `${format(lower)} to ${format(upper)}`;
}

/** Both ends of an absolute interval, the unit once: `+0.40 to +1.36 pp`. */
export function differenceRange(interval: Interval | null, measuredIn: MeasuredIn): string {
  const unit = measuredIn === 'share' ? ' pp' : UNIT[measuredIn];
  const bare = (value: number): string => difference(value, measuredIn).replace(unit, '');
  const text = range(interval, bare);
  return interval === null || text === 'unbounded' ? text : `${text}${unit}`;
}

const INTERVAL_NAME: Record<Interval['kind'], string> = {
  confidence: 'confidence interval',
  credible: 'credible interval',
  'always-valid': 'always-valid interval',
};

/** `95% always-valid interval`. */
export function intervalName(interval: Interval | null): string {
  if (interval === null) return 'no interval';
  return `${percent(interval.level, 0)} ${INTERVAL_NAME[interval.kind]}`;
}

const WHY_UNDEFINED: Record<string, string> = {
  no_cluster_form: 'This kind of metric has no error that knows of clusters',
  no_covariate: 'No value from before the experiment is known',
  no_strata: 'The units have no attribute of two values or more',
  means_only: 'This way adjusts means only, not ratios',
  insufficient_units: 'Too few units',
  zero_variance: 'The values do not vary',
  zero_baseline: 'The control is zero, so nothing can be relative to it',
  baseline_not_clear_of_zero: 'The control may be zero, so nothing can be relative to it',
  denominator_zero: 'The denominator is zero',
  no_events: 'It did not happen yet',
  insufficient_follow_up: 'Too few units were followed for long enough',
  burn_in: 'Too few units yet for an always-valid interval',
  not_finite: 'The values are too large to compute with',
};

/** Why something is undefined, in words; a code that is new to the dashboard stays readable. */
export const whyCode = (code: string): string => WHY_UNDEFINED[code] ?? code.replaceAll('_', ' ');

/** The reason why an effect shows a dash, or null where it doesn't. */
export function whyUndefined(effect: RelativeEffect): string | null {
  if (finite(effect.estimate) !== null) return null;
  const { reason } = effect;
  return reason === null ? 'Not enough data to compute this.' : whyCode(reason);
}

export type Direction = 'better' | 'worse' | 'unclear';

/** Whether the whole interval lies on one side of zero, read by what counts as better for the metric. */
export function direction(effect: RelativeEffect, betterWhen: 'higher' | 'lower'): Direction {
  const lower = finite(effect.interval?.lower);
  const upper = finite(effect.interval?.upper);
  if (lower !== null && lower > 0) return betterWhen === 'higher' ? 'better' : 'worse';
  if (upper !== null && upper < 0) return betterWhen === 'higher' ? 'worse' : 'better';
  return 'unclear';
}

/** `Lift +2.10%, 95% always-valid interval +0.40% to +3.80%`, for screen readers and captions. */
export function liftSentence(effect: Effect): string {
  const { relative } = effect;
  if (finite(relative.estimate) === null) return whyUndefined(relative) ?? DASH;
  return `Lift ${lift(relative.estimate)}, ${intervalName(relative.interval)} ${range(relative.interval, lift)}`;
}
