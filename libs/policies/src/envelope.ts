import { DomainError } from '#experiments';
import type { Rng } from '#experiments';

const SUM_TOLERANCE = 1e-9;

function reject(message: string): never {
  throw new DomainError('invalid_distribution', message);
}

/**
 * Checks what a plug-in returned, whatever the plug-in is.
 * @throws DomainError `invalid_distribution` unless there are `length` finite numbers >= 0 that sum to 1 within 1e-9.
 */
export function checkDistribution(probabilities: Float64Array, length: number): void {
  if (probabilities.length !== length) {
    reject(`the policy gave ${probabilities.length} probabilities for ${length} actions`);
  }
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const p = probabilities[i] as number;
    // Written so that NaN fails too.
    if (!(p >= 0 && p <= 1 + SUM_TOLERANCE)) reject(`the probability of action ${i} is ${p}`);
    sum += p;
  }
  if (Math.abs(sum - 1) > SUM_TOLERANCE) reject(`the probabilities sum to ${sum}`);
}

/** @throws DomainError `invalid_distribution` unless there is one finite score per action. */
export function checkScores(scores: Float64Array, length: number): void {
  if (scores.length !== length) reject(`the policy gave ${scores.length} scores for ${length} actions`);
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(scores[i])) reject(`the score of action ${i} is ${scores[i]}`);
  }
}

/**
 * Raises every open action to at least `floor`: p' = f + (1 - n f) p over the n actions not yet taken. Additive, so
 * that ratios of what lies above the floor stay. A floor that n actions cannot all have (n f > 1) becomes 1/n.
 * @param taken 1 for the actions that are taken; null when none is.
 */
export function applyFloor(
  probabilities: Float64Array,
  taken: Uint8Array | null,
  open: number,
  floor: number,
): void {
  if (!(floor > 0)) return;
  const f = Math.min(floor, 1 / open);
  const rest = Math.max(0, 1 - open * f);
  for (let i = 0; i < probabilities.length; i++) {
    if (taken === null || taken[i] === 0) probabilities[i] = f + rest * (probabilities[i] as number);
  }
}

/** Draws an index by inversion; an index of probability 0 is never drawn. */
export function sampleIndex(probabilities: Float64Array, rng: Rng): number {
  let left = rng.uniform();
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i] as number;
    if (p <= 0) continue;
    last = i;
    left -= p;
    if (left < 0) return i;
  }
  return last;
}
