import type { Rng } from '#experiments';
import { bestArm } from '../bandits/best-arm.js';
import { noCells, observe } from '../bandits/change-detector.js';
import type { RewardCells } from '../bandits/change-detector.js';
import { decayedEpsilon } from '../bandits/epsilon-greedy.js';
import { plannedShares } from '../bandits/index-play.js';
import type { Index } from '../bandits/index-play.js';
import { klUcbIndex, ucb1Index } from '../bandits/indices.js';
import { topTwoDistribution } from '../bandits/top-two-thompson.js';
import { sampleIndex } from '../envelope.js';
import { drawBeta } from '../sampling/beta.js';
import { lasting } from './evidence.js';
import type { LiveEvidence } from './evidence.js';

/**
 * Plays a policy's law round by round without the service's requests, maps and JSON: Thompson policies draw from the
 * posterior whose probabilities the service computes, index policies call the service's index. players.spec.ts holds
 * the players to what is served.
 */
export interface Player {
  pick(): number;
  learn(arm: number, reward: number): void;
  /** Called before each batch, when what was learned before it becomes known. */
  refresh?(): void;
}

export type PlayerMaker = (arms: number, rng: Rng) => Player;
export type MemoryMaker = (arms: number) => LiveEvidence;

export const thompsonBetaPlayer =
  (memory: MemoryMaker = lasting, prior = 1): PlayerMaker =>
  (arms, rng) => {
    const evidence = memory(arms);
    return { pick: () => drawBest(evidence, prior, rng), learn: evidence.add };
  };

/** The largest of one draw of each Beta posterior. */
export function drawBest({ weight, sum }: LiveEvidence, prior: number, rng: Rng): number {
  let best = -1;
  let most = -1;
  for (let i = 0; i < weight.length; i++) {
    const s = sum[i] as number;
    const draw = drawBeta(prior + s, prior + Math.max(0, (weight[i] as number) - s), rng);
    if (draw > most) {
      most = draw;
      best = i;
    }
  }
  return best;
}

/** Position of the largest value; ties are broken at random. */
export function argmax(values: Float64Array, rng: Rng): number {
  let best = 0;
  let most = -Infinity;
  let ties = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value > most) {
      most = value;
      best = i;
      ties = 1;
    } else if (value === most && rng.uniform() * ++ties < 1) best = i;
  }
  return best;
}

/** Bounds of all arms in place, Infinity for those never played. `values` holds those of the round before. */
export type Bounds = (evidence: LiveEvidence, logTime: number, values: Float64Array) => void;

export const ucb1Bounds =
  (c: number): Bounds =>
  ({ weight, sum }, logTime, values) => {
    for (let i = 0; i < values.length; i++) {
      const n = weight[i] as number;
      values[i] = n > 1e-9 ? ucb1Index((sum[i] as number) / n, n, logTime, c) : Infinity;
    }
  };

export const klUcbBounds: Bounds = ({ weight, sum }, logTime, values) => {
  for (let i = 0; i < values.length; i++) {
    const n = weight[i] as number;
    values[i] = n > 0 ? klUcbIndex((sum[i] as number) / n, n, logTime, values[i]) : Infinity;
  }
};

/** The index policy itself, without uniform part and plan. */
export const indexPlayer =
  (bounds: Bounds, memory: MemoryMaker = lasting): PlayerMaker =>
  (arms, rng) => {
    const evidence = memory(arms);
    const values = new Float64Array(arms);
    return {
      pick: () => {
        let t = 1;
        for (let i = 0; i < arms; i++) t += evidence.weight[i] as number;
        bounds(evidence, Math.log(t), values);
        return argmax(values, rng);
      },
      learn: evidence.add,
    };
  };

/** The index policy as it is served: with its plan for the decisions of one snapshot. */
export const plannedIndexPlayer =
  (index: Index, planAhead: number): PlayerMaker =>
  (arms, rng) => {
    const evidence = lasting(arms);
    let shares = new Float64Array(arms);
    return {
      pick: () => sampleIndex(shares, rng),
      learn: evidence.add,
      refresh: () => void (shares = Float64Array.from(plannedShares(evidence, planAhead, index))),
    };
  };

export const epsilonGreedyPlayer =
  (epsilon: number, decay: number | null, priorMean = 0, priorWeight = 1): PlayerMaker =>
  (arms, rng) => {
    const evidence = lasting(arms);
    const means = new Float64Array(arms);
    const params = { epsilon, decay };
    let t = 0;
    return {
      pick: () => {
        if (rng.uniform() < decayedEpsilon(params, arms, t++)) return rng.below(arms);
        for (let i = 0; i < arms; i++) {
          const earned = (evidence.sum[i] as number) + priorMean * priorWeight;
          means[i] = earned / ((evidence.weight[i] as number) + priorWeight);
        }
        return argmax(means, rng);
      },
      learn: evidence.add,
    };
  };

/** Top-two Thompson sampling as it is served: the closed form, once per snapshot; then the winner, once there is one. */
export const topTwoPlayer =
  (delta: number): PlayerMaker =>
  (arms, rng) => {
    const evidence = lasting(arms);
    const params = {
      delta,
      leaderShare: 0.5,
      afterWinner: 'play-winner',
      epsilon: 0,
      priorAlpha: 1,
      priorBeta: 1,
      perSubject: true,
    } as const;
    let winner: number | null = null;
    let law = new Float64Array(0);
    return {
      pick: () => winner ?? sampleIndex(law, rng),
      learn: evidence.add,
      refresh: () => {
        winner = bestArm(evidence, delta).winner;
        if (winner === null) law = Float64Array.from(topTwoDistribution(evidence, params));
      },
    };
  };

/** Starts afresh for all arms when the detector finds that one has changed. */
export const changeDetectingPlayer =
  (delta: number, epsilon: number): PlayerMaker =>
  (arms, rng) => {
    const evidence = lasting(arms);
    const cells = new Array<RewardCells>(arms).fill(noCells);
    const restart = (arm: number): void => {
      cells.forEach((known, i) => {
        const kept = i === arm ? known : noCells;
        cells[i] = kept;
        evidence.weight[i] = kept.counts.reduce((sum, count) => sum + count, 0);
        evidence.sum[i] = kept.sums.reduce((sum, one) => sum + one, 0);
      });
    };
    return {
      pick: () => (rng.uniform() < epsilon ? rng.below(arms) : drawBest(evidence, 1, rng)),
      learn: (arm, reward) => {
        const seen = observe(cells[arm] as RewardCells, reward, delta);
        cells[arm] = seen.cells;
        evidence.add(arm, reward);
        if (seen.change !== null) restart(arm);
      },
    };
  };
