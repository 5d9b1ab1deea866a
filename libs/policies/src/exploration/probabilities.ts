/**
 * Top-two sampling without its resampling loop: the best of one draw with probability `leaderShare`, else the best of
 * further draws that is another action: alpha_i [b + (1 - b) sum_{j != i} alpha_j / (1 - alpha_j)] (Russo 2016).
 * @param best probability of each action to be the best.
 */
export function topTwoProbabilities(best: Float64Array, leaderShare: number): Float64Array {
  const odds = best.map((a) => (a < 1 ? a / (1 - a) : 0));
  const certain = best.findIndex((a) => a >= 1);
  if (certain >= 0) return best.slice();
  const total = odds.reduce((sum, value) => sum + value, 0);
  return best.map((a, i) => a * (leaderShare + (1 - leaderShare) * (total - (odds[i] as number))));
}

/**
 * Inverse-gap weighting (Foster and Rakhlin 2020, SquareCB): 1 / (K + gamma gap) for every action but the best, which
 * gets the rest. The first of several best ones counts as the best.
 */
export function inverseGapProbabilities(score: Float64Array, gamma: number): Float64Array {
  const best = score.reduce((at, value, i) => (value > (score[at] as number) ? i : at), 0);
  const top = score[best] as number;
  const p = score.map((value) => 1 / (score.length + gamma * (top - value)));
  let others = 0;
  for (let i = 0; i < p.length; i++) if (i !== best) others += p[i] as number;
  p[best] = 1 - others;
  return p;
}

/** f + (1 - K f) p: every action at least f, ratios above the floor kept. @param floor at most 1 / K. */
export function addFloor(p: Float64Array, floor: number): Float64Array {
  return p.map((value) => floor + (1 - p.length * floor) * value);
}

/**
 * What is below the floor is raised to it, and what is above is scaled down alike, until nothing is below: the
 * smallest change in the sense of relative entropy. @param floor at most 1 / K.
 */
export function raiseToFloor(p: Float64Array, floor: number): Float64Array {
  const raised = p.slice();
  const isRaised = new Uint8Array(p.length);
  for (;;) {
    let open = 0;
    let count = 0;
    for (let i = 0; i < p.length; i++) {
      if (isRaised[i] === 1) count++;
      else open += p[i] as number;
    }
    const scale = open > 0 ? (1 - count * floor) / open : 0;
    let changed = false;
    for (let i = 0; i < p.length; i++) {
      raised[i] = isRaised[i] === 1 ? floor : (p[i] as number) * scale;
      if (isRaised[i] === 0 && (raised[i] as number) < floor) {
        isRaised[i] = 1;
        changed = true;
      }
    }
    if (!changed) return raised;
  }
}
