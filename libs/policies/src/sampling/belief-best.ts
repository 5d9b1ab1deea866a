import type { Belief } from '../contract.js';
import { IntegratedLaw, largestOf } from './integrated-law.js';

/** Where panels end, in deviations from the mean; in heavy tails further out, each time `GROWTH` as far. */
const DEVIATIONS = [0.5, 1, 2, 3.2, 5, 7.5];
const GROWTH = 1.6;
const FURTHEST = 1000;
/** Log density below the top that no longer matters. */
const NEGLIGIBLE = -30;

/** Actions up to which somebody who waits can be answered: the work grows with the square of their number. */
const MOST_ACTIONS = 50;

/** A belief, known by its log density up to a constant. */
class BeliefLaw extends IntegratedLaw {
  private readonly top: number;

  constructor(private readonly belief: Belief) {
    super(1, belief.sd);
    const { mean, sd, from = -Infinity, to = Infinity } = belief;
    const points = [mean, ...DEVIATIONS.flatMap((d) => [mean - d * sd, mean + d * sd])];
    const ends = new Set(points.map((x) => Math.min(to, Math.max(from, x))));
    const sorted = [...ends].sort((a, b) => a - b);
    const middles = sorted.slice(1).map((end, i) => (end + (sorted[i] as number)) / 2);
    this.top = Math.max(...[mean, ...middles].map((x) => belief.logDensity(x)).filter(Number.isFinite));
    for (const side of [-sd, sd]) {
      for (let d = GROWTH * 7.5; d < FURTHEST; d *= GROWTH) {
        if (!(belief.logDensity(mean + d * side) - this.top > NEGLIGIBLE)) break;
        ends.add(Math.min(to, Math.max(from, mean + d * side)));
      }
    }
    this.settle([...ends]);
  }

  protected densityAt(x: number): number {
    return Math.exp(this.belief.logDensity(x) - this.top);
  }
}

/**
 * Probability of each action to have the largest mean reward, by beliefs that are taken as independent: the integral of f_i
 * prod_{j != i} F_j. For showing what a policy believes; what it plays by is its own distribution. Good to about three
 * digits where a density has no bound (Beta with a parameter below 1), to 1e-5 elsewhere.
 * @returns null where a belief has no deviation to speak of, and for more than 50 actions.
 */
export function probabilityBestBelief(beliefs: readonly Belief[]): Float64Array | null {
  if (beliefs.length > MOST_ACTIONS) return null;
  if (beliefs.some(({ mean, sd }) => !Number.isFinite(mean) || !(sd > 0) || !Number.isFinite(sd)))
    return null;
  const laws = beliefs.map((belief) => new BeliefLaw(belief));
  const best = largestOf(laws, Uint32Array.from(laws.keys()));
  return best.every(Number.isFinite) ? best : null;
}
