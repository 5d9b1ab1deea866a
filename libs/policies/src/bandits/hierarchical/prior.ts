import type { Context } from '#experiments';
import type { Action } from '../../contract.js';
import { choleskyInPlace, invertCholesky } from '../../linear-algebra/cholesky.js';
import { eachFeature } from '../features.js';

/** Prior variances of the weights, on the scale of the log odds. */
export interface PriorVariances {
  /** What all actions have in common on one context feature. */
  readonly commonVariance: number;
  /** What action features explain, for an action of average size. */
  readonly sharedVariance: number;
  /** What is left to the single action. */
  readonly ownVariance: number;
}

/** Variance of the level that all actions share: a base rate between 0.3 % and 99.7 % is within two deviations. */
const LEVEL_VARIANCE = 9;

/** Features of one action, by name. */
export interface ActionFeatures {
  readonly names: readonly string[];
  readonly values: Float64Array;
}

/** At most `most` features; an action without any is told apart by its id. */
export function actionFeatures(action: Action, limit: number, most: number): ActionFeatures {
  const names: string[] = [];
  const values: number[] = [];
  const take = (name: string, value: number): void => {
    if (names.length === most || value === 0) return;
    names.push(name);
    values.push(value);
  };
  let features: Context = { id: action.id };
  for (const _key in action.features) features = action.features;
  eachFeature(features, limit, take);
  return { names, values: Float64Array.from(values) };
}

export function squaredSize({ values }: ActionFeatures): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function product(a: ActionFeatures, b: ActionFeatures): number {
  let sum = 0;
  a.names.forEach((name, i) => {
    const j = b.names.indexOf(name);
    if (j >= 0) sum += (a.values[i] as number) * (b.values[j] as number);
  });
  return sum;
}

/** Law of an unknown action's weights given those of the known ones: regression on them, and what is left over. */
export interface Conditional {
  /** Coefficients of the known actions' weights; `level` for the constant, `slope` for every other feature. */
  readonly level: Float64Array;
  readonly slope: Float64Array;
  readonly levelVariance: number;
  readonly slopeVariance: number;
}

/**
 * Hierarchical prior over the weights of m actions. On every context feature the m weights are jointly normal with
 * covariance K = common 11' + shared Z Z' / size + own I, where Z holds the actions' features: an action takes its
 * weights from what its features have earned elsewhere, plus something of its own. The coregionalisation of Bonilla,
 * Chai and Williams (2008), with the task features they suggest.
 * @param size mean squared size of the actions' features, > 0.
 */
export class HierarchicalPrior {
  /** K^-1 of the constant and of every other feature, m * m doubles. */
  readonly levelPrecision: Float64Array;
  readonly slopePrecision: Float64Array;

  constructor(
    private readonly actions: readonly ActionFeatures[],
    private readonly size: number,
    private readonly variances: PriorVariances,
  ) {
    const m = actions.length;
    const slope = new Float64Array(m * m);
    const level = new Float64Array(m * m);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j <= i; j++) {
        const value = this.covariance(actions[i] as ActionFeatures, actions[j] as ActionFeatures);
        slope[i * m + j] = value + (i === j ? variances.ownVariance : 0);
        level[i * m + j] = (slope[i * m + j] as number) + LEVEL_VARIANCE;
      }
    }
    choleskyInPlace(slope, m);
    choleskyInPlace(level, m);
    this.slopePrecision = invertCholesky(slope, m);
    this.levelPrecision = invertCholesky(level, m);
  }

  private covariance(a: ActionFeatures, b: ActionFeatures): number {
    return this.variances.commonVariance + (this.variances.sharedVariance * product(a, b)) / this.size;
  }

  /** What the model knows of an action it has never learned from. */
  given(features: ActionFeatures): Conditional {
    const m = this.actions.length;
    const cross = Float64Array.from(this.actions, (action) => this.covariance(features, action));
    const alone = this.covariance(features, features) + this.variances.ownVariance;
    const slope = times(this.slopePrecision, m, cross);
    const raised = cross.map((value) => value + LEVEL_VARIANCE);
    const level = times(this.levelPrecision, m, raised);
    let slopeVariance = alone;
    let levelVariance = alone + LEVEL_VARIANCE;
    for (let i = 0; i < m; i++) {
      slopeVariance -= (slope[i] as number) * (cross[i] as number);
      levelVariance -= (level[i] as number) * (raised[i] as number);
    }
    return {
      level,
      slope,
      levelVariance: Math.max(0, levelVariance),
      slopeVariance: Math.max(0, slopeVariance),
    };
  }
}

function times(matrix: Float64Array, n: number, v: Float64Array): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] as number) * (v[j] as number);
    out[i] = sum;
  }
  return out;
}
