import type { LoggedRows, ModelValues, RewardModel } from './contract.js';
import type { Clusters } from './statistics.js';

export interface ModelChoice {
  readonly model: RewardModel;
  /** Already parsed by the model's own schema. */
  readonly params: unknown;
  /** Cluster g is judged by the model of fold g mod folds, fitted on the others. 1 fits and judges on the same rows. */
  readonly folds: number;
}

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
  const { of } = clusters;
  const foldOf = (row: number): number => (of ? (of[row] as number) : row) % choice.folds;
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
