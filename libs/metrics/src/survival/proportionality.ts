import { normalLogSf } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { coxRegression } from './cox.js';
import { isFollowUp, riskTable } from './risk-table.js';
import type { FollowUp } from './risk-table.js';

export interface HazardPart {
  readonly hazardRatio: number;
  readonly lower: number;
  readonly upper: number;
}

export interface Proportionality {
  /** Events up to and including this time are early; it is the median event time. */
  readonly splitTime: number;
  readonly early: HazardPart;
  readonly late: HazardPart;
  /** Two-sided, of equal hazard ratios before and after; small: one hazard ratio does not describe the arms. */
  readonly pValue: number;
}

/** The earliest time by which half of the events have happened; NaN without one. */
function medianEventTime(follow: FollowUp): number {
  const { time, events } = riskTable(follow);
  const half = events.reduce((a, b) => a + b, 0) / 2;
  let seen = 0;
  const at = events.findIndex((d) => (seen += d) >= half);
  return time[at] ?? NaN;
}

/** The entries that `keep` picks, censored at `split`. */
function part(
  follow: FollowUp,
  treated: ArrayLike<number>,
  keep: (entry: number) => boolean,
  split: number,
): { readonly follow: FollowUp; readonly treated: readonly number[] } {
  const entries = Array.from(follow.time, (_, entry) => entry).filter(keep);
  const pick = (values: ArrayLike<number>): number[] => entries.map((entry) => values[entry] as number);
  const time = pick(follow.time);
  return {
    follow: {
      time: time.map((t) => Math.min(t, split)),
      event: pick(follow.event).map((event, i) => ((time[i] as number) > split ? 0 : event)),
      ...(follow.count && { count: pick(follow.count) }),
    },
    treated: pick(treated),
  };
}

/**
 * Whether one hazard ratio describes two arms: Cox's regression (1972) on the events up to the median event time and
 * on those after it, and the normal test that both log hazard ratios are equal (a piecewise constant hazard ratio;
 * Collett 2015, section 4.4). The parts share no event, so that their estimates are uncorrelated.
 * @param follow units, or entries with counts; @param treated 0 for control, 1 for treatment.
 * Undefined: `no_events` (an arm without events in a part), and the reasons of `coxRegression`. Never throws.
 */
export function proportionalityCheck(
  follow: FollowUp,
  treated: ArrayLike<number>,
  alpha: number,
): Outcome<Proportionality> {
  if (!isFollowUp(follow) || !isProbability(alpha) || treated.length !== follow.time.length)
    return undefinedBecause('invalid_input');
  const splitTime = medianEventTime(follow);
  if (Number.isNaN(splitTime)) return undefinedBecause('no_events');
  const before = part(follow, treated, () => true, splitTime);
  const after = part(follow, treated, (entry) => (follow.time[entry] as number) > splitTime, Infinity);
  const early = coxRegression(before.follow, before.treated, { alpha });
  if (early.status !== 'ok') return early;
  const late = coxRegression(after.follow, after.treated, { alpha });
  // Nobody of an arm is followed beyond the split, or nothing happens there: for the reader the same.
  if (late.status !== 'ok')
    return undefinedBecause(late.reason === 'insufficient_units' ? 'no_events' : late.reason);
  const z =
    (late.logHazardRatio - early.logHazardRatio) / Math.hypot(late.standardError, early.standardError);
  const shown = ({ hazardRatio, lower, upper }: HazardPart): HazardPart => ({ hazardRatio, lower, upper });
  return {
    status: 'ok',
    splitTime,
    early: shown(early),
    late: shown(late),
    pValue: Math.min(1, 2 * Math.exp(normalLogSf(Math.abs(z)))),
  };
}
