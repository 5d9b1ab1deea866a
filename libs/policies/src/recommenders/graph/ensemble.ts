import type { Json } from '#experiments';
import { stateObject } from '../../codec.js';
import { Stages } from '../stages.js';
import type { Catalogue, MemberModel, TitleModel, TitleScorer } from '../titles/model.js';
import { ridgeModel } from '../titles/ridge-model.js';
import type { RidgeParams } from '../titles/ridge-model.js';
import { factorModel } from './factors.js';
import type { FactorParams } from './factors.js';
import { netModel } from './net-model.js';
import type { NetParams } from './net-model.js';

export interface EnsembleParams extends NetParams, FactorParams, RidgeParams {
  readonly partWeights: Readonly<Record<'net' | 'factors' | 'ridge', number>>;
}

type Part = keyof EnsembleParams['partWeights'];
type PartModel = TitleModel<EnsembleParams, unknown>;

const PARTS: Readonly<Record<Part, PartModel>> = {
  net: netModel as PartModel,
  factors: factorModel as PartModel,
  ridge: ridgeModel as PartModel,
};
const NAMES = Object.keys(PARTS) as readonly Part[];

/** Titles that the scale of a part's scores is taken from. */
const SCALE_TITLES = 500;

/** Every k-th title of which something is known. */
export function scaleTitles({ table, reader }: Catalogue, most = SCALE_TITLES): number[] {
  const described = [...table.items.keys()].filter((i) => reader.known(i).columns.length > 0);
  const step = Math.max(1, Math.ceil(described.length / most));
  return described.filter((_, i) => i % step === 0);
}

/** The scorer with mean 0 and standard deviation 1 over the given titles; 0 throughout where it tells none apart. */
export function standardised(
  scorer: TitleScorer,
  { reader }: Catalogue,
  titles: readonly number[],
): TitleScorer {
  const scores = titles.map((i) => scorer(reader.known(i), i));
  const n = Math.max(1, scores.length);
  const mean = scores.reduce((sum, value) => sum + value, 0) / n;
  const variance = scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  const inverse = variance > 1e-24 * mean * mean ? 1 / Math.sqrt(variance) : 0;
  return (title, index) => inverse * (scorer(title, index) - mean);
}

/**
 * The net, the factors and a ridge per member, which err differently, by the weighted sum of their standardised
 * scores. Jahrer, Töscher, Legenstein (2010), Combining predictions for accurate recommender systems.
 */
export const ensembleModel: TitleModel<EnsembleParams, Readonly<Record<Part, unknown>>> = {
  fit: (data, catalogue, params, rng, progress, checkpoints) => {
    const stages = new Stages(checkpoints);
    const fitted = NAMES.map((name, k) => {
      const report = (share: number): void => progress((k + share) / NAMES.length);
      const part = stages.run(name, (own) =>
        PARTS[name].fit(data, catalogue, params, rng.fork(name), report, own),
      );
      return [name, part] as const;
    });
    return Object.fromEntries(fitted) as Record<Part, unknown>;
  },
  encode: (state) => Object.fromEntries(NAMES.map((name) => [name, PARTS[name].encode(state[name])])),
  decode: (json, catalogue) => {
    const stored = stateObject(json ?? null);
    const part = (name: Part): unknown => PARTS[name].decode(stored[name] as Json | undefined, catalogue);
    return Object.fromEntries(NAMES.map((name) => [name, part(name)])) as Record<Part, unknown>;
  },
  compile: (state, catalogue, params): MemberModel => {
    const titles = scaleTitles(catalogue);
    const parts = NAMES.filter((name) => params.partWeights[name] > 0).map((name) => ({
      model: PARTS[name].compile(state[name], catalogue, params),
      weight: params.partWeights[name],
    }));
    const answer = (member: ReadonlyMap<number, number>, wanted: readonly number[]): TitleScorer => {
      const asked = [...wanted, ...titles];
      const scorers = parts.map(({ model, weight }) => ({
        score: standardised(model(member, asked), catalogue, titles),
        weight,
      }));
      return (title, index) =>
        scorers.reduce((sum, { score, weight }) => sum + weight * score(title, index), 0);
    };
    // The net finds titles, all parts together rank them.
    const vectors = parts.find(({ model }) => model.vectors)?.model.vectors;
    return vectors ? Object.assign(answer, { vectors }) : answer;
  },
};
