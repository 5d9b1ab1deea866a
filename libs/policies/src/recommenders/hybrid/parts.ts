import type { Action, DecisionRequest, RecommenderPolicy } from '../../contract.js';
import { ease } from '../ease.js';
import { factorModel } from '../graph/factors.js';
import type { FactorParams } from '../graph/factors.js';
import { netModel } from '../graph/net-model.js';
import type { NetParams } from '../graph/net-model.js';
import { markovKnn } from '../markov-knn.js';
import { sequence } from '../sequence.js';
import type { TitleModel } from '../titles/model.js';
import { ridgeModel } from '../titles/ridge-model.js';
import type { RidgeParams } from '../titles/ridge-model.js';

export const PART_NAMES = ['ease', 'factors', 'ridge', 'net', 'markov', 'sequence'] as const;
export type PartName = (typeof PART_NAMES)[number];

export interface PartParams extends NetParams, FactorParams, RidgeParams {
  readonly lambda: number;
}

/** Lends a policy that scores by ids to the blend: one that scores all known titles at once. */
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
      return (member) => {
        const liked = [...member].filter(([, weight]) => weight > 0);
        const history = liked.map(([index]) => table.items[index] as string);
        const request: DecisionRequest = { unitId: '', context: { history }, actions, subject: null, at: 0 };
        const scores = compiled.scores(request);
        return (_title, index) => (index === undefined ? 0 : (scores[index] as number));
      };
    },
  };
}

type Model = TitleModel<PartParams, unknown>;

/** What the blend is made of: by ids alone, by attributes alone, and both. */
export const PARTS: Readonly<Record<PartName, Model>> = {
  ease: byIds(ease, ({ lambda }) => ({ lambda })) as Model,
  markov: byIds(markovKnn, () => ({})) as Model,
  factors: factorModel as Model,
  ridge: ridgeModel as Model,
  net: netModel as Model,
  sequence: byIds(sequence, () => ({})) as Model,
};
