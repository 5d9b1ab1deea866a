import type { Rng } from '#experiments';
import { bestArm } from '../bandits/best-arm.js';
import { topTwoDistribution } from '../bandits/top-two-thompson.js';
import { sampleIndex } from '../envelope.js';
import { drawBest } from './players.js';
import { lasting } from './evidence.js';
import type { LiveEvidence } from './evidence.js';

export type Allocation = 'top-two' | 'uniform' | 'thompson';

export interface Race {
  /** Decisions until a winner was declared, or the most that were allowed. */
  readonly pulls: number;
  readonly regret: number;
  /** null: unfinished. */
  readonly right: boolean | null;
}

const PARAMS = {
  leaderShare: 0.5,
  delta: 0.05,
  afterWinner: 'keep-testing',
  epsilon: 0,
  priorAlpha: 1,
  priorBeta: 1,
  perSubject: true,
} as const;

/** Pulls between two snapshots of the top-two policy. */
const BATCH = 20;

function picker(how: Allocation, evidence: LiveEvidence, rng: Rng): () => number {
  if (how === 'uniform') return () => rng.below(evidence.weight.length);
  if (how === 'thompson') return () => drawBest(evidence, 1, rng);
  let law = new Float64Array(0);
  let pulls = 0;
  return () => {
    if (pulls++ % BATCH === 0) law = Float64Array.from(topTwoDistribution(evidence, PARAMS));
    return sampleIndex(law, rng);
  };
}

/** Plays until the stopping rule declares a winner at delta = .05, looking after every reward. */
export function raceForBest(means: readonly number[], how: Allocation, most: number, rng: Rng): Race {
  const evidence = lasting(means.length);
  const best = Math.max(...means);
  const pick = picker(how, evidence, rng);
  let regret = 0;
  for (let pulls = 1; pulls <= most; pulls++) {
    const arm = pick();
    const mean = means[arm] as number;
    regret += best - mean;
    evidence.add(arm, rng.uniform() < mean ? 1 : 0);
    const { winner } = bestArm(evidence, PARAMS.delta);
    if (winner !== null) return { pulls, regret, right: means[winner] === best };
  }
  return { pulls: most, regret, right: null };
}
