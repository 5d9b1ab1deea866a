import { column } from './contract.js';
import type { Evidence, ModelValues, TermBounds } from './contract.js';

/** qe + weight (r - q), the row terms of every doubly robust estimate. */
export function correctedBy(evidence: Evidence, model: ModelValues, weight: Float64Array): Float64Array {
  const { reward } = evidence.rows;
  const { predicted, expected } = model;
  return column(
    evidence,
    (i) =>
      (expected[i] as number) + (weight[i] as number) * ((reward[i] as number) - (predicted[i] as number)),
  );
}

/** Width of the range of one reward times a weight between 0 and 1. */
export function rewardSpan({ low, high }: TermBounds): number {
  return Math.max(high, 0) - Math.min(low, 0);
}

/** Width of the range of qe + w (r - q) for weights up to `largest`, given what the model said on this log. */
export function correctedRange(model: ModelValues, { low, high }: TermBounds, largest: number): number {
  const [leastQ, largestQ] = extremes(model.predicted);
  const [leastE, largestE] = extremes(model.expected);
  return largestE - leastE + largest * (Math.max(high - leastQ, 0) + Math.max(largestQ - low, 0));
}

export function extremes(values: Float64Array): readonly [number, number] {
  let least = Infinity;
  let largest = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    if (v < least) least = v;
    if (v > largest) largest = v;
  }
  return [least, largest];
}

/** Share of the total weight that a cap takes away. */
export function clippedMass(weight: Float64Array, limit: number): number {
  let total = 0;
  let cut = 0;
  for (let i = 0; i < weight.length; i++) {
    const w = weight[i] as number;
    total += w;
    if (w > limit) cut += w - limit;
  }
  return total > 0 ? cut / total : 0;
}

export function largestOf(values: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > largest) largest = values[i] as number;
  return largest;
}

/** Kish's effective sample size (sum w)^2 / sum w^2, of all rows or of those where `among` is not 0. */
export function effectiveSampleSize(weight: Float64Array, among?: Uint8Array): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < weight.length; i++) {
    if (among?.[i] === 0) continue;
    const w = weight[i] as number;
    sum += w;
    squares += w * w;
  }
  return squares > 0 ? (sum * sum) / squares : 0;
}
