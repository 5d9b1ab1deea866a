/** The lot that a decision drew before its outcome was known. */
export interface Lot {
  /** What was chosen was not shown. */
  readonly withheld: boolean;
  /** Probability of the lot that was drawn; above 0. */
  readonly propensity: number;
}

/**
 * Reward that has the lift of showing as its mean, given the action and the context: with W = 1 for shown, p = P(shown)
 * and m the baseline, (Y - m) (W - p) / (p (1 - p)). This is the transformed outcome (Athey and Imbens 2015, Machine
 * learning methods for estimating heterogeneous causal effects; Horvitz and Thompson 1952) of an outcome that is centred by
 * what is expected without showing. The mean is right for every m that does not depend on this Y, however bad m is: the
 * probabilities are known, because the service drew the lots itself. A good m only makes the variance small, about
 * var(Y | shown) / p + var(Y | withheld) / (1 - p) instead of the second moments, which is as good as doubly robust
 * scores get but for terms of the size of the lift.
 *
 * Subtracting m from what was shown, and learning nothing else from what was withheld, looks steadier and is not: errors of
 * the first baselines stay in the rewards that they were subtracted from, all alike and invisible to the policy, which
 * gives up a good action for good. Here the policy sees the noise and goes on exploring.
 */
export const incrementalReward = (outcome: number, baseline: number, { withheld, propensity }: Lot): number =>
  (withheld ? baseline - outcome : outcome - baseline) / propensity;
