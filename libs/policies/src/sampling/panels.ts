/** Gauss-Legendre quadrature on panels, 8 nodes each: exact for polynomials of degree 15. */
export const NODES = 8;

/** Legendre polynomials P_0..P_n at x. */
function legendre(n: number, x: number): Float64Array {
  const p = new Float64Array(n + 1);
  p[0] = 1;
  if (n > 0) p[1] = x;
  for (let k = 1; k < n; k++) {
    p[k + 1] = ((2 * k + 1) * x * (p[k] as number) - k * (p[k - 1] as number)) / (k + 1);
  }
  return p;
}

function buildRule(): { nodes: Float64Array; weights: Float64Array; partial: Float64Array } {
  const nodes = new Float64Array(NODES);
  const weights = new Float64Array(NODES);
  for (let i = 0; i < NODES; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (NODES + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      const p = legendre(NODES, x);
      slope = (NODES * (x * (p[NODES] as number) - (p[NODES - 1] as number))) / (x * x - 1);
      const move = (p[NODES] as number) / slope;
      x -= move;
      if (Math.abs(move) < 1e-16) break;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights, partial: partialIntegrals(nodes, weights) };
}

/** partial[k * NODES + m] = integral from -1 to node k of the m-th Lagrange polynomial. */
function partialIntegrals(nodes: Float64Array, weights: Float64Array): Float64Array {
  const partial = new Float64Array(NODES * NODES);
  for (let k = 0; k < NODES; k++) {
    const x = nodes[k] as number;
    const at = legendre(NODES, x);
    for (let m = 0; m < NODES; m++) {
      const pm = legendre(NODES, nodes[m] as number);
      let sum = (x + 1) / 2;
      for (let j = 1; j < NODES; j++) {
        sum += ((pm[j] as number) * ((at[j + 1] as number) - (at[j - 1] as number))) / 2;
      }
      partial[k * NODES + m] = (weights[m] as number) * sum;
    }
  }
  return partial;
}

const rule = buildRule();
/** Nodes on [-1, 1]. */
export const gaussNodes = rule.nodes;
export const gaussWeights = rule.weights;
/** Integration from the left end of a panel to each of its nodes, row by node. */
export const gaussPartial = rule.partial;

/**
 * Sorted panel ends from `lower` to `upper` through the given points; a point closer than `minGap` to the one
 * before it is left out.
 */
export function panelEnds(
  points: readonly number[],
  lower: number,
  upper: number,
  minGap: number,
): Float64Array {
  const inside = Float64Array.from(points.filter((x) => x > lower && x < upper)).sort();
  const ends: number[] = [lower];
  for (const x of inside) {
    if (x - (ends[ends.length - 1] as number) > minGap) ends.push(x);
  }
  if (ends.length > 1 && upper - (ends[ends.length - 1] as number) <= minGap) ends.pop();
  ends.push(upper);
  return Float64Array.from(ends);
}

/** Every panel cut in two. */
export function halvePanels(ends: Float64Array): Float64Array {
  const finer = new Float64Array(2 * ends.length - 1);
  for (let i = 0; i < ends.length; i++) {
    finer[2 * i] = ends[i] as number;
    if (i > 0) finer[2 * i - 1] = ((ends[i - 1] as number) + (ends[i] as number)) / 2;
  }
  return finer;
}
