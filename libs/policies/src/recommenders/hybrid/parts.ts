import { DomainError } from '#experiments';
import type { Action, DecisionRequest, RecommenderPolicy } from '../../contract.js';
import { ease, easeRules } from '../ease.js';
import { factorModel } from '../graph/factors.js';
import type { FactorParams } from '../graph/factors.js';
import { netModel } from '../graph/net-model.js';
import type { NetParams } from '../graph/net-model.js';
import { scoreByRows } from '../item-to-item.js';
import type { ItemToItem, RowRules } from '../item-to-item.js';
import { markovKnn, markovRules } from '../markov-knn.js';
import { sequence } from '../sequence.js';
import type { TitleModel } from '../titles/model.js';
import { ridgeModel } from '../titles/ridge-model.js';
import type { RidgeParams } from '../titles/ridge-model.js';

export const PART_NAMES = ['ease', 'factors', 'ridge', 'net', 'markov', 'sequence'] as const;
export type PartName = (typeof PART_NAMES)[number];

export interface PartParams extends NetParams, FactorParams, RidgeParams {
  readonly lambda: number;
}

/** Lends a policy of rows to the blend: its rows are those of the table. */
function byRows<P>(
  policy: RecommenderPolicy<P, ItemToItem>,
  rulesOf: (params: P) => RowRules,
  paramsOf: (params: PartParams) => unknown,
): TitleModel<PartParams, ItemToItem> {
  return {
    ...byIds(policy, paramsOf),
    decode: (json, { table }) => {
      const state = policy.decode(json ?? null);
      if (state.items.length !== table.items.length)
        throw new DomainError('invalid_state', `${policy.key} knows other titles`, '/model/parts');
      return state;
    },
    compile: (state, { table }, params) => {
      const rules = rulesOf(policy.params.parse(paramsOf(params)));
      const scorer = scoreByRows(state, rules);
      const scores = new Float64Array(table.items.length);
      return (member, wanted) => {
        const liked = [...member].filter(([, weight]) => weight > 0).map(([index]) => index);
        const found = scorer(liked.slice(-rules.limit), Int32Array.from(wanted));
        wanted.forEach((index, k) => (scores[index] = found[k] as number));
        return (_title, index) => (index === undefined ? 0 : (scores[index] as number));
      };
    },
  };
}

/** Lends a policy that scores by ids to the blend: one that scores all wanted titles at once. */
function byIds<P, S>(
  policy: RecommenderPolicy<P, S>,
  paramsOf: (params: PartParams) => unknown,
): TitleModel<PartParams, S> {
  const own = (params: PartParams): P => policy.params.parse(paramsOf(params));
  return {
    fit: (data, _catalogue, params, rng, progress, checkpoints) =>
      policy.fit(data, own(params), rng, progress, checkpoints ? { checkpoints } : {}),
    encode: (state) => policy.encode(state),
    decode: (json) => policy.decode(json ?? null),
    compile: (state, { table }, params) => {
      const compiled = policy.compile(state, own(params));
      if (compiled.decides !== 'slate') throw new Error(`${policy.key} does not rank`);
      const actions = table.items.map((id): Action => ({ id, features: {} }));
      const scores = new Float64Array(actions.length);
      return (member, wanted) => {
        const liked = [...member].filter(([, weight]) => weight > 0);
        const history = liked.map(([index]) => table.items[index] as string);
        const asked = wanted.map((index) => actions[index] as Action);
        const request: DecisionRequest = {
          unitId: '',
          context: { history },
          actions: asked,
          subject: null,
          at: 0,
        };
        const found = compiled.scores(request);
        wanted.forEach((index, k) => (scores[index] = found[k] as number));
        return (_title, index) => (index === undefined ? 0 : (scores[index] as number));
      };
    },
  };
}

type Model = TitleModel<PartParams, unknown>;

/** What the blend is made of: by ids alone, by attributes alone, and both. */
export const PARTS: Readonly<Record<PartName, Model>> = {
  ease: byRows(ease, easeRules, ({ lambda }) => ({ lambda })) as Model,
  markov: byRows(markovKnn, markovRules, () => ({})) as Model,
  factors: factorModel as Model,
  ridge: ridgeModel as Model,
  net: netModel as Model,
  sequence: byIds(sequence, () => ({})) as Model,
};
