import { z } from 'zod';
import { probabilityBestBeta } from '../sampling/beta-best.js';
import { bestArm, pairStatistic } from './best-arm.js';
import { betaBeliefs, betaPosterior, betaPriorFields, posteriorMeans } from './beta-posterior.js';
import { countedPolicy, lastingMemory, mixUniform, unitReward } from './counted-policy.js';
import type { Evidence } from './counted-policy.js';
import { perSubjectField } from './counting-params.js';

const schema = z.object({
  leaderShare: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe('Share of decisions for the likely best action; the rest go to its likely challenger.'),
  delta: z
    .number()
    .min(1e-9)
    .max(0.5)
    .default(0.05)
    .describe('Accepted probability to declare a wrong winner.'),
  afterWinner: z
    .enum(['play-winner', 'keep-testing'])
    .default('play-winner')
    .describe('What happens once a winner can be declared: play it, or go on comparing.'),
  epsilon: z
    .number()
    .min(0)
    .max(1)
    .default(0.02)
    .describe('Share of decisions taken uniformly at random, also after a winner is found.'),
  ...betaPriorFields,
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

/** Below this probability that the leader is not the best, the quadrature (error 1e-9) cannot tell the challengers apart. */
const SETTLED = 1e-7;

/**
 * Law of the challenger: the best of another draw, drawn again until it is not the leader, hence
 * sum over leaders j of alpha_j alpha_i / (1 - alpha_j). Where a leader is all but certain, its challengers are weighed
 * by exp(-GLR), to which their probabilities tend; whatever is played is what is logged.
 */
function challengers(alpha: Float64Array, evidence: Evidence): Float64Array {
  const p = new Float64Array(alpha.length);
  for (let leader = 0; leader < alpha.length; leader++) {
    const share = alpha[leader] as number;
    if (share === 0) continue;
    const rest = othersOf(alpha, leader);
    const odds = rest > SETTLED ? alpha : likelihoods(evidence, leader);
    const sum = rest > SETTLED ? rest : othersOf(odds, leader);
    for (let i = 0; i < alpha.length; i++) {
      if (i !== leader) p[i] = (p[i] as number) + (share * (odds[i] as number)) / sum;
    }
  }
  return p;
}

function othersOf(values: Float64Array, index: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) if (i !== index) sum += values[i] as number;
  return sum;
}

function likelihoods({ weight, sum }: Evidence, leader: number): Float64Array {
  const [n, s] = [weight[leader] as number, sum[leader] as number];
  const ratios = weight.map((w, i) => pairStatistic(n, s, w, sum[i] as number));
  const least = ratios.reduce((low, ratio, i) => (i === leader ? low : Math.min(low, ratio)), Infinity);
  return ratios.map((ratio) => Math.exp(least - ratio));
}

/** alpha_i [b + (1 - b) sum over j != i of alpha_j / (1 - alpha_j)]: Russo (2020), without its loop of draws. */
export function topTwoDistribution(evidence: Evidence, params: Params): Float64Array {
  const { alpha, beta } = betaPosterior(evidence, params);
  const best = probabilityBestBeta(alpha, beta);
  if (best.length < 2) return best;
  const { leaderShare } = params;
  const second = challengers(best, evidence);
  return best.map((p, i) => leaderShare * p + (1 - leaderShare) * (second[i] as number));
}

function playTopTwo(evidence: Evidence, params: Params): Float64Array {
  const { winner } = bestArm(evidence, params.delta);
  if (winner === null || params.afterWinner === 'keep-testing') return topTwoDistribution(evidence, params);
  return evidence.weight.map((_n, i) => (i === winner ? 1 : 0));
}

/** Top-two Thompson sampling for rewards in [0, 1], with Chernoff's stopping rule. */
export const topTwoThompson = countedPolicy({
  key: 'top-two-thompson',
  title: 'Top-two Thompson sampling',
  summary:
    'Finds the best action with the fewest decisions: compares the likely best with its likely challenger, and says when a winner can be declared. For yes-or-no rewards.',
  reference:
    'Russo (2020), Simple Bayesian algorithms for best-arm identification; Garivier and Kaufmann (2016)',
  schema,
  memory: lastingMemory,
  valueOf: unitReward,
  leastReward: 0,
  play: (evidence, params) => ({
    distribution: mixUniform(playTopTwo(evidence, params), params.epsilon),
    scores: posteriorMeans(betaPosterior(evidence, params)),
  }),
  beliefs: betaBeliefs,
  bestArm: (evidence, params) => bestArm(evidence, params.delta),
});
