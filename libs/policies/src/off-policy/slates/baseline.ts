import { foldsOf } from '../cross-fit.js';
import type { ModelChoice } from '../cross-fit.js';
import type { RowPrediction } from '../contract.js';
import type { Clusters } from '../statistics.js';
import type { SlateRows } from './contract.js';
import { NO_ACTION } from './logged.js';
import type { LoggedSlates } from './logged.js';

type Baseline = NonNullable<SlateRows['baseline']>;

/**
 * Expected reward from each slot on under the candidate, fitted from the last slot up: the reward of a slot plus what
 * the model of the next one expects (Kiyohara et al. 2022, section 4). Every fold has the whole recursion to itself, so
 * a slate is judged by models that have seen nothing of its unit.
 * @param target n * slots * K, as slateRowsOf.
 */
export function cascadeBaseline(
  log: LoggedSlates,
  target: Float64Array,
  clusters: Clusters,
  choice: ModelChoice,
): Baseline {
  const { n, slots } = log;
  const baseline = { predicted: new Float64Array(n * slots), expected: new Float64Array(n * slots) };
  const foldOf = foldsOf(clusters, choice.folds);
  for (let fold = 0; fold < choice.folds; fold++) {
    const isJudged = (row: number): boolean => foldOf(row) === fold;
    recursion(log, target, choice, isJudged, baseline);
  }
  return baseline;
}

function recursion(
  log: LoggedSlates,
  target: Float64Array,
  choice: ModelChoice,
  isJudged: (row: number) => boolean,
  into: Baseline,
): void {
  const { n, slots } = log;
  /** Expected reward from the slot below on. */
  let below = new Float64Array(n);
  for (let k = slots - 1; k >= 0; k--) {
    const predict = fitSlot(log, k, below, choice, isJudged);
    const here = new Float64Array(n);
    const q = new Float64Array(log.actions);
    for (let row = 0; row < n; row++) {
      const at = row * slots + k;
      const action = log.action[at] as number;
      if (action === NO_ACTION) continue;
      predict(row, q);
      const base = at * log.actions;
      let sum = 0;
      for (let a = 0; a < q.length; a++) sum += (target[base + a] as number) * (q[a] as number);
      here[row] = sum;
      if (!isJudged(row)) continue;
      into.predicted[at] = q[action] as number;
      into.expected[at] = sum;
    }
    below = here;
  }
}

function fitSlot(
  { n, slots, actions, action, propensity, reward, context }: LoggedSlates,
  k: number,
  below: Float64Array,
  { model, params, folds }: ModelChoice,
  isJudged: (row: number) => boolean,
): RowPrediction {
  const at = (row: number): number => row * slots + k;
  const training: number[] = [];
  for (let row = 0; row < n; row++)
    if (action[at(row)] !== NO_ACTION && (folds === 1 || !isJudged(row))) training.push(row);
  const rows = {
    actions,
    action: Uint32Array.from({ length: n }, (_, row) => action[at(row)] as number),
    propensity: Float64Array.from({ length: n }, (_, row) => propensity[at(row)] as number),
    reward: Float64Array.from(
      { length: n },
      (_, row) => (reward[at(row)] as number) + (below[row] as number),
    ),
    ...(context ? { context } : {}),
  };
  return model.fit(rows, Uint32Array.from(training), undefined, params);
}
