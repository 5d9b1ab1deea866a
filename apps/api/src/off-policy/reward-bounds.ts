import type { RewardDefinition } from '../policies/reward.js';

type Measure = Pick<RewardDefinition, 'outcomes' | 'combine' | 'default' | 'min' | 'max'>;
type Range = readonly [low: number, high: number];

const clamped = (value: number, { min = -Infinity, max = Infinity }: Measure): number =>
  Math.min(Math.max(value, min), max);

/** What a position is worth that was seen and had no counting outcome. */
export const silenceOf = (measure: Measure): number => clamped(measure.default ?? 0, measure);

/**
 * Least and largest worth that the definition allows whatever clients send; null where there is no least or no largest:
 * an outcome worth its value without both `min` and `max`, a sum without them, and every incremental reward, which is
 * divided by the probability of its lot.
 */
export function rewardRangeOf(reward: RewardDefinition): Range | null {
  return reward.incremental ? null : measureRange(reward);
}

/** As rewardRangeOf, of the reward or of one of its signals. */
export function measureRange(measure: Measure): Range | null {
  const { combine, outcomes, default: silence = 0 } = measure;
  const worths = combine === 'any' ? [[1, 1] as const] : outcomes.map(worthRange);
  const lows = worths.map(([low]) => (combine === 'sum' && low < 0 ? -Infinity : low));
  const highs = worths.map(([, high]) => (combine === 'sum' && high > 0 ? Infinity : high));
  const low = clamped(Math.min(silence, ...lows), measure);
  const high = clamped(Math.max(silence, ...highs), measure);
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : null;
}

function worthRange({
  value,
  scale = 1,
  min = -Infinity,
  max = Infinity,
}: Measure['outcomes'][number]): Range {
  if (value === 'one') return [scale, scale];
  if (scale === 0) return [0, 0];
  // A value below `min` does not count; one above `max` counts as that.
  const ends = [Math.min(min, max) * scale, max * scale];
  return [Math.min(...ends), Math.max(...ends)];
}
