import { z } from 'zod';
import { betaBeliefs, betaPriorFields, playThompsonBeta } from './beta-posterior.js';
import { countedPolicy, fadingMemory, unitReward } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import {
  addDecisions,
  correctDecisions,
  decodeCounts,
  emptyCounts,
  encodeCounts,
  tallyKey,
  tallyOf,
} from './decayed-counts.js';
import type { DecayedCounts } from './decayed-counts.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';

const schema = z.object({
  priorAlpha: z
    .number()
    .min(0.1)
    .max(1e9)
    .default(1)
    .describe('Successes of the Beta prior of every action.'),
  priorBeta: z.number().min(0.1).max(1e9).default(1).describe('Failures of the Beta prior of every action.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

interface Answer {
  readonly distribution: Float64Array;
  readonly means: Float64Array;
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
}

function answer(state: DecayedCounts, params: Params, request: DecisionRequest): Answer {
  const count = request.actions.length;
  const alpha = new Float64Array(count);
  const beta = new Float64Array(count);
  const means = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const { id } = request.actions[i] as { id: string };
    const tally = tallyOf(state, tallyKey(request.subject, id, params.perSubject), params.halfLifeDays);
    const a = params.priorAlpha + tally.sum;
    const b = params.priorBeta + Math.max(0, tally.weight - tally.sum);
    alpha[i] = a;
    beta[i] = b;
    means[i] = a / (a + b);
  }
  return { distribution: probabilityBestBeta(alpha, beta), means, alpha, beta };
}

const clip = (reward: number): number => Math.min(1, Math.max(0, reward));

/**
 * Thompson sampling for rewards in [0, 1]: each action is played with the probability that its mean is the largest
 * under independent Beta posteriors. A fractional reward counts as that much of a success; rewards outside [0, 1]
 * are clipped. Without context, so within a snapshot the distribution of a candidate list is computed once.
 */
export const thompsonBeta = countedPolicy({
  key: 'thompson-beta',
  title: 'Thompson sampling (Beta)',
  summary:
    'Plays each action as often as it is likely to be the best one. For yes-or-no rewards, without context.',
  reference: 'Thompson (1933); Chapelle and Li (2011), An empirical evaluation of Thompson sampling',
  schema: z.object({
    ...betaPriorFields,
    halfLifeDays: halfLifeDaysField.default(null),
    perSubject: perSubjectField,
  }),
  memory: fadingMemory,
  valueOf: unitReward,
  play: playThompsonBeta,
  beliefs: betaBeliefs,
});
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => emptyCounts,
  update: (state, batch, params) => addDecisions(state, batch, params, clip),
  correct: (state, batch, params) => correctDecisions(state, batch, params, clip),
  encode: encodeCounts,
  decode: decodeCounts,
  compile: (state, params) => {
    const remember = rememberBySubjectAndActions((request) => answer(state, params, request));
    return {
      decides: 'action',
      propensity: { kind: 'exact' },
      distribution: (request) => remember(request).distribution,
      scores: (request) => remember(request).means,
      beliefs: (request) => {
        const { alpha, beta } = remember(request);
        return Array.from(alpha, (a, i) => betaBelief(a, beta[i] as number));
      },
    };
  },
};
