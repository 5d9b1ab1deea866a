import type { Tally } from './decayed-counts.js';

/** How a linear score becomes an expected reward, and what a reward says about the score. */
export interface Link {
  /** Score that earns the mean of these rewards. */
  base(rewards: Tally): number;
  /** null where a reward is a measurement of the score itself: then the order of learning does not matter. */
  readonly curved: Curved | null;
}

export interface Curved {
  /** Expected reward of a score. */
  mean(score: number): number;
  /** Slope of `mean`, at least a little: the weight of one decision. */
  slope(mean: number): number;
  /** The reward in the range the model knows. */
  clip(reward: number): number;
}

/** Ridge regression: the score is the expected reward. */
export const identityLink: Link = {
  base: ({ weight, sum }) => (weight > 0 ? sum / weight : 0),
  curved: null,
};

const LARGEST_SCORE = 30;

export const sigmoid = (score: number): number =>
  1 / (1 + Math.exp(-Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, score))));

const clip = (reward: number): number => Math.max(0, Math.min(1, reward));

/** Logistic regression: the score is the logit of the expected reward; rewards are cut into [0, 1]. */
export const logitLink: Link = {
  base: ({ weight, sum }) => {
    const mean = (Math.max(0, Math.min(weight, sum)) + 0.5) / (weight + 1);
    return Math.log(mean / (1 - mean));
  },
  curved: { mean: sigmoid, slope: (mean) => Math.max(1e-4, mean * (1 - mean)), clip },
};
