import { defineParams } from '#experiments';
import { z } from 'zod';
import type { BanditPolicy, TrainingSet } from '../contract.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import {
  addDecisions,
  addOne,
  correctDecisions,
  decodeCounts,
  emptyCounts,
  encodeCounts,
  tallyKey,
  tallyOf,
} from './decayed-counts.js';
import type { DecayedCounts, Tally } from './decayed-counts.js';

const schema = z.object({
  halfLifeDays: halfLifeDaysField.default(14),
  smoothing: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe(
      'Reward every action is given in advance, so that new ones are not hopeless under exploration.',
    ),
  perSubject: perSubjectField.default(false),
});
type Params = z.output<typeof schema>;

function countHistory(data: TrainingSet, params: Params): DecayedCounts {
  const tallies = new Map<string, Tally>();
  let newest = 0;
  for (let row = 0; row < data.item.length; row++) {
    const id = data.items[data.item[row] as number] as string;
    const at = data.at[row] as number;
    const old = tallies.get(id) ?? { weight: 0, sum: 0, at };
    tallies.set(id, addOne(old, at, data.value[row] as number, params.halfLifeDays));
    newest = Math.max(newest, at);
  }
  return { at: newest, tallies };
}

/**
 * Ranks by time-decayed popularity: the rewards an action earned, each halved every half-life. The score is the log
 * of it, so that Plackett-Luce at temperature 1 shows actions in proportion to their popularity. Unlike a rate it
 * rewards being shown, which is what "most popular" means and why it belongs beside an exploring arm.
 */
export const mostPopular: BanditPolicy<Params, DecayedCounts> = {
  key: 'most-popular',
  title: 'Most popular',
  summary: 'Orders by what earned most rewards lately; old rewards fade by a half-life in days.',
  reference: 'Ji, Sun, Zhang, Li (2020), A re-visit of the popularity baseline in recommender systems',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => emptyCounts,
  update: (state, batch, params) => addDecisions(state, batch, params, (reward) => reward),
  correct: (state, batch, params) => correctDecisions(state, batch, params, (reward) => reward),
  warmStart: countHistory,
  encode: encodeCounts,
  decode: decodeCounts,
  compile: (state, params) => ({
    decides: 'slate',
    scores: ({ actions, subject }) =>
      Float64Array.from(actions, ({ id }) => {
        const { sum } = tallyOf(state, tallyKey(subject, id, params.perSubject), params.halfLifeDays);
        return Math.log(params.smoothing + Math.max(0, sum));
      }),
  }),
};
