import { z } from 'zod';
import { countedPolicy, fadingMemory, plainReward, total } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';

const schema = z.object({
  epsilon: z.number().min(0).max(1).default(0.1).describe('Share of decisions taken uniformly at random.'),
  decay: z
    .number()
    .positive()
    .max(1e9)
    .nullable()
    .default(null)
    .describe(
      'Let epsilon fall with the decisions t: min(1, decay * K / t) for K actions, never below epsilon. null: epsilon stays.',
    ),
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

/** p = epsilon / K + (1 - epsilon) / ties on the actions of the highest mean. Exact. */
export function epsilonGreedyDistribution(means: Float64Array, epsilon: number): Float64Array {
  let best = -Infinity;
  for (const mean of means) if (mean > best) best = mean;
  let ties = 0;
  for (const mean of means) if (mean === best) ties++;
  return means.map((mean) => epsilon / means.length + (mean === best ? (1 - epsilon) / ties : 0));
}

/** max(epsilon, min(1, decay K / t)) after `decisions` decisions (Auer, Cesa-Bianchi, Fischer 2002, figure 3). */
export function decayedEpsilon(
  { epsilon, decay }: { readonly epsilon: number; readonly decay: number | null },
  actions: number,
  decisions: number,
): number {
  if (decay === null) return epsilon;
  return Math.max(epsilon, Math.min(1, (decay * actions) / (decisions + 1)));
}

/** The action of the highest mean reward so far, or with probability epsilon any of them. */
export const epsilonGreedy = countedPolicy({
  key: 'epsilon-greedy',
  title: 'Epsilon-greedy',
  summary:
    'Mostly the action that earned most on average; in a share of decisions, fixed or falling, any action.',
  reference: 'Sutton and Barto (2018), Reinforcement Learning, section 2.2',
  schema,
  memory: fadingMemory,
  valueOf: plainReward,
  play: ({ weight, sum }, params) => {
    const prior = params.priorWeight * params.priorMean;
    const scores = weight.map((n, i) => ((sum[i] as number) + prior) / (n + params.priorWeight));
    const epsilon = decayedEpsilon(params, weight.length, total(weight));
    return { distribution: epsilonGreedyDistribution(scores, epsilon), scores };
  },
});
