import { defineParams } from '#experiments';
import { z } from 'zod';
import type { BanditPolicy, DecisionRequest } from '../contract.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import {
  addDecisions,
  decodeCounts,
  emptyCounts,
  encodeCounts,
  tallyKey,
  tallyOf,
} from './decayed-counts.js';
import type { DecayedCounts } from './decayed-counts.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';

const schema = z.object({
  epsilon: z.number().min(0).max(1).default(0.1).describe('Share of decisions taken uniformly at random.'),
  priorMean: z
    .number()
    .min(-1e9)
    .max(1e9)
    .default(0)
    .describe('Reward expected of an action nobody has seen.'),
  priorWeight: z
    .number()
    .positive()
    .max(1e9)
    .default(1)
    .describe('How many decisions the prior mean is worth; keeps one lucky reward from winning everything.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

function meanRewards(counts: DecayedCounts, params: Params, request: DecisionRequest): Float64Array {
  return Float64Array.from(request.actions, (action) => {
    const key = tallyKey(request.subject, action.id, params.perSubject);
    const { weight, sum } = tallyOf(counts, key, params.halfLifeDays);
    return (sum + params.priorWeight * params.priorMean) / (weight + params.priorWeight);
  });
}

/** p = epsilon / K + (1 - epsilon) / ties on the actions of the highest mean. Exact. */
export function epsilonGreedyDistribution(means: Float64Array, epsilon: number): Float64Array {
  let best = -Infinity;
  for (const mean of means) if (mean > best) best = mean;
  let ties = 0;
  for (const mean of means) if (mean === best) ties++;
  return means.map((mean) => epsilon / means.length + (mean === best ? (1 - epsilon) / ties : 0));
}

/** The action of the highest mean reward so far, or with probability epsilon any of them. */
export const epsilonGreedy: BanditPolicy<Params, DecayedCounts> = {
  key: 'epsilon-greedy',
  title: 'Epsilon-greedy',
  summary: 'Mostly the action that earned most on average; in a fixed share of decisions any action.',
  reference: 'Sutton and Barto (2018), Reinforcement Learning, section 2.2',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => emptyCounts,
  update: (state, batch, params) => addDecisions(state, batch, params, (reward) => reward),
  encode: encodeCounts,
  decode: decodeCounts,
  compile: (state, params) => {
    const remember = rememberBySubjectAndActions((request) => {
      const means = meanRewards(state, params, request);
      return { means, distribution: epsilonGreedyDistribution(means, params.epsilon) };
    });
    return {
      decides: 'action',
      propensity: { kind: 'exact' },
      distribution: (request) => remember(request).distribution,
      scores: (request) => remember(request).means,
    };
  },
};
