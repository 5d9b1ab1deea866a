import { gaussNodes, gaussWeights, halvePanels, NODES } from './panels.js';

/** Independent variables of one and the same law. */
export interface Law {
  /** How many variables share it. */
  readonly multiplicity: number;
  /**
   * Density and distribution function at the nodes of one panel. Panels come from left to right; `first` marks the
   * leftmost, where running integrals start over.
   */
  fill(
    nodes: Float64Array,
    halfWidth: number,
    first: boolean,
    density: Float64Array,
    cdf: Float64Array,
  ): void;
}

const SUM_TOLERANCE = 1e-9;
const MOST_REFINEMENTS = 5;

/**
 * Probability of each law's variable (one of its `multiplicity`) to be the largest of all:
 * integral of f_i F_i^(n_i - 1) prod_{j != i} F_j^(n_j), by Gauss-Legendre panels. The probabilities of all variables
 * must sum to 1, which tells whether the panels were fine enough; if not, they are halved.
 * @param ends panel ends covering all but a negligible share of the maximum's law.
 * @returns one probability per law; multiplied by the multiplicities they sum to 1 exactly.
 */
export function probabilityLargest(laws: readonly Law[], ends: Float64Array): Float64Array {
  let panels = ends;
  for (let round = 0; ; round++) {
    const p = integrate(laws, panels);
    let sum = 0;
    for (let i = 0; i < p.length; i++) sum += (p[i] as number) * (laws[i] as Law).multiplicity;
    if (Math.abs(sum - 1) <= SUM_TOLERANCE || round === MOST_REFINEMENTS) {
      for (let i = 0; i < p.length; i++) p[i] = (p[i] as number) / sum;
      return p;
    }
    panels = halvePanels(panels);
  }
}

/**
 * Probability of each law's variable to be the largest of `laws`, jointly with all variables `above` being larger still:
 * integral of f_i F_i^(n_i - 1) prod_{j != i} F_j^(n_j) prod_{above} (1 - F_a). Panels are halved until the sum stays.
 * @returns one probability per law; multiplied by the multiplicities they sum to P(all of above > all of laws).
 */
export function probabilityLargestBelow(
  laws: readonly Law[],
  above: readonly Law[],
  ends: Float64Array,
): Float64Array {
  const sumOf = (p: Float64Array): number =>
    p.reduce((sum, one, i) => sum + one * (laws[i] as Law).multiplicity, 0);
  let panels = ends;
  let coarse = integrate(laws, panels, above);
  for (let round = 0; round < MOST_REFINEMENTS; round++) {
    panels = halvePanels(panels);
    const fine = integrate(laws, panels, above);
    if (Math.abs(sumOf(fine) - sumOf(coarse)) <= SUM_TOLERANCE * sumOf(fine)) return fine;
    coarse = fine;
  }
  return coarse;
}

/** Weights of the nodes of a panel: probability that every law above exceeds the node. */
function survival(
  above: readonly Law[],
  nodes: Float64Array,
  half: number,
  first: boolean,
  into: Float64Array,
): void {
  const density = new Float64Array(NODES);
  const cdf = new Float64Array(NODES);
  into.fill(1);
  for (const law of above) {
    law.fill(nodes, half, first, density, cdf);
    for (let k = 0; k < NODES; k++)
      into[k] = (into[k] as number) * (1 - (cdf[k] as number)) ** law.multiplicity;
  }
}

function integrate(laws: readonly Law[], ends: Float64Array, above: readonly Law[] = []): Float64Array {
  const count = laws.length;
  const p = new Float64Array(count);
  const nodes = new Float64Array(NODES);
  const density = laws.map(() => new Float64Array(NODES));
  const cdf = laws.map(() => new Float64Array(NODES));
  const before = new Float64Array(count);
  const exceeded = new Float64Array(NODES).fill(1);
  for (let panel = 1; panel < ends.length; panel++) {
    const start = ends[panel - 1] as number;
    const half = ((ends[panel] as number) - start) / 2;
    for (let k = 0; k < NODES; k++) nodes[k] = start + half * (1 + (gaussNodes[k] as number));
    for (let i = 0; i < count; i++) {
      (laws[i] as Law).fill(nodes, half, panel === 1, density[i] as Float64Array, cdf[i] as Float64Array);
    }
    if (above.length > 0) survival(above, nodes, half, panel === 1, exceeded);
    for (let k = 0; k < NODES; k++) {
      const weight = half * (gaussWeights[k] as number) * (exceeded[k] as number);
      addNode(laws, density, cdf, k, weight, before, p);
    }
  }
  return p;
}

/** Products over all other laws by a forward and a backward sweep: no division, so an F of 0 is harmless. */
function addNode(
  laws: readonly Law[],
  density: readonly Float64Array[],
  cdf: readonly Float64Array[],
  node: number,
  weight: number,
  before: Float64Array,
  p: Float64Array,
): void {
  let product = 1;
  for (let i = 0; i < laws.length; i++) {
    before[i] = product;
    const n = (laws[i] as Law).multiplicity;
    const f = (cdf[i] as Float64Array)[node] as number;
    product *= n === 1 ? f : f ** n;
  }
  let after = weight;
  for (let i = laws.length - 1; i >= 0; i--) {
    const n = (laws[i] as Law).multiplicity;
    const f = (cdf[i] as Float64Array)[node] as number;
    const d = (density[i] as Float64Array)[node] as number;
    const others = n === 1 ? 1 : f ** (n - 1);
    if (d !== 0) p[i] = (p[i] as number) + d * others * (before[i] as number) * after;
    after *= others * f;
  }
}

/** Groups equal pairs: `classOf[i]` is the class of pair i, `first[c]` a member of class c, `size[c]` its size. */
export function groupPairs(
  a: Float64Array,
  b: Float64Array,
): { classOf: Uint32Array; first: number[]; size: number[] } {
  const order = Uint32Array.from(a, (_, index) => index).sort(
    (i, j) => (a[i] as number) - (a[j] as number) || (b[i] as number) - (b[j] as number),
  );
  const classOf = new Uint32Array(a.length);
  const first: number[] = [];
  const size: number[] = [];
  for (const i of order) {
    const last = first[first.length - 1];
    if (last === undefined || a[last] !== a[i] || b[last] !== b[i]) {
      first.push(i);
      size.push(0);
    }
    classOf[i] = first.length - 1;
    size[first.length - 1] = (size[first.length - 1] as number) + 1;
  }
  return { classOf, first, size };
}
