import { probabilityBestBeta } from '../sampling/beta-best.js';
import { posteriorMeans } from './beta-posterior.js';
import type { BetaPosterior } from './beta-posterior.js';
import { mixUniform } from './counted-policy.js';
import type { SlotFiller } from './slate-chooser.js';

/** Above this many candidates one quadrature per slot would take too long; see slotsOf. */
const MOST_QUADRATURE = 40;
/** Where less than this of a distribution is left, its quadrature error shows. */
const SPENT = 1e-7;

/**
 * Thompson sampling of slates, a fresh draw per slot: each open action stands next with the probability that it is the
 * best of the open ones. With more than 40 candidates the law of the first slot is computed and the others are drawn
 * from it without replacement, which is as exact a propensity; where nothing of it is left, the highest mean stands next.
 * @param posteriorOf posterior of all actions for a slot.
 * @param epsilon share of slots that any open action fills.
 */
export function slotsOf(posteriorOf: (slot: number) => BetaPosterior, epsilon: number): SlotFiller {
  const scores = posteriorMeans(posteriorOf(0));
  let whole: Float64Array | null = null;
  const fill = (open: Uint32Array, slot: number): Float64Array => {
    if (scores.length <= MOST_QUADRATURE) {
      const { alpha, beta } = posteriorOf(slot);
      const of = (values: Float64Array): Float64Array => Float64Array.from(open, (i) => values[i] as number);
      return probabilityBestBeta(of(alpha), of(beta));
    }
    whole ??= probabilityBestBeta(posteriorOf(0).alpha, posteriorOf(0).beta);
    return successively(whole, scores, open);
  };
  return { scores, fill: (open, slot) => mixUniform(fill(open, slot), epsilon) };
}

function successively(whole: Float64Array, scores: Float64Array, open: Uint32Array): Float64Array {
  const left = open.reduce((sum, i) => sum + (whole[i] as number), 0);
  if (left > SPENT) return Float64Array.from(open, (i) => (whole[i] as number) / left);
  const top = open.reduce((most, i) => Math.max(most, scores[i] as number), -Infinity);
  const tied = open.filter((i) => scores[i] === top).length;
  return Float64Array.from(open, (i) => (scores[i] === top ? 1 / tied : 0));
}
