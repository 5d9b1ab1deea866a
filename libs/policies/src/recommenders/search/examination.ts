import type { ShownList } from '../../contract.js';

/** Places that are told apart; what stands lower is looked at as the last of them. */
export const PLACES = 20;
/** Greatest weight of one row: 1 / .02. */
const MOST_WEIGHT = 50;
/** Clicks that the prior counts for in each place. */
const PRIOR_CLICKS = 30;
const LEAST = 0.05;

/** Before anything is seen: the discount of DCG. */
export const priorExamination = (): Float64Array =>
  Float64Array.from({ length: PLACES }, (_, place) => 1 / Math.log2(place + 2));

/**
 * How often each place is looked at, relative to the first (position-based model; Craswell et al. 2008). Logged
 * propensities say how likely each title was to stand where it stood, so clicks weighed by 1 / propensity are those of a
 * log in which every title stands everywhere equally often, and there only the place differs (Joachims, Swaminathan,
 * Schnabel 2017). Rows that could not have been otherwise (propensity 1) say nothing of that and are left out; what is left
 * is mixed with the prior by its effective number of clicks.
 */
export function examinationOf(lists: readonly ShownList[]): Float64Array {
  const clicks = new Float64Array(PLACES);
  const squares = new Float64Array(PLACES);
  const shown = new Float64Array(PLACES);
  for (const { propensities, earned } of lists) {
    for (let i = 0; i < Math.min(PLACES, propensities.length); i++) {
      const p = propensities[i] as number;
      if (!(p > 0 && p < 1)) continue;
      const weight = Math.min(MOST_WEIGHT, 1 / p);
      shown[i] = (shown[i] as number) + weight;
      if (!((earned[i] as number) > 0)) continue;
      clicks[i] = (clicks[i] as number) + weight;
      squares[i] = (squares[i] as number) + weight * weight;
    }
  }
  return mixed(clicks, squares, shown);
}

function mixed(clicks: Float64Array, squares: Float64Array, shown: Float64Array): Float64Array {
  const examined = priorExamination();
  const first = rate(clicks[0] as number, shown[0] as number);
  if (first === 0) return examined;
  let before = 1;
  for (let i = 0; i < PLACES; i++) {
    const effective = (squares[i] as number) > 0 ? (clicks[i] as number) ** 2 / (squares[i] as number) : 0;
    const seen = rate(clicks[i] as number, shown[i] as number) / first;
    const mix = (effective * seen + PRIOR_CLICKS * (examined[i] as number)) / (effective + PRIOR_CLICKS);
    // Nobody looks at a lower place more than at a higher one.
    before = Math.max(LEAST, Math.min(before, mix));
    examined[i] = before;
  }
  return examined;
}

const rate = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

export const examinationAt = (examined: Float64Array, place: number): number =>
  examined[Math.min(place, PLACES - 1)] as number;
