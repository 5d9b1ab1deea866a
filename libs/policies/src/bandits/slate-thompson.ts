import { probabilityBestBeta, probabilityNextBeta } from '../sampling/beta-best.js';
import { posteriorMeans } from './beta-posterior.js';
import type { BetaPosterior } from './beta-posterior.js';
import { mixUniform } from './counted-policy.js';
import type { SlotFiller } from './slate-chooser.js';

/** Above this many candidates one quadrature per slot would take too long; see rankingSlots. */
const MOST_QUADRATURE = 40;
/** Where less than this of a distribution is left, its quadrature error shows. */
const SPENT = 1e-7;

/**
 * Thompson sampling of slates by one draw of all rates: each open action stands next with the probability that its rate
 * is the largest of the open ones, given that those above have larger ones. Every slot then has the law of the ranking
 * by one draw, and its propensity is exact. With more than 40 candidates the law of the first slot is computed and the
 * others are drawn from it without replacement, which is as exact a propensity; where nothing of it is left, the
 * highest mean stands next.
 * @param epsilon share of slots that any open action fills.
 */
export function rankingSlots(posterior: BetaPosterior, epsilon: number): SlotFiller {
  const { alpha, beta } = posterior;
  const scores = posteriorMeans(posterior);
  let whole: Float64Array | null = null;
  const fill = (open: Uint32Array): Float64Array => {
    if (scores.length > MOST_QUADRATURE)
      return successively((whole ??= probabilityBestBeta(alpha, beta)), scores, open);
    const taken = new Uint8Array(scores.length).fill(1);
    for (const i of open) taken[i] = 0;
    const next = probabilityNextBeta(alpha, beta, taken);
    return Float64Array.from(open, (i) => next[i] as number);
  };
  return { scores, fill: (open) => mixUniform(fill(open), epsilon) };
}

/**
 * A Thompson bandit of its own per slot: each open action stands there with the probability that it is the best of the
 * open ones. Long candidate lists as in rankingSlots.
 */
export function bestSlots(posteriorOf: (slot: number) => BetaPosterior, epsilon: number): SlotFiller {
  const scores = posteriorMeans(posteriorOf(0));
  const fill = (open: Uint32Array, slot: number): Float64Array => {
    const posterior = posteriorOf(slot);
    const of = (values: Float64Array): Float64Array => Float64Array.from(open, (i) => values[i] as number);
    if (scores.length <= MOST_QUADRATURE) return probabilityBestBeta(of(posterior.alpha), of(posterior.beta));
    return successively(
      probabilityBestBeta(posterior.alpha, posterior.beta),
      posteriorMeans(posterior),
      open,
    );
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
