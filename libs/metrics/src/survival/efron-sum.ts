import { gaussLegendre } from '../sequential/crossing.js';

/** One evaluation of a summand: after which fraction of the failing units has left, and how often it counts. */
export interface EfronTerm {
  readonly fraction: number;
  readonly times: number;
}

/** From so many simultaneous events on the sum is taken as an integral. */
const MANY = 512;
/** Share of the risk set's weight that fails, above which the summand bends too sharply for that. */
const LARGEST_SHARE = 0.5;

const [NODES, WEIGHTS] = gaussLegendre(16);

/**
 * Where to evaluate a smooth summand f so that the weighted values add up to Efron's sum of f(l / events) over l = 0 to
 * events - 1. Few events: every l. Many: the Euler-Maclaurin formula about midpoints, the integral of g(l) = f(l /
 * events) from -1/2 to events - 1/2 less (g'(events - 1/2) - g'(-1/2)) / 24, the integral by Gauss-Legendre with 16
 * nodes and the derivatives as differences; what is left out is of the order of events^-3 in a sum of the order of
 * events: below the rounding error of the plain sum.
 * @param share of the risk set's weight that is failing.
 */
export function efronTerms(events: number, share: number): EfronTerm[] {
  if (events < MANY || share > LARGEST_SHARE)
    return Array.from({ length: events }, (_, l) => ({ fraction: l / events, times: 1 }));
  const integral = NODES.map((node, i) => ({
    fraction: ((events * (1 + node)) / 2 - 0.5) / events,
    times: (events * (WEIGHTS[i] as number)) / 2,
  }));
  const ends = [
    { fraction: 1, times: -1 / 24 },
    { fraction: (events - 1) / events, times: 1 / 24 },
    { fraction: 0, times: 1 / 24 },
    { fraction: -1 / events, times: -1 / 24 },
  ];
  return [...integral, ...ends];
}
