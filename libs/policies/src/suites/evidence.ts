import type { Evidence } from '../bandits/counted-policy.js';

/** Evidence that changes in place: what a policy's state is to a simulation of millions of rounds. */
export interface LiveEvidence extends Evidence {
  add(arm: number, reward: number): void;
}

/** Nothing is forgotten. */
export function lasting(arms: number): LiveEvidence {
  const weight = new Float64Array(arms);
  const sum = new Float64Array(arms);
  return {
    weight,
    sum,
    add(arm, reward) {
      weight[arm] = (weight[arm] as number) + 1;
      sum[arm] = (sum[arm] as number) + reward;
    },
  };
}

/** Each round all evidence counts `factor` of what it did: a half-life of ln(1/2) / ln(factor) rounds. */
export function fading(arms: number, factor: number): LiveEvidence {
  const live = lasting(arms);
  return {
    ...live,
    add(arm, reward) {
      for (let i = 0; i < arms; i++) {
        live.weight[i] = (live.weight[i] as number) * factor;
        live.sum[i] = (live.sum[i] as number) * factor;
      }
      live.add(arm, reward);
    },
  };
}

/** The last `rounds` rounds alone. */
export function sliding(arms: number, rounds: number): LiveEvidence {
  const live = lasting(arms);
  const played = new Int32Array(rounds).fill(-1);
  const earned = new Float64Array(rounds);
  let next = 0;
  return {
    ...live,
    add(arm, reward) {
      const old = played[next] as number;
      if (old >= 0) {
        live.weight[old] = (live.weight[old] as number) - 1;
        live.sum[old] = (live.sum[old] as number) - (earned[next] as number);
      }
      played[next] = arm;
      earned[next] = reward;
      next = (next + 1) % rounds;
      live.add(arm, reward);
    },
  };
}
