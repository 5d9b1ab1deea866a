import type { Effect } from '#metrics';

/** One day of one arm in a series: the effect with both of its intervals. */
export function pointOf(day: string, arm: string, effect: Effect): unknown {
  return {
    day,
    arm,
    estimate: effect.estimate,
    lower: effect.interval?.lower ?? null,
    upper: effect.interval?.upper ?? null,
    liftEstimate: effect.relative.estimate,
    liftLower: effect.relative.interval?.lower ?? null,
    liftUpper: effect.relative.interval?.upper ?? null,
    n: effect.control.n + effect.treatment.n,
  };
}
