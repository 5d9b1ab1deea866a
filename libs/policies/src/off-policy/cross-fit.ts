import { DomainError } from '#experiments';
import type { LoggedRows, ModelValues, RewardModel } from './contract.js';
import { rewardModelRegistry } from './reward-models/index.js';
import type { Clusters } from './statistics.js';

export interface ModelChoice {
  readonly model: RewardModel;
  /** Already parsed by the model's own schema. */
  readonly params: unknown;
  /** Cluster g is judged by the model of fold g mod folds, fitted on the others. 1 fits and judges on the same rows. */
  readonly folds: number;
}

/** What a caller may say of the reward model. */
export interface ModelOptions {
  readonly model?: { readonly key: string; readonly params?: unknown };
  readonly folds?: number;
}

/**
 * The model that was asked for; ridge where there is a context, else the mean per action.
 * @throws DomainError `invalid_params` for folds that there are not enough units for, `unknown_key`.
 */
export function modelChoice(hasContext: boolean, clusters: Clusters, options: ModelOptions): ModelChoice {
  const folds = options.folds ?? Math.min(5, clusters.count);
  if (!(Number.isInteger(folds) && folds >= 1 && folds <= clusters.count)) {
    throw new DomainError('invalid_params', `/folds: must be a whole number from 1 to the number of units`);
  }
  const model = rewardModelRegistry.get(options.model?.key ?? (hasContext ? 'ridge' : 'tabular'));
  return { model, params: model.params.parse(options.model?.params ?? {}), folds };
}

/** The fold that judges a row, by its unit. */
export const foldsOf = ({ of }: Clusters, folds: number): ((row: number) => number) => {
  return (row) => (of ? (of[row] as number) : row) % folds;
};

/**
 * Fits a reward model fold by fold and lets it speak of the rows that it has not seen (Chernozhukov et al. 2018).
 * Units are never split: what a model learned of a unit's other rows would leak into its own.
 */
export function crossFit(
  rows: LoggedRows,
  target: Float64Array,
  clusters: Clusters,
  choice: ModelChoice,
  rowWeight?: Float64Array,
): ModelValues {
  const n = rows.action.length;
  const { actions } = rows;
  const predicted = new Float64Array(n);
  const expected = new Float64Array(n);
  const q = new Float64Array(actions);
  const foldOf = foldsOf(clusters, choice.folds);
  const all = Uint32Array.from({ length: n }, (_, i) => i);
  for (let fold = 0; fold < choice.folds; fold++) {
    const training = choice.folds === 1 ? all : all.filter((row) => foldOf(row) !== fold);
    const predict = choice.model.fit(rows, training, rowWeight, choice.params);
    for (let row = 0; row < n; row++) {
      if (foldOf(row) !== fold) continue;
      predict(row, q);
      predicted[row] = q[rows.action[row] as number] as number;
      const base = row * actions;
      let sum = 0;
      for (let a = 0; a < actions; a++) sum += (target[base + a] as number) * (q[a] as number);
      expected[row] = sum;
    }
  }
  return { predicted, expected };
}
