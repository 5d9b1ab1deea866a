import { bernoulliKl } from './indices.js';
import type { Evidence } from './counted-policy.js';

/** Whether a winner can be declared. Indices are positions in the evidence. */
export interface BestArm {
  /** The action that is the best with the asked-for confidence; null while the evidence does not say so. */
  readonly winner: number | null;
  /** Highest mean so far, and the action that is hardest to tell from it; null with fewer than two actions. */
  readonly leader: number | null;
  readonly runnerUp: number | null;
  /** Generalised likelihood ratio of leader against runner-up, in nats, and what it must exceed. */
  readonly statistic: number;
  readonly threshold: number;
}

/**
 * Pairwise generalised likelihood ratio n_a kl(m_a, m_ab) + n_b kl(m_b, m_ab), m_ab the pooled rate: how much better
 * the data are explained by two rates than by one.
 */
export function pairStatistic(nA: number, sumA: number, nB: number, sumB: number): number {
  if (nA <= 0 || nB <= 0) return 0;
  const pooled = (sumA + sumB) / (nA + nB);
  return nA * bernoulliKl(sumA / nA, pooled) + nB * bernoulliKl(sumB / nB, pooled);
}

/**
 * Chernoff's stopping rule for the best arm (Garivier and Kaufmann 2016): the leader wins once its ratio against
 * every other action exceeds ln((1 + ln t) / delta), t the decisions so far. May be looked at after every reward.
 * @param evidence decisions and summed rewards in [0, 1] per action.
 * @param delta accepted probability to declare a wrong winner, in (0, 1).
 */
export function bestArm({ weight, sum }: Evidence, delta: number): BestArm {
  let t = 0;
  let leader = -1;
  let highest = -Infinity;
  for (let i = 0; i < weight.length; i++) {
    const n = weight[i] as number;
    t += n;
    const mean = n > 0 ? (sum[i] as number) / n : -Infinity;
    if (mean > highest) {
      highest = mean;
      leader = i;
    }
  }
  const threshold = Math.log((1 + Math.log(Math.max(1, t))) / delta);
  if (leader < 0 || weight.length < 2)
    return { winner: null, leader: null, runnerUp: null, statistic: 0, threshold };
  let runnerUp = -1;
  let statistic = Infinity;
  for (let i = 0; i < weight.length; i++) {
    if (i === leader) continue;
    const ratio = pairStatistic(
      weight[leader] as number,
      sum[leader] as number,
      weight[i] as number,
      sum[i] as number,
    );
    if (ratio < statistic) {
      statistic = ratio;
      runnerUp = i;
    }
  }
  return { winner: statistic > threshold ? leader : null, leader, runnerUp, statistic, threshold };
}
