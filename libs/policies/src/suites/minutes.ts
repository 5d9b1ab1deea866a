import type { Rng } from '#experiments';
import { addReward, noMoments } from '../bandits/decayed-moments.js';
import type { Moments } from '../bandits/decayed-moments.js';
import { normalPosterior } from '../bandits/normal-posterior.js';
import type { NormalPrior } from '../bandits/normal-posterior.js';
import { drawGamma } from '../sampling/beta.js';

/** Student draw: normal over the root of a chi-square per degree of freedom. */
export function drawStudent(location: number, scale: number, degrees: number, rng: Rng): number {
  return location + (scale * rng.normal()) / Math.sqrt((2 * drawGamma(degrees / 2, rng)) / degrees);
}

/**
 * Gaussian rewards with a mean and a deviation per arm, played by Thompson sampling with normal-inverse-gamma posteriors.
 * @returns cumulated pseudo-regret in the unit of the rewards.
 */
export function playMinutes(
  world: { readonly means: readonly number[]; readonly sds: readonly number[] },
  rounds: number,
  prior: NormalPrior,
  rng: Rng,
): number {
  const { means, sds } = world;
  const best = Math.max(...means);
  const moments: Moments[] = means.map(() => noMoments);
  let regret = 0;
  for (let t = 0; t < rounds; t++) {
    const { location, scale, degrees } = normalPosterior(moments, prior);
    let arm = 0;
    let most = -Infinity;
    for (let i = 0; i < means.length; i++) {
      const draw = drawStudent(location[i] as number, scale[i] as number, degrees[i] as number, rng);
      if (draw > most) {
        most = draw;
        arm = i;
      }
    }
    const reward = (means[arm] as number) + (sds[arm] as number) * rng.normal();
    moments[arm] = addReward(moments[arm] as Moments, reward, 0, null);
    regret += best - (means[arm] as number);
  }
  return regret;
}
