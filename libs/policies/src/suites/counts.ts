import type { Rng } from '#experiments';
import { gammaPosterior } from '../bandits/thompson-poisson.js';
import { drawGamma } from '../sampling/beta.js';
import { lasting } from './evidence.js';
import { argmax } from './players.js';

const PRIOR = { priorShape: 1, priorRate: 1 };

/** Poisson draw by multiplying uniforms (Knuth); for small rates. */
function drawPoisson(rate: number, rng: Rng): number {
  const limit = Math.exp(-rate);
  let count = -1;
  for (let product = 1; product > limit; product *= rng.uniform()) count++;
  return count;
}

/** Poisson rewards played by Thompson sampling with Gamma posteriors. @returns cumulated pseudo-regret in events. */
export function playCounts(rates: readonly number[], rounds: number, rng: Rng): number {
  const evidence = lasting(rates.length);
  const best = Math.max(...rates);
  const draws = new Float64Array(rates.length);
  let regret = 0;
  for (let t = 0; t < rounds; t++) {
    const { shape, rate } = gammaPosterior(evidence, PRIOR);
    for (let i = 0; i < draws.length; i++)
      draws[i] = drawGamma(shape[i] as number, rng) / (rate[i] as number);
    const arm = argmax(draws, rng);
    const mean = rates[arm] as number;
    regret += best - mean;
    evidence.add(arm, drawPoisson(mean, rng));
  }
  return regret;
}

/**
 * What Lai and Robbins (1985) prove that every uniformly good policy loses in the long run, per ln T: the sum of gap over
 * divergence. At the horizons here Thompson sampling stays below it.
 */
export function poissonLaiRobbins(rates: readonly number[]): number {
  const best = Math.max(...rates);
  return rates
    .filter((rate) => rate < best)
    .reduce((sum, rate) => sum + (best - rate) / (rate * Math.log(rate / best) + best - rate), 0);
}
