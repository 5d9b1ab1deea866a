import { normalQuantile } from '../distributions/index.js';

/** What one group (a segment of members, a genre of titles) got: sums per member, since members are the units. */
export interface GroupSums {
  readonly group: string;
  /** How often the group was shown at all. */
  readonly exposure: number;
  /** Per member: how much of that has a settled reward, and the sum of those rewards. */
  readonly shown: ArrayLike<number>;
  readonly reward: ArrayLike<number>;
}

export interface GroupFigures {
  readonly group: string;
  readonly members: number;
  /** How often it was shown. */
  readonly shown: number;
  /** Of all that was shown; a title of several groups counts in each. */
  readonly exposureShare: number;
  /** Reward per thing shown and settled; null where nothing is. */
  readonly reward: number | null;
  /** Interval of `reward` by members as clusters; null below two members. */
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface WorstToBest {
  readonly worst: string;
  readonly best: string;
  /** Reward of the worst group over that of the best, in [0, 1] for rewards >= 0. */
  readonly ratio: number;
  /**
   * By the delta method on the logarithm, for all pairs of groups at once: the pair was chosen for being the furthest apart.
   * Where the worst got nothing, the ratios that its nothing does not refute. null where it cannot be had.
   */
  readonly lower: number | null;
  readonly upper: number | null;
  /** alarm: the whole interval is below the threshold. watch: the ratio is. ok: neither. */
  readonly state: 'ok' | 'watch' | 'alarm';
}

export interface GroupComparison {
  readonly groups: readonly GroupFigures[];
  /** null with its reason: fewer than two groups of enough members, or no reward in the best. */
  readonly ratio: WorstToBest | null;
  readonly reason: 'too_few_groups' | 'no_reward' | null;
}

interface Estimate {
  readonly group: string;
  readonly value: number;
  readonly variance: number;
  /** Things shown with a settled reward. */
  readonly shown: number;
}

/** Ratio of sums with the variance by members as clusters (Deng, Knoblich and Lu 2018): delta method, n - 1. */
function estimateOf({ group, shown, reward }: GroupSums): Estimate | null {
  const n = shown.length;
  let [sumShown, sumReward] = [0, 0];
  for (let i = 0; i < n; i++) {
    sumShown += shown[i] as number;
    sumReward += reward[i] as number;
  }
  if (n < 2 || !(sumShown > 0)) return null;
  const value = sumReward / sumShown;
  let square = 0;
  for (let i = 0; i < n; i++) square += ((reward[i] as number) - value * (shown[i] as number)) ** 2;
  return { group, value, variance: (square * n) / (n - 1) / sumShown ** 2, shown: sumShown };
}

const sumOf = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, one) => sum + one, 0);

/**
 * Exposure and reward per group, and the worst reward against the best.
 * @param total what was shown in all, for the shares.
 * @param options level of the intervals; least members of a group that is compared; alarm threshold of the ratio.
 */
export function compareGroups(
  sums: readonly GroupSums[],
  total: number,
  options: { readonly level: number; readonly leastMembers: number; readonly threshold: number },
): GroupComparison {
  const z = normalQuantile(0.5 + options.level / 2);
  const estimates = new Map(sums.map((one) => [one.group, estimateOf(one)]));
  const groups = sums.map((one): GroupFigures => {
    const settled = sumOf(one.shown);
    const estimate = estimates.get(one.group) ?? null;
    const half = estimate ? z * Math.sqrt(estimate.variance) : 0;
    return {
      group: one.group,
      members: one.shown.length,
      shown: one.exposure,
      exposureShare: total > 0 ? one.exposure / total : 0,
      reward: settled > 0 ? sumOf(one.reward) / settled : null,
      lower: estimate ? estimate.value - half : null,
      upper: estimate ? estimate.value + half : null,
    };
  });
  const compared = sums.flatMap((one) => {
    const estimate = estimates.get(one.group);
    return estimate && one.shown.length >= options.leastMembers ? [estimate] : [];
  });
  const ratio = worstToBest(compared, options);
  const why = compared.length < 2 ? 'too_few_groups' : 'no_reward';
  return { groups, ratio, reason: ratio ? null : why };
}

/** The groups are taken as independent, which makes the interval wide where members belong to both. */
function worstToBest(
  groups: readonly Estimate[],
  { level, threshold }: { readonly level: number; readonly threshold: number },
): WorstToBest | null {
  if (groups.length < 2) return null;
  const sorted = [...groups].sort((a, b) => a.value - b.value);
  const [worst, best] = [sorted[0] as Estimate, sorted.at(-1) as Estimate];
  if (!(best.value > 0)) return null;
  const pairs = (groups.length * (groups.length - 1)) / 2;
  const z = normalQuantile(1 - (1 - level) / (2 * pairs));
  const ratio = worst.value / best.value;
  const [lower, upper] = worst.value > 0 ? aroundRatio(worst, best, z) : aboveNothing(worst, best, z);
  const isSure = upper !== null && upper < threshold;
  return {
    worst: worst.group,
    best: best.group,
    ratio,
    lower,
    upper,
    state: isSure ? 'alarm' : ratio < threshold ? 'watch' : 'ok',
  };
}

function aroundRatio(worst: Estimate, best: Estimate, z: number): [number, number] {
  const spread = z * Math.sqrt(worst.variance / worst.value ** 2 + best.variance / best.value ** 2);
  const ratio = worst.value / best.value;
  return [ratio * Math.exp(-spread), ratio * Math.exp(spread)];
}

/**
 * A group without any reward has no variance of its own. If its reward were r times the best's, its variance would be about r
 * times the best's, over as much as it was shown: the largest r for which nothing lies within z standard errors of r times
 * the best (inverted score test).
 */
function aboveNothing(worst: Estimate, best: Estimate, z: number): [number | null, number | null] {
  const room = best.value ** 2 - z ** 2 * best.variance;
  return room > 0 ? [0, (z ** 2 * best.variance * best.shown) / worst.shown / room] : [null, null];
}
