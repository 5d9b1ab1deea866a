import type { SlotRule } from '../../contract.js';
import { symmetricEigen } from '../../linear-algebra/eigen.js';
import { slotGram, slotMarginals } from './law.js';

/** Eigenvalues below this share of the largest count as 0. */
const RANK_TOLERANCE = 1e-10;

/**
 * q_e' pinv(E_b[1 1']) over slot-item pairs, slots * items doubles: the weight of a slate is the sum over its pairs
 * (Swaminathan et al. 2017). Unbiased when the reward is a sum of what slot-item pairs give.
 */
export function pseudoInverseWeights(
  logged: SlotRule,
  target: SlotRule,
  items: number,
  slots: number,
): Float64Array {
  const n = slots * items;
  const wanted = slotMarginals(target, items, slots);
  const { values, vectors } = symmetricEigen(slotGram(logged, items, slots), n);
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  const weights = new Float64Array(n);
  for (let e = 0; e < n; e++) {
    const value = values[e] as number;
    if (value <= RANK_TOLERANCE * largest) continue;
    let along = 0;
    for (let i = 0; i < n; i++) along += (vectors[i * n + e] as number) * (wanted[i] as number);
    for (let i = 0; i < n; i++)
      weights[i] = (weights[i] as number) + ((vectors[i * n + e] as number) * along) / value;
  }
  return weights;
}
