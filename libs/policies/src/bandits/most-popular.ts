import { defineParams } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { stateObject } from '../codec.js';
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
import { addToCells, cellFields, CellLifts, correctCells } from './popularity-cells.js';

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
  ...cellFields,
});
type Params = z.output<typeof schema>;

interface State {
  readonly popular: DecayedCounts;
  /** Rewards by segment, month and daypart, of all subjects together. */
  readonly cells: DecayedCounts;
}

function countHistory(data: TrainingSet, params: Params): State {
  const tallies = new Map<string, Tally>();
  let newest = 0;
  for (let row = 0; row < data.item.length; row++) {
    const id = data.items[data.item[row] as number] as string;
    const at = data.at[row] as number;
    const old = tallies.get(id) ?? { weight: 0, sum: 0, at };
    tallies.set(id, addOne(old, at, data.value[row] as number, params.halfLifeDays));
    newest = Math.max(newest, at);
  }
  const rewards = Array.from(data.item, (item, row) => ({
    decisionId: String(row),
    context: {},
    action: { id: data.items[item] as string, features: data.itemFeatures[item] ?? {} },
    at: data.at[row] as number,
    reward: data.value[row] as number,
  }));
  return { popular: { at: newest, tallies }, cells: addToCells(emptyCounts, rewards, params) };
}

function decode(json: Json): State {
  // Snapshots from before there were cells go on serving.
  const { cells = null } = stateObject(json);
  return { popular: decodeCounts(json), cells: cells === null ? emptyCounts : decodeCounts(cells) };
}

/**
 * Ranks by time-decayed popularity: the rewards an action earned, each halved every half-life. The score is the log
 * of it, so that Plackett-Luce at temperature 1 shows actions in proportion to their popularity. Unlike a rate it
 * rewards being shown, which is what "most popular" means and why it belongs beside an exploring arm.
 *
 * With `segmentBy`, `season` or `daypart` the popularity is multiplied by how much more than usual is earned in the
 * request's segment, month and daypart: observed over expected rewards, a Gamma-Poisson estimate that is shrunken to that
 * of the action's attribute (horror in October), and that to 1. History has times but no contexts, so a first state
 * from history knows seasons and UTC dayparts, but no segments.
 */
export const mostPopular: BanditPolicy<Params, State> = {
  key: 'most-popular',
  title: 'Most popular',
  summary:
    'Orders by what earned most rewards lately, if wanted by segment, season and time of day; old rewards fade by a half-life.',
  reference:
    'Ji, Sun, Zhang, Li (2020), A re-visit of the popularity baseline in recommender systems; ' +
    'DuMouchel (1999), Bayesian data mining in large frequency tables (shrunken lifts)',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => ({ popular: emptyCounts, cells: emptyCounts }),
  update: ({ popular, cells }, batch, params) => ({
    popular: addDecisions(popular, batch, params, (reward) => reward),
    cells: addToCells(cells, batch, params),
  }),
  correct: ({ popular, cells }, batch, params) => ({
    popular: correctDecisions(popular, batch, params, (reward) => reward),
    cells: correctCells(cells, batch, params),
  }),
  warmStart: countHistory,
  encode: ({ popular, cells }) => ({
    ...(encodeCounts(popular) as Record<string, Json>),
    ...(cells.tallies.size > 0 ? { cells: encodeCounts(cells) } : {}),
  }),
  decode,
  compile: ({ popular, cells }, params) => ({
    decides: 'slate',
    scores: ({ actions, at, context, subject }) => {
      const lifts = new CellLifts(cells, params, { at, context });
      return Float64Array.from(actions, ({ id, features }) => {
        const { sum } = tallyOf(popular, tallyKey(subject, id, params.perSubject), params.halfLifeDays);
        return Math.log(params.smoothing + Math.max(0, sum) * lifts.of(id, features));
      });
    },
  }),
};
