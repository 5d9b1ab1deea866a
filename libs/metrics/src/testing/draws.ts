import type { Rng } from '#experiments';
import { EMPTY_MOMENTS, fromValues, merge } from '../moments.js';
import type { Moments } from '../contract.js';

/** Seeded draws for calibration: values of units, and sufficient statistics of whole batches where that is exact. */

export type Draw = (rng: Rng) => number;

export const normalDraw: Draw = (rng) => 10 + 4 * rng.normal();
const { exp, log } = Math;

/** Log-normal with probability `share`, else 0: watch time, revenue. */
export const sparseLogNormalDraw =
  (share: number, sigma: number): Draw =>
  (rng) =>
    rng.uniform() < share ? exp(sigma * rng.normal()) : 0;
export const gamma2Draw: Draw = (rng) => -log((1 - rng.uniform()) * (1 - rng.uniform()));

/** Moments of n units drawn one by one. */
export function drawMoments(rng: Rng, n: number, draw: Draw, scale = 1): Moments {
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = scale * draw(rng);
  return fromValues(values);
}

/** Moments of a batch of n units as one draw. */
export type BatchDraw = (rng: Rng) => Moments;

/** n normal units: exact mean, sum of squares by the cube-root (Wilson-Hilferty) approximation of chi-square. */
export function normalBatch(n: number, mean: number, sd: number): BatchDraw {
  const k = n - 1;
  return (rng) => {
    const cube = 1 - 2 / (9 * k) + rng.normal() * Math.sqrt(2 / (9 * k));
    const squares = sd * sd * k * Math.max(0, cube) ** 3;
    return {
      n,
      mean: [mean + (sd * rng.normal()) / Math.sqrt(n), 1, 0],
      comoment: [squares, 0, 0, 0, 0, 0],
      nonZero: n,
    };
  };
}

/** n units that convert with probability p: an exact binomial draw by inversion of its table. */
export function bernoulliBatch(n: number, p: number): BatchDraw {
  const cumulative: number[] = [];
  let mass = (1 - p) ** n;
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    sum += mass;
    cumulative.push(sum);
    mass *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return (rng) => {
    const u = rng.uniform();
    const found = cumulative.findIndex((c) => u < c);
    const hits = found < 0 ? n : found;
    const share = hits / n;
    return { n, mean: [share, 1, 0], comoment: [hits * (1 - share), 0, 0, 0, 0, 0], nonZero: hits };
  };
}

/** A batch of units drawn one by one. */
export const unitBatch =
  (n: number, draw: Draw): BatchDraw =>
  (rng) =>
    drawMoments(rng, n, draw);

/** Two arms that grow by a batch each between looks; `look` returns true to stop. */
export function growArms(
  rng: Rng,
  looks: number,
  control: BatchDraw,
  treatment: BatchDraw,
  look: (a: Moments, b: Moments) => boolean,
): void {
  let a = EMPTY_MOMENTS;
  let b = EMPTY_MOMENTS;
  for (let i = 0; i < looks; i++) {
    a = merge(a, control(rng));
    b = merge(b, treatment(rng));
    if (look(a, b)) return;
  }
}

/** Share of `runs` experiments in which `happens`; each has its own stream. */
export function frequency(seed: Rng, runs: number, happens: (rng: Rng) => boolean): number {
  let count = 0;
  for (let i = 0; i < runs; i++) if (happens(seed.fork(String(i)))) count++;
  return count / runs;
}

/**
 * Band that holds 99.9 % of the frequencies of a true 5 % error in 1,000 runs (exact binomial). `npm run calibrate` makes
 * 20,000 runs.
 */
export const RUNS = 1000;
export const BAND_5_PERCENT = { lower: 0.029, upper: 0.074 } as const;
/** For methods that may be conservative: one-sided 99.9 % limit at 10,000 runs, stricter than needed here. */
export const CONSERVATIVE_LIMIT = 0.0569;
