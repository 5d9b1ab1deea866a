import { createRng } from '#experiments';
import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { leastSquares } from '../linear/least-squares.js';

export interface CupacOptions {
  /** Parts into which the units fall; each is predicted by a model of all others. Default 5. */
  readonly folds?: number;
  /** Of the random split; the same seed gives the same covariate. */
  readonly seed?: string;
}

/**
 * CUPAC: one covariate out of many features from before the experiment, to be used like any other in CUPED. It is a
 * linear prediction of the outcome, fitted over all arms together without their names, and cross-fitted: no unit is
 * predicted by a model that has seen its own outcome, so that the covariate stays independent of the assignment.
 * Tang et al. 2020 (DoorDash, CUPAC); cross-fitting after Jin and Ba 2023, Technometrics 65(1).
 * @param y outcome of each of n units, all arms.
 * @param features p arrays of n numbers known before the units' first exposure.
 * @returns n predictions; `insufficient_units` where a fold would leave fewer than two units per coefficient,
 * `not_finite` where an input is not a finite number.
 */
export function cupacCovariate(
  y: Float64Array,
  features: readonly Float64Array[],
  { folds = 5, seed = 'cupac' }: CupacOptions = {},
): Computed<Float64Array> {
  const n = y.length;
  if (features.some((feature) => feature.length !== n))
    throw new RangeError(`every feature must have ${n} values, one per unit`);
  if (!y.every(Number.isFinite) || !features.every((feature) => feature.every(Number.isFinite)))
    return notComputed('not_finite');
  if (features.length === 0 || n - Math.ceil(n / folds) < 2 * (features.length + 1))
    return notComputed('insufficient_units');
  const centre = mean(y);
  const centred = features.map((feature) => {
    const middle = mean(feature);
    return feature.map((value) => value - middle);
  });
  const fold = foldsOf(n, folds, seed);
  const prediction = new Float64Array(n);
  for (let k = 0; k < folds; k++) {
    const others = indexesWhere(fold, (of) => of !== k);
    const pick = (values: Float64Array): Float64Array =>
      Float64Array.from(others, (i) => values[i] as number);
    const { coefficients } = leastSquares(
      [new Float64Array(others.length).fill(1), ...centred.map(pick)],
      pick(y).map((value) => value - centre),
    );
    for (const i of indexesWhere(fold, (of) => of === k)) {
      let value = centre + (coefficients[0] as number);
      for (const [j, feature] of centred.entries())
        value += (coefficients[j + 1] as number) * (feature[i] as number);
      prediction[i] = value;
    }
  }
  return computed(prediction);
}

const mean = (values: Float64Array): number => {
  let middle = 0;
  values.forEach((value, i) => (middle += (value - middle) / (i + 1)));
  return middle;
};

/** Folds of equal size (to one unit) in random order. */
function foldsOf(n: number, folds: number, seed: string): Uint8Array {
  const rng = createRng(seed);
  const fold = Uint8Array.from({ length: n }, (_, i) => i % folds);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(rng.uniform() * (i + 1));
    [fold[i], fold[j]] = [fold[j] as number, fold[i] as number];
  }
  return fold;
}

function indexesWhere(fold: Uint8Array, holds: (of: number) => boolean): number[] {
  const found: number[] = [];
  fold.forEach((of, i) => {
    if (holds(of)) found.push(i);
  });
  return found;
}
