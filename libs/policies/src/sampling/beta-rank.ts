import { BetaLaw } from './beta-best.js';
import { gaussNodes, gaussWeights, halvePanels, NODES, panelEnds } from './panels.js';

const SUM_TOLERANCE = 1e-9;
const MOST_REFINEMENTS = 5;

/**
 * Probability of each of K independent Beta variables to be the k-th largest, k = 1 to `positions`: where Thompson
 * sampling puts an action when it ranks by one draw each. At every node the number of others above is a sum of
 * independent indicators, whose law is built from both sides, so nothing is divided.
 * @param alpha, beta shapes, each in [0.1, 1e12].
 * @returns K * positions doubles, row by action; absolute error below 1e-9.
 */
export function probabilityRanksBeta(
  alpha: Float64Array,
  beta: Float64Array,
  positions: number,
): Float64Array {
  const laws = Array.from(alpha, (a, i) => new BetaLaw(a, beta[i] as number, 1));
  const places = Math.min(positions, laws.length);
  const lowers = laws.map((law) => law.lower).sort((a, b) => b - a);
  const lower = lowers[places - 1] as number;
  const upper = laws.reduce((most, law) => Math.max(most, law.upper), -Infinity);
  const open = laws.filter((law) => law.upper > lower);
  const narrowest = open.reduce((least, law) => Math.min(least, Math.sqrt(1 / law.a + 1 / law.b)), Infinity);
  let ends = panelEnds(
    open.flatMap((law) => [...law.ends]),
    lower,
    upper,
    0.3 * narrowest,
  );
  for (let round = 0; ; round++) {
    const ranks = integrate(open, ends, places);
    if (round === MOST_REFINEMENTS || worstSum(ranks, places) <= SUM_TOLERANCE) {
      return spread(laws, open, ranks, places, positions);
    }
    ends = halvePanels(ends);
  }
}

/** Somebody is k-th: the largest gap to that, over the places. */
function worstSum(ranks: Float64Array, places: number): number {
  let worst = 0;
  for (let k = 0; k < places; k++) {
    let sum = 0;
    for (let i = k; i < ranks.length; i += places) sum += ranks[i] as number;
    worst = Math.max(worst, Math.abs(sum - 1));
  }
  return worst;
}

function spread(
  laws: readonly BetaLaw[],
  open: readonly BetaLaw[],
  ranks: Float64Array,
  places: number,
  positions: number,
): Float64Array {
  const all = new Float64Array(laws.length * positions);
  const rowOf = new Map(open.map((law, i) => [law, i]));
  laws.forEach((law, i) => {
    const row = rowOf.get(law);
    if (row === undefined) return;
    for (let k = 0; k < places; k++) all[i * positions + k] = ranks[row * places + k] as number;
  });
  return all;
}

function integrate(laws: readonly BetaLaw[], ends: Float64Array, places: number): Float64Array {
  const count = laws.length;
  const ranks = new Float64Array(count * places);
  const nodes = new Float64Array(NODES);
  const density = laws.map(() => new Float64Array(NODES));
  const cdf = laws.map(() => new Float64Array(NODES));
  const counts = new AboveCounts(count, places);
  for (let panel = 1; panel < ends.length; panel++) {
    const start = ends[panel - 1] as number;
    const half = ((ends[panel] as number) - start) / 2;
    for (let k = 0; k < NODES; k++) nodes[k] = start + half * (1 + (gaussNodes[k] as number));
    laws.forEach((law, i) =>
      law.fill(nodes, half, panel === 1, density[i] as Float64Array, cdf[i] as Float64Array),
    );
    for (let node = 0; node < NODES; node++) {
      counts.build((i) => (cdf[i] as Float64Array)[node] as number);
      for (let i = 0; i < count; i++) {
        const d = (density[i] as Float64Array)[node] as number;
        if (d !== 0) counts.add(i, half * (gaussWeights[node] as number) * d, ranks);
      }
    }
  }
  return ranks;
}

/** Law of how many variables exceed a point, without one of them, as far as `places - 1`. */
class AboveCounts {
  private readonly before: Float64Array;
  private readonly after: Float64Array;

  constructor(
    private readonly count: number,
    private readonly places: number,
  ) {
    this.before = new Float64Array((count + 1) * places);
    this.after = new Float64Array((count + 1) * places);
  }

  /** `before` row i: the variables 0 to i - 1; `after` row i: those from i on. */
  build(below: (i: number) => number): void {
    const { before, after, count, places } = this;
    before.fill(0, 0, places)[0] = 1;
    after.fill(0, count * places)[count * places] = 1;
    for (let i = 0; i < count; i++) step(before, i * places, (i + 1) * places, places, below(i));
    for (let i = count - 1; i >= 0; i--) step(after, (i + 1) * places, i * places, places, below(i));
  }

  /** ranks[i][k] += weight * P(exactly k of the others are above). */
  add(i: number, weight: number, ranks: Float64Array): void {
    const { before, after, places } = this;
    for (let k = 0; k < places; k++) {
      let sum = 0;
      for (let m = 0; m <= k; m++)
        sum += (before[i * places + m] as number) * (after[(i + 1) * places + k - m] as number);
      ranks[i * places + k] = (ranks[i * places + k] as number) + weight * sum;
    }
  }
}

/** One more variable, below the point with probability `below`. */
function step(table: Float64Array, from: number, to: number, places: number, below: number): void {
  for (let k = 0; k < places; k++) {
    const lower = k > 0 ? (table[from + k - 1] as number) * (1 - below) : 0;
    table[to + k] = (table[from + k] as number) * below + lower;
  }
}
