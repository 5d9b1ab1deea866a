import { log1mExp } from '../distributions/gamma.js';
import type { Posterior } from './best.js';
import { probabilityLargest } from './best.js';

/** Gauss-Legendre rule with 10 nodes on [-1, 1]: positive nodes and their weights. */
const NODES = [
  0.14887433898163122, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717,
];
const WEIGHTS = [
  0.29552422471475287, 0.26926671930999635, 0.21908636251598204, 0.1494513491505806, 0.06667134430868814,
];

/** Ends of pieces, in widths of a law from its centre; until its density has fallen by `DEPTH` powers of e. */
const STEPS = [0, 1, 2, 3, 4.2, 5.5, 7, 9, 12, 17, 25, 38, 60, 100];
const DEPTH = 34;
/** Pieces much shorter than the narrowest law add nothing. */
const SHORTEST = 0.5;
/** Mass of a node that no sum notices. */
const NOTHING = 1e-18;
/** Smaller probabilities are integrated on their own, around their own peak. */
const TINY = 1e-9;

export interface Grid {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

function endsOf(law: Posterior): number[] {
  const floor = law.logDensity(law.centre) - DEPTH;
  const side = (sign: 1 | -1): number[] => {
    const last = STEPS.findIndex((step) => law.logDensity(law.centre + sign * step * law.scale) < floor);
    return STEPS.slice(1, last < 0 ? STEPS.length : last + 1).map(
      (step) => law.centre + sign * step * law.scale,
    );
  };
  return [...side(-1), law.centre, ...side(1)];
}

/** Nodes and weights that resolve the densities of all the laws at once. */
export function gridOf(laws: readonly Posterior[]): Grid {
  const shortest = SHORTEST * Math.min(...laws.map(({ scale }) => scale));
  const ends: number[] = [];
  for (const end of laws.flatMap(endsOf).sort((a, b) => a - b))
    if (end - (ends.at(-1) ?? -Infinity) >= shortest) ends.push(end);
  const pieces = Math.max(0, ends.length - 1);
  const nodes = new Float64Array(pieces * 10);
  const weights = new Float64Array(pieces * 10);
  for (let p = 0; p < pieces; p++) {
    const low = ends[p] as number;
    const half = ((ends[p + 1] as number) - low) / 2;
    NODES.forEach((node, i) => {
      const at = p * 10 + 2 * i;
      nodes[at] = low + half - half * node;
      nodes[at + 1] = low + half + half * node;
      weights[at] = weights[at + 1] = half * (WEIGHTS[i] as number);
    });
  }
  return { nodes, weights };
}

/** Laws on one grid: weight times density, and the logarithm of the distribution function, at every node. */
export interface Table extends Grid {
  readonly mass: readonly Float64Array[];
  readonly logCdf: readonly Float64Array[];
}

/** Every density and distribution function once per node: the work grows with the number of laws, not its square. */
export function tabulate(laws: readonly Posterior[]): Table {
  const { nodes, weights } = gridOf(laws);
  return {
    nodes,
    weights,
    mass: laws.map((law) => nodes.map((u, k) => (weights[k] as number) * Math.exp(law.logDensity(u)))),
    logCdf: laws.map((law) => nodes.map((u) => law.logCdf(u))),
  };
}

/** Probability of each law's value to be the largest (or the smallest), all independent. Absolute error about 1e-11. */
export function probabilitiesBest(
  { mass, logCdf }: Table,
  end: 'largest' | 'smallest' = 'largest',
): number[] {
  const sides = end === 'largest' ? logCdf : logCdf.map((own) => own.map(log1mExp));
  return mass.map((own, i) => {
    let sum = 0;
    for (let k = 0; k < own.length; k++) {
      const weight = own[k] as number;
      if (weight === 0) continue;
      let others = 0;
      for (let j = 0; j < sides.length; j++) if (j !== i) others += sides[j]?.[k] as number;
      sum += weight * Math.exp(others);
    }
    return Math.min(1, sum);
  });
}

/** E[max(0, b - a)] in units of x. @param logJacobian log of dx/du. */
export function excess(
  { nodes, weights, logCdf }: Table,
  a: number,
  b: number,
  logJacobian: (u: number) => number,
): number {
  const [low, high] = [logCdf[a] as Float64Array, logCdf[b] as Float64Array];
  return nodes.reduce(
    (sum, u, k) =>
      sum -
      (weights[k] as number) *
        Math.exp(low[k] as number) *
        Math.expm1(high[k] as number) *
        Math.exp(logJacobian(u)),
    0,
  );
}

/** Mean of a function between 0 and 1 of one law's value; absolute error about 1e-11. */
export function expectation(
  { nodes, mass }: Table,
  law: number,
  f: (u: number, node: number) => number,
): number {
  const own = mass[law] as Float64Array;
  return nodes.reduce((sum, u, k) => {
    const weight = own[k] as number;
    return weight > NOTHING ? sum + weight * f(u, k) : sum;
  }, 0);
}

/**
 * Probability of each law's value to be the largest, right in relative terms also far in the tail: one below 1e-9 is
 * integrated on its own, around its own peak.
 */
export function probabilitiesLargest(laws: readonly Posterior[]): number[] {
  return probabilitiesBest(tabulate(laws)).map((found, i) =>
    found >= TINY
      ? found
      : probabilityLargest(
          laws[i] as Posterior,
          laws.filter((_, j) => j !== i),
        ),
  );
}
