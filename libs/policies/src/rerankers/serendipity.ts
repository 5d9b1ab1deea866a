import { defineParams } from '#experiments';
import { z } from 'zod';
import type { SlotRule } from '../contract.js';
import type { Wrapper } from '../wrappers/contract.js';
import { openByScore } from './order.js';

const schema = z.object({
  share: z.number().min(0).max(0.5).default(0.1).describe('Share of the slots that go to unexplored titles.'),
  first: z.int().min(1).max(500).default(1).describe('First place, from 1, that may be explored.'),
  last: z.int().min(1).max(500).default(500).describe('Last place that may be explored.'),
  feature: z
    .string()
    .max(100)
    .default('')
    .describe(
      'Feature that counts how often a title was shown. Empty: unexplored is what stands behind the head of the list.',
    ),
  below: z
    .number()
    .positive()
    .max(1e9)
    .default(100)
    .describe('Titles shown less often than this are unexplored; one without the feature counts 0.'),
  head: z.int().min(1).max(10_000).default(40).describe('Length of the head, where no feature is named.'),
});
type Params = z.output<typeof schema>;

/** (1 - share) rule + share * uniform over the unexplored titles that are left; the rule alone where none is left. */
function mixUniform(rule: SlotRule, isTarget: Uint8Array, { first, last, share }: Params): SlotRule {
  return (taken, into, place) => {
    rule(taken, into, place);
    if (place + 1 < first || place + 1 > last) return;
    let left = 0;
    for (let i = 0; i < taken.length; i++) if (taken[i] === 0 && isTarget[i] === 1) left++;
    if (left === 0) return;
    for (let i = 0; i < taken.length; i++) {
      const target = taken[i] === 0 && isTarget[i] === 1 ? share / left : 0;
      into[i] = (1 - share) * (into[i] as number) + target;
    }
  };
}

/** A slot is unexplored with a probability, whatever stands above it: each propensity is a mixture of two known ones. */
export const serendipity: Wrapper<Params> = {
  key: 'serendipity',
  title: 'Exploration slots',
  summary:
    'Draws a share of the slots from titles that were hardly shown, or that the list would never reach.',
  reference: 'Chen, Wang and others (2021), Values of user exploration in recommender systems',
  params: defineParams(schema),
  slots: (rule, ranking, params) => {
    const { below, feature, head } = params;
    const { actions } = ranking.request;
    const unexplored = new Uint8Array(actions.length);
    if (feature === '') for (const index of openByScore(ranking).subarray(head)) unexplored[index] = 1;
    else
      actions.forEach(({ features }, i) => {
        const shown = features[feature];
        unexplored[i] = Number(!(typeof shown === 'number' && shown >= below));
      });
    return mixUniform(rule, unexplored, params);
  },
};
